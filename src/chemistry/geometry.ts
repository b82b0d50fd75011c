/** Geometries of molecules: elements, places, and the bonds that the distances between atoms speak of. */
import { MethodError } from '../protocol/errors.ts';

/** Atoms and where they are. */
export interface Geometry {
  /** Element symbols [nAtoms]. */
  readonly elements: readonly string[];
  /** Cartesian coordinates [nAtoms x 3], angstrom. */
  readonly coordinates: readonly (readonly [number, number, number])[];
}

/** Two atoms that are bonded, by index. */
export type BondedPair = readonly [number, number];

/**
 * Single-bond covalent radii, angstrom, of the elements that MMFF94 knows.
 * Source: Pyykkö and Atsumi, Chem. Eur. J. 2009, 15, 186, https://doi.org/10.1002/chem.200800987.
 */
const covalentRadius: Readonly<Record<string, number>> = {
  H: 0.32,
  C: 0.75,
  N: 0.71,
  O: 0.63,
  F: 0.64,
  Si: 1.16,
  P: 1.11,
  S: 1.03,
  Cl: 0.99,
  Br: 1.14,
  I: 1.33,
};

/**
 * Cuts on the distance of two atoms over the sum of their covalent radii. Ours: real bonds lie at 0.9 to 1.1, and the nearest
 * pairs without a bond, across a four-membered ring, at 1.35.
 */
const cuts = { clashing: 0.6, formed: 1.2, broken: 1.35 } as const;

/** XYZ text of a geometry: the number of atoms, a comment, one line an atom in angstrom. */
export function toXyz({ elements, coordinates }: Geometry, comment: string): string {
  const rows = coordinates.map((place, index) => {
    const numbers = place.map((value) => value.toFixed(8).padStart(14)).join(' ');
    return `${(elements[index] ?? 'X').padEnd(2)} ${numbers}`;
  });
  return `${elements.length}\n${comment.replaceAll(/\s+/g, ' ')}\n${rows.join('\n')}\n`;
}

/**
 * The geometry that XYZ text describes.
 * @throws MethodError (code `xyz.invalid`) with the number of the line that does not fit.
 */
export function parseXyz(text: string): Geometry {
  const lines = text.split(/\r?\n/);
  const count = /^\s*(\d{1,6})\s*$/.exec(lines[0] ?? '')?.[1];
  if (count === undefined) throw invalidXyz(1, 'expected the number of atoms');
  const elements: string[] = [];
  const coordinates: [number, number, number][] = [];
  for (let index = 0; index < Number(count); index += 1) {
    const [element, ...numbers] = (lines[index + 2] ?? '').trim().split(/\s+/);
    const [x = NaN, y = NaN, z = NaN] = numbers.slice(0, 3).map(decimal);
    if (element === undefined || !/^[A-Z][a-z]?$/.test(element) || !Number.isFinite(x + y + z)) {
      throw invalidXyz(index + 3, 'expected an element and three coordinates');
    }
    elements.push(element);
    coordinates.push([x, y, z]);
  }
  return { elements, coordinates };
}

const invalidXyz = (line: number, expected: string): MethodError =>
  new MethodError(`line ${line} of the XYZ geometry: ${expected}`, { code: 'xyz.invalid', details: { line } });

/** A decimal number as Fortran and C print it, or NaN: `Number` alone would read '' and '0x1f' too. */
const decimal = (text: string): number => (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN);

/** How a geometry contradicts the bonds of a formula; all empty when it does not. */
export interface Contradictions {
  /** Bonds of the formula whose atoms are too far apart. */
  readonly broken: BondedPair[];
  /** Atoms within a bond's length of each other that the formula does not bond. */
  readonly formed: BondedPair[];
  /** Atoms that lie nearly on one another. */
  readonly clashing: BondedPair[];
}

/**
 * Where a geometry contradicts a formula, by distances alone: that is cheap, and finds molecules that fell apart, hydrogens
 * that moved on, and rings that closed or opened.
 */
export function contradictions(geometry: Geometry, bonds: readonly BondedPair[]): Contradictions {
  const found: Contradictions = { broken: [], formed: [], clashing: [] };
  const bonded = new Set(bonds.map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`));
  for (let b = 1; b < geometry.elements.length; b += 1) {
    for (let a = 0; a < b; a += 1) {
      const ratio = distance(geometry, a, b) / (radiusOf(geometry, a) + radiusOf(geometry, b));
      const isBonded = bonded.has(`${a}-${b}`);
      if (ratio < cuts.clashing) found.clashing.push([a, b]);
      else if (isBonded && ratio > cuts.broken) found.broken.push([a, b]);
      else if (!isBonded && ratio < cuts.formed) found.formed.push([a, b]);
    }
  }
  return found;
}

/** The contradictions in words, such as `the bond C1-O3 broke`; empty when there are none. Atoms are counted from 1. */
export function describeContradictions(geometry: Geometry, found: Contradictions): string {
  const pair = ([a, b]: BondedPair): string =>
    `${geometry.elements[a] ?? '?'}${a + 1}-${geometry.elements[b] ?? '?'}${b + 1}`;
  return [
    ...found.broken.map((bond) => `the bond ${pair(bond)} broke`),
    ...found.formed.map((bond) => `a bond ${pair(bond)} formed`),
    ...found.clashing.map((bond) => `the atoms ${pair(bond)} clash`),
  ].join(', ');
}

/** 1 Å for an element that is not listed: no molecule that MMFF94 can type has one. */
const radiusOf = (geometry: Geometry, atom: number): number => covalentRadius[geometry.elements[atom] ?? ''] ?? 1;

function distance({ coordinates }: Geometry, a: number, b: number): number {
  const [ax, ay, az] = coordinates[a] ?? [0, 0, 0];
  const [bx, by, bz] = coordinates[b] ?? [0, 0, 0];
  return Math.hypot(ax - bx, ay - by, az - bz);
}
