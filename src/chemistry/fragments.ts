/** Fragments of a molecule as numbers: paths of atoms and bonds, and how often each occurs. */
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

/** Kinds of bonds in a path are told from elements by this. */
const bondMark = 1000;

/** How a bond counts: its order, or 4 in an aromatic ring. */
const kindOf = ({ order, isAromatic }: { order: number; isAromatic: boolean }): number => (isAromatic ? 4 : order);

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
 * Paths of up to `longest` bonds, single atoms included, by their elements and bonds, read from whichever end gives the smaller
 * number: key -> how often, at most 255. Hydrogens that the SMILES does not write are left out.
 * Source: after the counted paths of Swamidass et al., Bioinformatics 2005, 21, i359; the numbering is ours.
 */
export function paths({ atoms }: MolecularGraph, longest: number): Map<number, number> {
  const hashes: number[] = [];
  const walk = (trail: readonly number[], kinds: readonly number[]): void => {
    const [first = 0, last = 0] = [trail[0], trail.at(-1)];
    // Each path is walked from both ends, and counted once.
    if (first <= last) hashes.push(Math.min(hashOf(kinds), hashOf([...kinds].reverse())));
    if (trail.length > longest) return;
    for (const bond of (atoms[last] as GraphAtom).bonds) {
      if (trail.includes(bond.to)) continue;
      walk([...trail, bond.to], [...kinds, bondMark + kindOf(bond), (atoms[bond.to] as GraphAtom).element]);
    }
  };
  for (const [place, { element }] of atoms.entries()) walk([place], [element]);
  return tally(hashes);
}
