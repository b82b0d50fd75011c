import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FingerprintIndex } from '../../../src/ml/index.ts';
import { InputError } from '../../../src/protocol/errors.ts';
import { bitsOf, indexOf, rowOf, rowsArbitrary } from './random-fingerprints.ts';
import { OverlapTable } from '../../../src/ml/overlap-table.ts';

describe('fingerprint index', () => {
  it('counts the bits of each row and shares the bytes it was given', () => {
    const bytes = new Uint8Array([...rowOf([0, 9, 255]), ...rowOf([]), ...rowOf(Array(256).keys())]);
    const index = FingerprintIndex.from(bytes);
    expect(index.bytes.buffer).toBe(bytes.buffer);
    expect([...index.popcounts]).toEqual([3, 0, 256]);
    expect(index.slice(1, 3).bytes.buffer).toBe(bytes.buffer);
  });

  it('takes the same rows that slices show', () => {
    fc.assert(
      fc.property(rowsArbitrary(1, 12), fc.nat(), fc.nat(), (rows, a, b) => {
        const index = indexOf(rows);
        const [from = 0, to = 0] = [a % (rows.length + 1), b % (rows.length + 1)].sort((x, y) => x - y);
        const slice = index.slice(from, to);
        const taken = index.take(Array.from({ length: to - from }, (_, place) => from + place));
        expect([...slice.bytes]).toEqual(rows.slice(from, to).flatMap((row) => [...row]));
        expect([...taken.bytes]).toEqual([...slice.bytes]);
        expect([...taken.popcounts]).toEqual([...slice.popcounts]);
        expect([...slice.popcounts]).toEqual(rows.slice(from, to).map((row) => bitsOf(row).size));
      }),
    );
  });

  it.each([1, 31, 33])('refuses %i bytes', (length) => {
    expect(() => FingerprintIndex.from(new Uint8Array(length))).toThrow(InputError);
  });

  it.each([
    [-1, 1],
    [0, 3],
    [2, 1],
    [0.5, 1],
    [0, Number.NaN],
  ])('refuses rows %d to %d of two', (from, to) => {
    const index = indexOf([rowOf([1]), rowOf([2])]);
    expect(() => index.slice(from, to)).toThrow(InputError);
  });

  it.each([-1, 2, 0.5, Number.NaN])('refuses to take row %d of two', (row) => {
    const index = indexOf([rowOf([1]), rowOf([2])]);
    expect(() => index.take([0, row])).toThrow(`Row ${row} does not lie in a fingerprint matrix of 2 rows`);
  });
});

describe('overlap table', () => {
  it('counts shared bits as the definition does', () => {
    fc.assert(
      fc.property(rowsArbitrary(1, 20), rowsArbitrary(1, 5), (fixed, rows) => {
        const table = new OverlapTable(indexOf(fixed));
        const counts = new Uint16Array(table.paddedLength);
        const index = indexOf(rows);
        rows.forEach((row, place) => {
          table.countInto(index, place, counts);
          const bits = [...bitsOf(row)];
          const expected = fixed.map((other) => bits.filter((bit) => bitsOf(other).has(bit)).length);
          expect([...counts.subarray(0, fixed.length)]).toEqual(expected);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('counts 255 and 256 shared bits', () => {
    const full = rowOf(Array(256).keys());
    const almost = rowOf(Array(255).keys());
    const index = indexOf([full, almost, full, almost, full]);
    const table = new OverlapTable(index);
    const counts = new Uint16Array(table.paddedLength);
    table.countInto(index, 0, counts);
    expect([...counts.subarray(0, 5)]).toEqual([256, 255, 256, 255, 256]);
    table.countInto(index, 1, counts);
    expect([...counts.subarray(0, 5)]).toEqual([255, 255, 255, 255, 255]);
  });

  it('gives a distance: 0 between equal rows only, symmetric, never longer by a detour', () => {
    fc.assert(
      fc.property(rowsArbitrary(3, 3), (rows) => {
        const index = indexOf(rows);
        const table = new OverlapTable(index);
        const distances = rows.map((_, from) => {
          const counts = new Uint16Array(table.paddedLength);
          table.countInto(index, from, counts);
          return rows.map((_, to) => {
            const shared = counts[to] ?? NaN;
            const united = (index.popcounts[from] ?? NaN) + (index.popcounts[to] ?? NaN) - shared;
            return united === 0 ? 0 : 1 - shared / united;
          });
        });
        const between = (from: number, to: number) => distances[from]?.[to] ?? NaN;
        for (const a of [0, 1, 2]) {
          for (const b of [0, 1, 2]) {
            expect(between(a, b) === 0).toBe(Buffer.compare(rows[a] ?? rowOf([]), rows[b] ?? rowOf([])) === 0);
            expect(between(a, b)).toBe(between(b, a));
            for (const c of [0, 1, 2]) expect(between(a, c)).toBeLessThanOrEqual(between(a, b) + between(b, c) + 1e-12);
          }
        }
      }),
    );
  });
});
