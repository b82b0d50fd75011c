/**
 * The highest filled and the lowest empty levels of a molecule, roughly, from its graph alone: Hückel's method with one orbital for
 * each pi atom, lone pair and saturated carbon.
 */
import { symmetricEigenvalues } from './eigenvalues.ts';
import { electronegativity } from './electronegativity.ts';
import type { GraphAtom, MolecularGraph } from './molecular-graph.ts';

/** Levels on a common scale, eV: minus an ionization energy, where the benzene ring's is -9.2. */
export interface FrontierLevels {
  readonly highestFilled: number;
  readonly nextFilled: number;
  readonly lowestEmpty: number;
}

/**
 * Levels of single orbitals, eV: p orbitals that take part in a pi bond, and lone pairs. Lone pairs are the first vertical
 * ionization energies of the hydrides, and those beside a double bond of methanimine, formaldehyde and thioformaldehyde; p orbitals
 * are the atoms' own, moved so that ethene and benzene lie where the lone pairs' scale has benzene.
 * Source: the tables of textbooks (hydrides: CRC Handbook; atoms: Hinze and Jaffé, J. Am. Chem. Soc. 1962, 84, 540), rounded.
 */
const piLevel: Readonly<Record<number, number>> = {
  5: -3.6, 6: -6.7, 7: -9.3, 8: -11.2, 9: -14, 14: -3.4, 15: -6.1, 16: -7.0, 17: -9.0, 34: -6.2, 35: -7.8, 53: -6.4,
}; // prettier-ignore
const pairLevel: Readonly<Record<number, number>> = {
  7: -10.8, 8: -12.6, 9: -16, 15: -10.6, 16: -10.5, 17: -12.8, 33: -10.5, 34: -9.9, 35: -11.7, 52: -9.1, 53: -10.4,
}; // prettier-ignore
const inPlaneLevel: Readonly<Record<number, number>> = { 7: -9.8, 8: -10.9, 16: -9.3 };
/** The lone pair of a nitrile lies deeper. */
const endOfTriple = -12.8;
/** A saturated atom without a lone pair, as the carbon of methane; lower elements of its group lie higher. */
const saturatedLevel = -13.4;
const heavierSaturatedLevel = -12;

/** Couplings, eV: of two p orbitals, of saturated groups with anything, and of a lone pair in the plane. */
const piCoupling = 2.5;
const saturatedCoupling = 1.45;
const inPlaneCoupling = 0.8;
/** Between atoms of which one is of a later period, orbitals overlap less. */
const laterPeriod = 0.75;
/** How far a level sinks for each unit of electronegativity by which a neighbour exceeds carbon; of the next one, a third. */
const induction = 0.9;

/** Where an empty level lies without any pi bond: sigma bonds, and weaker ones of later elements, eV. */
const emptySigma = 3;
const emptyOfLater = 0.5;

interface Site {
  readonly atom: number;
  readonly kind: 'pi' | 'pair' | 'in-plane' | 'saturated';
  readonly level: number;
  readonly electrons: number;
}

/** The levels of a molecule, finite for any; about 20 µs for nine heavy atoms. */
export function frontierLevels(graph: MolecularGraph): FrontierLevels {
  const sites = graph.atoms.flatMap((atom, place) => sitesOf(graph, atom, place));
  if (sites.length === 0) return { highestFilled: saturatedLevel, nextFilled: saturatedLevel, lowestEmpty: emptySigma };
  const n = sites.length;
  const matrix = new Float64Array(n * n);
  for (const [row, site] of sites.entries()) {
    matrix[row * n + row] = site.level;
    for (let column = 0; column < row; column += 1) {
      const coupling = couplingOf(graph, site, sites[column] as Site);
      matrix[row * n + column] = coupling;
      matrix[column * n + row] = coupling;
    }
  }
  const levels = symmetricEigenvalues(matrix, n);
  const filled = Math.min(n, Math.max(1, Math.ceil(sites.reduce((sum, { electrons }) => sum + electrons, 0) / 2)));
  const hasLater = graph.atoms.some(({ element }) => element > 10);
  return {
    highestFilled: levels[filled - 1] as number,
    nextFilled: levels[Math.max(0, filled - 2)] as number,
    lowestEmpty: Math.min(levels[filled] ?? emptySigma, hasLater ? emptyOfLater : emptySigma),
  };
}

function sitesOf(graph: MolecularGraph, atom: GraphAtom, place: number): Site[] {
  const { element, bonds } = atom;
  if (element <= 1) return [];
  const pull = pullOn(graph, place);
  const orders = bonds.map(({ order }) => order);
  const pairs = pairLevel[element];
  if (orders.some((order) => order > 1)) {
    const sites: Site[] = [{ atom: place, kind: 'pi', level: (piLevel[element] ?? -7) - pull, electrons: 1 }];
    const isTriple = orders.includes(3);
    const hasPair = element === 7 ? bonds.length + atom.hydrogens < 3 && atom.charge === 0 : bonds.length === 1;
    const level = isTriple && element === 7 ? endOfTriple : inPlaneLevel[element];
    if (hasPair && level !== undefined)
      sites.push({ atom: place, kind: 'in-plane', level: level - pull, electrons: 2 });
    return sites;
  }
  if (pairs !== undefined && atom.charge <= 0)
    return [{ atom: place, kind: 'pair', level: pairs - pull, electrons: 2 }];
  const level = element > 10 ? heavierSaturatedLevel : saturatedLevel;
  return [{ atom: place, kind: 'saturated', level: level - pull, electrons: 2 }];
}

/** How far the neighbours of an atom, and theirs, pull its levels down, eV. */
function pullOn({ atoms }: MolecularGraph, place: number): number {
  const excess = (atom: number): number => electronegativity((atoms[atom] as GraphAtom).element) - 2.55;
  let pull = 0;
  for (const { to } of (atoms[place] as GraphAtom).bonds) {
    pull += excess(to);
    for (const { to: next } of (atoms[to] as GraphAtom).bonds) if (next !== place) pull += excess(next) / 3;
  }
  return induction * pull;
}

/** Minus the coupling of two sites, eV; 0 where their atoms are too far apart. */
function couplingOf({ atoms }: MolecularGraph, one: Site, other: Site): number {
  const [a, b] = [atoms[one.atom] as GraphAtom, atoms[other.atom] as GraphAtom];
  const bonded = a.bonds.some(({ to }) => to === other.atom);
  const overlap = a.element > 10 || b.element > 10 ? laterPeriod : 1;
  if (one.kind === 'in-plane' || other.kind === 'in-plane') {
    const isOver = one.kind !== other.kind && (one.kind === 'saturated' || other.kind === 'saturated');
    const beside =
      bonded || a.bonds.some(({ to }) => (atoms[to] as GraphAtom).bonds.some((bond) => bond.to === other.atom));
    return isOver && beside && one.atom !== other.atom ? -inPlaneCoupling * overlap : 0;
  }
  if (!bonded) return 0;
  const isSaturated = one.kind === 'saturated' || other.kind === 'saturated';
  return -(isSaturated ? saturatedCoupling : piCoupling) * overlap;
}
