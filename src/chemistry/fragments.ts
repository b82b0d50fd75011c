/** Fragments of a molecule as numbers: atoms with what is around them, and how often each occurs. */
import type { GraphAtom, MolecularGraph } from './molecular-graph.ts';

/** Keys of fragments lie below this: few enough for a table, and enough that two kinds rarely share one. */
export const fragmentKeys = 65_536;

/** FNV-1a over whole numbers, with a last mixing so that similar fragments lie apart. */
function hashOf(numbers: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const number of numbers) hash = Math.imul(hash ^ (number | 0), 0x01000193) ^ (hash >>> 15);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** How a bond counts: its order, or 4 in an aromatic ring. */
const kindOf = ({ order, isAromatic }: { order: number; isAromatic: boolean }): number => (isAromatic ? 4 : order);

const hydrogen = hashOf([1, 0, 1, 0, 0, 0]);

/** An atom by itself: its element, charge, and bonds. */
const invariantOf = ({ element, hydrogens, charge, isAromatic, ring, bonds }: GraphAtom): number =>
  hashOf([element, charge, bonds.length + hydrogens, isAromatic ? 1 : 0, ring > 0 ? 1 : 0, 0]);

/** Counts fragments by key. */
function tally(hashes: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const hash of hashes) {
    const key = hash % fragmentKeys;
    counts.set(key, Math.min((counts.get(key) ?? 0) + 1, 255));
  }
  return counts;
}

/**
 * Each atom, hydrogens included, up to `radius` bonds around it: key -> how often, at most 255.
 * Source: after the circular fingerprints of Rogers and Hahn, J. Chem. Inf. Model. 2010, 50, 742, counted, without the removal of
 * environments that cover the same bonds; the numbering is ours.
 */
export function environments({ atoms }: MolecularGraph, radius: number): Map<number, number> {
  const hashes: number[] = [];
  let here = atoms.map(invariantOf);
  for (let around = 0; around <= radius; around += 1) {
    for (const [place, atom] of atoms.entries()) {
      hashes.push(here[place] as number);
      const ofHydrogen = around === 0 ? hydrogen : hashOf([around, hydrogen, here[place] as number]);
      for (let one = 0; one < atom.hydrogens; one += 1) hashes.push(ofHydrogen);
    }
    const before = here;
    here = atoms.map((atom, place) => {
      const neighbours = atom.bonds.map((bond) => hashOf([kindOf(bond), before[bond.to] as number]));
      for (let one = 0; one < atom.hydrogens; one += 1) neighbours.push(hashOf([1, hydrogen]));
      return hashOf([around + 1, before[place] as number, ...neighbours.sort((a, b) => a - b)]);
    });
  }
  return tally(hashes);
}

/** Pairs of heavy atoms by their elements, how they are bonded, and the number of bonds between them up to `reach`. */
export function atomPairs({ atoms }: MolecularGraph, reach: number): Map<number, number> {
  const kinds = atoms.map((atom) =>
    hashOf([
      atom.element,
      atom.isAromatic ? 9 : atom.bonds.reduce((sum, { order }) => sum + order - 1, 0),
      atom.bonds.length,
    ]),
  );
  const hashes: number[] = [];
  for (const start of atoms.keys()) {
    const away = new Map([[start, 0]]);
    for (const place of away.keys()) {
      const steps = (away.get(place) as number) + 1;
      if (steps > reach) break;
      for (const { to } of (atoms[place] as GraphAtom).bonds) if (!away.has(to)) away.set(to, steps);
    }
    for (const [end, steps] of away) {
      if (end <= start) continue;
      const [a, b] = [kinds[start] as number, kinds[end] as number];
      hashes.push(hashOf([77, steps, Math.min(a, b), Math.max(a, b)]));
    }
  }
  return tally(hashes);
}

/** Paths of one to `longest` bonds by their elements and bonds, read from whichever end is smaller. */
export function paths({ atoms }: MolecularGraph, longest: number): Map<number, number> {
  const hashes: number[] = [];
  const walk = (trail: readonly number[], kinds: readonly number[]): void => {
    const last = trail.at(-1) as number;
    const first = trail[0] as number;
    if (trail.length > 1 && first < last) {
      hashes.push(Math.min(hashOf(kinds), hashOf([...kinds].reverse())));
    }
    if (trail.length > longest) return;
    for (const bond of (atoms[last] as GraphAtom).bonds) {
      if (trail.includes(bond.to)) continue;
      walk([...trail, bond.to], [...kinds, 100 + kindOf(bond), (atoms[bond.to] as GraphAtom).element]);
    }
  };
  for (const [place, { element }] of atoms.entries()) walk([place], [element]);
  return tally(hashes);
}
