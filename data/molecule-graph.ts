/** Molecules as graphs without hydrogens, in one Kekulé form, as the generator builds them. */
import type { Rdkit } from '../src/chemistry/rdkit.ts';

/** The elements of the search spaces and their atomic numbers. */
const numbers = { C: 6, N: 7, O: 8, F: 9, P: 15, S: 16, Cl: 17, Br: 35 } as const;
export type Element = keyof typeof numbers;

/** Bonds that an atom makes, hydrogens included: the least of these that is enough for its bonds to heavy atoms. */
const valences: Readonly<Record<Element, readonly number[]>> = {
  C: [4],
  N: [3],
  O: [2],
  F: [1],
  P: [3, 5],
  S: [2, 4, 6],
  Cl: [1],
  Br: [1],
};

/** Bonds that a single atom makes when nothing asks for more. */
export const mostBonds: Readonly<Record<Element, number>> = { C: 4, N: 3, O: 2, F: 1, P: 3, S: 2, Cl: 1, Br: 1 };

/** A bond: two atoms and its order, 1 to 3. */
export interface Bond {
  a: number;
  b: number;
  order: number;
}

/** Heavy atoms and their bonds. */
export interface Graph {
  readonly elements: Element[];
  readonly bonds: Bond[];
}

/** Hydrogens that an atom still has; below 0 when it has more bonds than its valence. */
export function hydrogens(graph: Graph, atom: number): number {
  const used = graph.bonds.reduce((sum, { a, b, order }) => sum + (a === atom || b === atom ? order : 0), 0);
  const possible = valences[graph.elements[atom] ?? 'F'];
  return (possible.find((bonds) => bonds >= used) ?? Math.max(...possible)) - used;
}

/** A copy that can be changed. */
export const copyOf = (graph: Graph): Graph => ({
  elements: [...graph.elements],
  bonds: graph.bonds.map((bond) => ({ ...bond })),
});

/** What RDKit perceives in a graph; atoms and bonds by their place in the graph. */
export interface Perceived {
  readonly smiles: string;
  readonly aromaticAtoms: ReadonlySet<number>;
  readonly aromaticBonds: ReadonlySet<number>;
  /** Smallest set of smallest rings: the atoms of each. */
  readonly rings: readonly (readonly number[])[];
}

interface RdkitJson {
  readonly molecules: readonly {
    readonly atoms: readonly { readonly z?: number }[];
    readonly bonds?: readonly { readonly bo?: number; readonly atoms: readonly [number, number] }[];
    readonly extensions?: readonly {
      readonly aromaticAtoms?: readonly number[];
      readonly aromaticBonds?: readonly number[];
      readonly atomRings?: readonly (readonly number[])[];
    }[];
  }[];
}

/** RDKit's view of a graph, or null when it refuses it or its SMILES is known already. */
export function perceive(rdkit: Rdkit, graph: Graph, known: ReadonlySet<string>): Perceived | null {
  const molecule = rdkit.get_mol(molfileOf(graph));
  if (molecule === null) return null;
  try {
    const smiles = molecule.get_smiles();
    if (known.has(smiles)) return null;
    const [{ extensions: [seen = {}] = [] } = {}] = (JSON.parse(molecule.get_json()) as RdkitJson).molecules;
    return {
      smiles,
      aromaticAtoms: new Set(seen.aromaticAtoms),
      aromaticBonds: new Set(seen.aromaticBonds),
      rings: seen.atomRings ?? [],
    };
  } finally {
    molecule.delete();
  }
}

/** The graph of a SMILES of the generator's own: an error if it is wrong. */
export function graphOf(rdkit: Rdkit, smiles: string): Graph {
  const molecule = rdkit.get_mol(smiles);
  if (molecule === null) throw new Error(`not a SMILES: ${smiles}`);
  try {
    const [{ atoms, bonds = [] } = { atoms: [] }] = (JSON.parse(molecule.get_json()) as RdkitJson).molecules;
    const symbol = new Map<number, Element>(Object.entries(numbers).map(([name, z]) => [z, name as Element]));
    return {
      elements: atoms.map(({ z = 6 }) => symbol.get(z) ?? 'C'),
      bonds: bonds.map(({ bo = 1, atoms: [a, b] }) => ({ a, b, order: bo })),
    };
  } finally {
    molecule.delete();
  }
}

/** A V2000 molfile without places. */
function molfileOf({ elements, bonds }: Graph): string {
  const columns = (...numbers: number[]): string => numbers.map((value) => String(value).padStart(3)).join('');
  const place = '    0.0000'.repeat(3);
  return [
    '',
    '     coxswain          2D',
    '',
    `${columns(elements.length, bonds.length)}  0  0  0  0  0  0  0  0999 V2000`,
    ...elements.map((element) => `${place} ${element.padEnd(3)} 0  0`),
    ...bonds.map(({ a, b, order }) => columns(a + 1, b + 1, order, 0)),
    'M  END',
    '',
  ].join('\n');
}
