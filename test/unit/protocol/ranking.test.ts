import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRanked, mergeBest, rankedSchema, type Ranked } from '../../../src/protocol/ranking.ts';

/** Many ties; no -0, which JSON turns into 0. */
const scoreArbitrary = fc
  .oneof(fc.constantFrom(0, 0.5, 1), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((score) => score + 0);
const listArbitrary: fc.Arbitrary<Ranked> = fc.array(fc.tuple(fc.nat(30), scoreArbitrary), { maxLength: 20 });
const listsArbitrary = fc.array(listArbitrary, { maxLength: 6 });
const excludedArbitrary = fc.array(fc.nat(30));

describe('merged rankings', () => {
  it('hold each candidate that is not excluded once, with its best score, best first', () => {
    fc.assert(
      fc.property(listsArbitrary, excludedArbitrary, (lists, excluded) => {
        const best = new Map<number, number>();
        for (const [candidate, score] of lists.flat()) {
          if (!excluded.includes(candidate)) best.set(candidate, Math.max(score, best.get(candidate) ?? -Infinity));
        }
        const merged = mergeBest(lists, 1_000, excluded);
        expect(new Map(merged.map(([candidate, score]) => [candidate, score]))).toEqual(best);
        expect(merged).toHaveLength(best.size);
        merged.slice(1).forEach((entry, place) => {
          const before = merged[place] ?? entry;
          expect(before[1] > entry[1] || (before[1] === entry[1] && before[0] < entry[0])).toBe(true);
        });
      }),
    );
  });

  it('are the head of the longer ranking, and the same whatever the order of the lists', () => {
    fc.assert(
      fc.property(listsArbitrary, excludedArbitrary, fc.nat(40), (lists, excluded, keep) => {
        const merged = mergeBest(lists, keep, excluded);
        expect(merged).toEqual(mergeBest(lists, 1_000, excluded).slice(0, keep));
        expect(mergeBest(lists.toReversed(), keep, new Set(excluded))).toEqual(merged);
      }),
    );
  });

  it('can be merged again, step by step', () => {
    fc.assert(
      fc.property(listsArbitrary, listsArbitrary, fc.nat(40), (some, others, keep) => {
        const steps = [mergeBest(some, keep), mergeBest(others, keep)];
        expect(mergeBest(steps, keep)).toEqual(mergeBest([...some, ...others], keep));
      }),
    );
  });

  it('leave the lists as they were and survive the wire', () => {
    fc.assert(
      fc.property(listsArbitrary, (lists) => {
        const before = structuredClone(lists);
        const merged = mergeBest(lists, 10);
        expect(lists).toEqual(before);
        expect(rankedSchema.parse(JSON.parse(JSON.stringify(merged)))).toEqual(merged);
      }),
    );
  });
});

describe('order of ranking', () => {
  it('is total: one of two different entries comes first, for everybody', () => {
    fc.assert(
      fc.property(listArbitrary, (list) => {
        for (const a of list) {
          for (const b of list) {
            expect(Math.sign(compareRanked(a, b)) + Math.sign(compareRanked(b, a))).toBe(0);
            expect(compareRanked(a, b) === 0).toBe(a[0] === b[0] && a[1] === b[1]);
          }
        }
      }),
    );
  });
});

describe('rankings on the wire', () => {
  it.each([[[[1]]], [[[-1, 0.5]]], [[[1.5, 0.5]]], [[[1, null]]], [{ 1: 0.5 }]])('refuse %j', (value) => {
    expect(rankedSchema.safeParse(value).success).toBe(false);
  });
});
