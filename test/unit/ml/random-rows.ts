import fc from 'fast-check';
import { FeatureTable, MoleculeRows, type CountView, type FingerprintIndex } from '../../../src/ml/index.ts';
import type { ProcessSettings } from '../../../src/ml/gaussian-process-settings.ts';
import { withoutFeatures } from '../../../src/ml/warm-objects.ts';
import { indexOf, rowArbitrary } from './random-fingerprints.ts';

/** Fragments of one molecule: keys, and how often each occurs. */
export type Fragments = readonly (readonly [key: number, count: number])[];

/** A molecule as models see it. */
export interface Molecule {
  readonly fingerprint: Uint8Array;
  readonly bits: Fragments;
  readonly counts: Fragments;
  readonly descriptors: readonly number[];
}

/** Molecules that are known by their fingerprints only. */
export const rowsOf = (fingerprints: FingerprintIndex): MoleculeRows =>
  MoleculeRows.from(fingerprints, withoutFeatures(fingerprints.length));

/** A view of these fragments, a molecule each. */
export function viewOf(name: string, rows: readonly Fragments[]): CountView {
  const sorted = rows.map((row) => [...row].sort(([a], [b]) => a - b));
  const offsets = new Uint32Array(rows.length + 1);
  sorted.forEach((row, place) => (offsets[place + 1] = (offsets[place] ?? 0) + row.length));
  return {
    name,
    offsets,
    keys: Uint32Array.from(sorted.flat(), ([key]) => key),
    counts: Uint8Array.from(sorted.flat(), ([, count]) => count),
  };
}

/** These molecules of a space whose descriptors have other means and deviations, and the last one none. */
export function moleculeRows(molecules: readonly Molecule[], width: number): MoleculeRows {
  const features = FeatureTable.from(molecules.length, {
    views: [
      viewOf(
        'bits',
        molecules.map(({ bits }) => bits),
      ),
      viewOf(
        'counts',
        molecules.map(({ counts }) => counts),
      ),
    ],
    names: Array.from({ length: width }, (_, column) => `d${column}`),
    descriptors: Float32Array.from(molecules.flatMap(({ descriptors }) => descriptors)),
    centre: Float64Array.from({ length: width }, (_, column) => 0.3 * column),
    scale: Float64Array.from({ length: width }, (_, column) => (column === width - 1 ? 0 : 1 + column)),
  });
  return MoleculeRows.from(indexOf(molecules.map(({ fingerprint }) => fingerprint)), features);
}

/** Descriptors of a space, and nothing else. */
export function descriptorsOnly(rows: readonly (readonly number[])[]): FeatureTable {
  const width = rows[0]?.length ?? 0;
  return FeatureTable.from(rows.length, {
    views: [],
    names: Array.from({ length: width }, (_, column) => `d${column}`),
    descriptors: Float32Array.from(rows.flat()),
    centre: new Float64Array(width),
    scale: new Float64Array(width).fill(1),
  });
}

const fragmentsArbitrary = (most: number): fc.Arbitrary<Fragments> =>
  fc.uniqueArray(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: most })), { maxLength: 12, selector: ([key]) => key });

const moleculeArbitrary = (width: number): fc.Arbitrary<Molecule> =>
  fc.record({
    fingerprint: rowArbitrary,
    bits: fragmentsArbitrary(1),
    counts: fragmentsArbitrary(9),
    descriptors: fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: width, maxLength: width }),
  });

/** A space of molecules, some of them twice, with three descriptors of which the last is the same throughout. */
export const spaceArbitrary = (minLength: number, maxLength: number): fc.Arbitrary<MoleculeRows> =>
  fc
    .tuple(fc.array(moleculeArbitrary(3), { minLength, maxLength }), fc.array(fc.nat(maxLength - 1)))
    .map(([molecules, copies]) => {
      const all = [...molecules];
      copies.forEach((from, place) => {
        const copied = all[from];
        if (place < all.length && copied !== undefined) all[place] = copied;
      });
      return moleculeRows(all, 3);
    });

/** Every part of the kernel, each with another weight. */
export const everyKernel: ProcessSettings = {
  fragments: 0.8,
  rbf: 0.7,
  lengthScale: 0.6,
  linear: 0.2,
  noise: 0.01,
};
