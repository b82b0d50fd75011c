/**
 * Pauling electronegativities by atomic number from 1; 0 where none is known, as for the light noble gases.
 * Source: Pauling's scale as revised by Allred, J. Inorg. Nucl. Chem. 1961, 17, 215; krypton and xenon: CRC Handbook.
 */
const pauling: readonly number[] = [
  2.2, 0, 0.98, 1.57, 2.04, 2.55, 3.04, 3.44, 3.98, 0, 0.93, 1.31, 1.61, 1.9, 2.19, 2.58, 3.16, 0, 0.82, 1.0, 1.36,
  1.54, 1.63, 1.66, 1.55, 1.83, 1.88, 1.91, 1.9, 1.65, 1.81, 2.01, 2.18, 2.55, 2.96, 3.0, 0.82, 0.95, 1.22, 1.33, 1.6,
  2.16, 1.9, 2.2, 2.28, 2.2, 1.93, 1.69, 1.78, 1.96, 2.05, 2.1, 2.66, 2.6,
];

/** Of an element that is not in the list: that of a metal in the middle. */
const unknown = 1.6;

/** Pauling electronegativity of an element by its atomic number; 1.6 for what is heavier than xenon or unknown. */
export const electronegativity = (element: number): number => pauling[element - 1] || unknown;
