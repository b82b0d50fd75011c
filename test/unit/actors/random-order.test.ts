import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeInShuffle, shuffledAt } from '../../../actors/random-order.ts';

const shuffled = (n: number, seed: number): number[] =>
  Array.from({ length: n }, (_, place) => shuffledAt(place, n, seed));
const seedArbitrary = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('shuffled order', () => {
  it('is a permutation, for every small n', () => {
    for (let n = 1; n <= 130; n += 1) {
      expect(shuffled(n, n).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });

  it('is a permutation with its inverse, for any n and seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), seedArbitrary, (n, seed) => {
        const order = shuffled(n, seed);
        expect(new Set(order).size).toBe(n);
        expect(order.every((candidate, place) => placeInShuffle(candidate, n, seed) === place)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('has its inverse far beyond what fits in memory, too', () => {
    const large = fc
      .integer({ min: 1, max: 2 ** 31 })
      .chain((n) => fc.tuple(fc.constant(n), fc.nat(n - 1), seedArbitrary));
    fc.assert(
      fc.property(large, ([n, place, seed]) => {
        const candidate = shuffledAt(place, n, seed);
        expect(candidate).toBeGreaterThanOrEqual(0);
        expect(candidate).toBeLessThan(n);
        expect(placeInShuffle(candidate, n, seed)).toBe(place);
        expect(shuffledAt(placeInShuffle(place, n, seed), n, seed)).toBe(place);
      }),
      { numRuns: 500 },
    );
  });

  it('is another one for another seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 500 }), seedArbitrary, seedArbitrary, (n, one, other) => {
        fc.pre(one !== other);
        expect(shuffled(n, one)).not.toEqual(shuffled(n, other));
      }),
    );
  });

  /** How often each candidate stands in each place, over so many seeds, against what is expected. */
  function occurrences(n: number, seeds: number): { counts: number[]; expected: number } {
    const counts = new Array<number>(n * n).fill(0);
    for (let seed = 0; seed < seeds; seed += 1) {
      shuffled(n, seed).forEach((candidate, place) => {
        const cell = place * n + candidate;
        counts[cell] = (counts[cell] ?? 0) + 1;
      });
    }
    return { counts, expected: seeds / n };
  }

  it('puts every candidate in every place about equally often', () => {
    const { counts, expected } = occurrences(200, 3_000);
    const chiSquared = counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
    // Per degree of freedom, of which there are 199^2, a truly uniform shuffle has 1 +- 0.007.
    expect(chiSquared / 199 ** 2).toBeGreaterThan(0.97);
    expect(chiSquared / 199 ** 2).toBeLessThan(1.05);
    // Halves of two bits mix less well: no candidate of a tiny space is favoured by more than 40 %.
    const tiny = occurrences(5, 5_000);
    expect(Math.max(...tiny.counts)).toBeLessThan(1.4 * tiny.expected);
    expect(Math.min(...tiny.counts)).toBeGreaterThan(0.6 * tiny.expected);
  });

  it('does not keep neighbours together, nor the order', () => {
    const n = 20_000;
    const order = shuffled(n, 1);
    const mean = (n - 1) / 2;
    // Correlation of place and candidate, and of each candidate with the next: below 4 standard errors, 1/sqrt(n).
    const correlation = (pairs: readonly (readonly [number, number])[]): number =>
      pairs.reduce((total, [a, b]) => total + (a - mean) * (b - mean), 0) / pairs.length / ((n * n - 1) / 12);
    expect(Math.abs(correlation(order.map((candidate, place) => [candidate, place])))).toBeLessThan(4 / Math.sqrt(n));
    const neighbours = order.slice(1).map((candidate, place) => [candidate, order[place] ?? 0] as const);
    expect(Math.abs(correlation(neighbours))).toBeLessThan(4 / Math.sqrt(n));
  });
});
