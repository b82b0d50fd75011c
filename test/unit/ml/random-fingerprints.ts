import fc from 'fast-check';
import { FingerprintIndex, fingerprintBytes } from '../../../src/ml/index.ts';

/** A row of 32 bytes: sparse or dense, sometimes empty or full. */
export const rowArbitrary: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ minLength: fingerprintBytes, maxLength: fingerprintBytes }) },
  { weight: 6, arbitrary: fc.array(fc.nat(255), { maxLength: 40 }).map((bits) => rowOf(bits)) },
  { weight: 1, arbitrary: fc.constantFrom(0, 255).map((byte) => new Uint8Array(fingerprintBytes).fill(byte)) },
);

/** The fingerprint in which these bits are set. */
export function rowOf(bits: Iterable<number>): Uint8Array {
  const row = new Uint8Array(fingerprintBytes);
  for (const bit of bits) row[bit >> 3] = (row[bit >> 3] ?? 0) | (1 << (bit & 7));
  return row;
}

/** These rows one after the other, at an odd place in a larger buffer, as blobs from a socket lie. */
export function indexOf(rows: readonly Uint8Array[]): FingerprintIndex {
  const bytes = new Uint8Array(rows.length * fingerprintBytes + 3).subarray(3);
  rows.forEach((row, place) => bytes.set(row, place * fingerprintBytes));
  return FingerprintIndex.from(bytes);
}

/** Some fingerprints. */
export const rowsArbitrary = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array[]> =>
  fc.array(rowArbitrary, { minLength, maxLength });

/** The bits set in a row, the slow way. */
export function bitsOf(row: Uint8Array): Set<number> {
  return new Set(
    Array.from({ length: 256 }, (_, bit) => bit).filter((bit) => (((row[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1),
  );
}

/** Jaccard distance of two rows, from the definition. */
export function jaccardDistance(a: Uint8Array, b: Uint8Array): number {
  const [left, right] = [bitsOf(a), bitsOf(b)];
  const union = new Set([...left, ...right]).size;
  const shared = [...left].filter((bit) => right.has(bit)).length;
  return union === 0 ? 0 : (union - shared) / union;
}
