/** Descriptors: what a molecule is made of, how large it is, and how it is bonded, in few numbers. */
import { electronegativity } from './electronegativity.ts';
import { frontierLevels } from './frontier-levels.ts';
import type { GraphAtom, GraphBond, MolecularGraph } from './molecular-graph.ts';

/** Elements that have a fraction of their own; all others share one. */
const named = { H: 1, C: 6, N: 7, O: 8, F: 9, P: 15, S: 16, Cl: 17, Br: 35 } as const;
const halogens: ReadonlySet<number> = new Set([9, 17, 35, 53, 85]);

/** A graph with what descriptors ask of it worked out once. */
class Counted {
  readonly atoms: readonly GraphAtom[];
  readonly rings: readonly number[];
  readonly heavy: number;
  readonly hydrogens: number;
  /** Bonds between atoms of the graph, each once. */
  readonly bonds: readonly (readonly [a: GraphAtom, b: GraphAtom, bond: GraphBond])[];

  constructor({ atoms, rings }: MolecularGraph) {
    this.atoms = atoms;
    this.rings = rings;
    this.heavy = this.count(({ element }) => element !== 1);
    this.hydrogens = atoms.reduce((sum, { hydrogens }) => sum + hydrogens, 0) + atoms.length - this.heavy;
    this.bonds = atoms.flatMap((atom, place) =>
      atom.bonds.filter(({ to }) => to > place).map((bond) => [atom, this.at(bond), bond] as const),
    );
  }

  at = ({ to }: GraphBond): GraphAtom => this.atoms[to] as GraphAtom;
  count = (is: (atom: GraphAtom) => boolean): number => this.atoms.reduce((sum, atom) => sum + (is(atom) ? 1 : 0), 0);
  of = (element: number): number => (element === 1 ? this.hydrogens : this.count((atom) => atom.element === element));
  countBonds = (is: (a: GraphAtom, b: GraphAtom, bond: GraphBond) => boolean): number =>
    this.bonds.reduce((sum, [a, b, bond]) => sum + (is(a, b, bond) ? 1 : 0), 0);
  /** Bonds of an order outside aromatic rings between two elements, in either order. */
  between = (one: number, other: number, order: number): number =>
    this.countBonds(
      (a, b, bond) =>
        bond.order === order &&
        !bond.isAromatic &&
        ((a.element === one && b.element === other) || (a.element === other && b.element === one)),
    );
  /** Whether an atom has a bond of order two or three, or is aromatic. */
  isPi = (atom: GraphAtom): boolean => atom.isAromatic || atom.bonds.some(({ order }) => order > 1);
  isBesidePi = (atom: GraphAtom): boolean => atom.bonds.some((bond) => this.isPi(this.at(bond)));
  isCarbonyl = (atom: GraphAtom): boolean =>
    atom.element === 6 && atom.bonds.some((bond) => bond.order === 2 && this.at(bond).element === 8);
}

const isHetero = ({ element }: GraphAtom): boolean => element !== 6 && element !== 1;
const degree = ({ bonds }: GraphAtom): number => bonds.length;

type Descriptor = (molecule: Counted) => number;

/** Sum over all atoms, hydrogens included, of a property of their element. */
function overAtoms(molecule: Counted, property: (element: number) => number): number {
  const implicit = molecule.atoms.reduce((sum, { hydrogens }) => sum + hydrogens, 0);
  return molecule.atoms.reduce((sum, { element }) => sum + property(element), implicit * property(1));
}

const size = (molecule: Counted): number => molecule.heavy + molecule.hydrogens;
const meanElectronegativity: Descriptor = (m) => overAtoms(m, electronegativity) / size(m);

/** Each descriptor by its name, in the order of the columns. All are finite for every molecule with an atom. */
const descriptors: Readonly<Record<string, Descriptor>> = {
  'heavy atoms': (m) => m.heavy,
  hydrogens: (m) => m.hydrogens,
  ...Object.fromEntries(
    Object.entries(named).map(([symbol, element]) => [`fraction ${symbol}`, (m: Counted) => m.of(element) / size(m)]),
  ),
  'fraction of other elements': (m) =>
    m.count(({ element }) => !Object.values<number>(named).includes(element)) / size(m),
  nitrogens: (m) => m.of(7),
  oxygens: (m) => m.of(8),
  halogens: (m) => m.count(({ element }) => halogens.has(element)),
  'heteroatoms of later periods': (m) => m.count(({ element }) => element > 10 && !halogens.has(element)),
  'mean electronegativity': meanElectronegativity,
  'spread of electronegativity': (m) => {
    const mean = meanElectronegativity(m);
    return Math.sqrt(overAtoms(m, (element) => (electronegativity(element) - mean) ** 2) / size(m));
  },
  rings: (m) => m.rings.length,
  'atoms in rings': (m) => m.count(({ ring }) => ring > 0) / m.atoms.length,
  'atoms in small rings': (m) => m.count(({ ring }) => ring === 3 || ring === 4),
  'aromatic atoms': (m) => m.count(({ isAromatic }) => isAromatic),
  'aromatic heteroatoms': (m) => m.count((atom) => atom.isAromatic && isHetero(atom)),
  'double bonds': (m) => m.countBonds((_, __, bond) => bond.order === 2 && !bond.isAromatic),
  'triple bonds': (m) => m.countBonds((_, __, bond) => bond.order === 3),
  'double bonds C=C': (m) => m.between(6, 6, 2),
  'double bonds C=O': (m) => m.between(6, 8, 2),
  'triple bonds C#N': (m) => m.between(6, 7, 3),
  'conjugated single bonds': (m) =>
    m.countBonds((a, b, bond) => bond.order === 1 && !bond.isAromatic && m.isPi(a) && m.isPi(b)),
  'saturated carbons': (m) => m.count((atom) => atom.element === 6 && !m.isPi(atom)),
  methyls: (m) => m.count((atom) => atom.element === 6 && atom.hydrogens === 3),
  'ends of chains': (m) => m.count((atom) => degree(atom) === 1),
  'branched atoms': (m) => m.count((atom) => degree(atom) > 2),
  'hydroxyls and thiols': (m) =>
    m.count(({ element, hydrogens }) => (element === 8 || element === 16) && hydrogens > 0),
  'nitrogens with hydrogen': (m) => m.count(({ element, hydrogens }) => element === 7 && hydrogens > 0),
  'saturated nitrogens': (m) => m.count((atom) => atom.element === 7 && !m.isPi(atom) && !m.isBesidePi(atom)),
  'saturated oxygens and sulfurs': (m) =>
    m.count((atom) => (atom.element === 8 || atom.element === 16) && !m.isPi(atom) && !m.isBesidePi(atom)),
  'heteroatoms that give to a pi system': (m) =>
    m.count((atom) => isHetero(atom) && !halogens.has(atom.element) && !m.isPi(atom) && m.isBesidePi(atom)),
  'carbonyls beside heteroatoms': (m) =>
    m.count((atom) => m.isCarbonyl(atom) && atom.bonds.some((bond) => bond.order === 1 && isHetero(m.at(bond)))),
  'carbons with two or more halogens': (m) =>
    m.count((atom) => atom.element === 6 && atom.bonds.filter((bond) => halogens.has(m.at(bond).element)).length > 1),
  'halogens on a pi system': (m) => m.count((atom) => halogens.has(atom.element) && m.isBesidePi(atom)),
  'bonds between heteroatoms': (m) => m.countBonds((a, b) => isHetero(a) && isHetero(b)),
};

const levelNames = ['highest filled level', 'next filled level', 'lowest empty level', 'gap of levels'] as const;

/** The names of the descriptors, in the order of the columns [width]. */
export const descriptorNames: readonly string[] = [...Object.keys(descriptors), ...levelNames];
const counted = Object.values(descriptors);

/**
 * How many times as far apart two molecules count as for one standard deviation of a descriptor [width]: 2 for the levels, which are
 * few beside the counts and say more of what orbitals decide. By rehearsals (docs/steering.md); 1.7 to 2.5 do as well.
 */
export const descriptorWeights: readonly number[] = [...counted.map(() => 1), ...levelNames.map(() => 2)];

/** The descriptors of a molecule [width]: counts, fractions, and levels in eV; all finite. About 50 µs for nine heavy atoms. */
export function descriptorsOf(graph: MolecularGraph): number[] {
  const molecule = new Counted(graph);
  const { highestFilled, nextFilled, lowestEmpty } = frontierLevels(graph);
  const levels = [highestFilled, nextFilled, lowestEmpty, lowestEmpty - highestFilled];
  return [...counted.map((descriptor) => descriptor(molecule)), ...levels];
}
