import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOf, mergeBest, type Ranked } from '../../../src/ml/index.ts';
import { InputError, InvariantError } from '../../../src/protocol/errors.ts';

/** Few distinct scores, so that ties are common; both zeros among them. */
const scoreArbitrary = fc.oneof(fc.constantFrom(-1, -0, 0, 0.5, 1), fc.double({ noNaN: true }));
const scoresArbitrary = fc.array(scoreArbitrary, { maxLength: 200 }).map((scores) => Float64Array.from(scores));
const keepArbitrary = fc.integer({ min: 1, max: 60 });

/** Sort everything, then cut: what `bestOf` must equal. */
function sortAndSlice(scores: Float64Array, keep: number, from: number, exclude: readonly number[]): Ranked {
  return [...scores]
    .map((score, row): [number, number] => [from + row, score])
    .filter(([candidate]) => !exclude.includes(candidate))
    .sort((a, b) => (a[1] === b[1] ? a[0] - b[0] : a[1] > b[1] ? -1 : 1))
    .slice(0, keep);
}

describe('best of a chunk', () => {
  it('equals sorting everything and cutting', () => {
    fc.assert(
      fc.property(
        scoresArbitrary,
        keepArbitrary,
        fc.nat(1_000),
        fc.array(fc.nat(199)),
        (scores, keep, from, places) => {
          const exclude = places.filter((place) => place < scores.length).map((place) => from + place);
          expect(bestOf(scores, keep, from, exclude)).toEqual(sortAndSlice(scores, keep, from, exclude));
        },
      ),
    );
  });

  it('prefers the lowest candidate among equal scores', () => {
    expect(bestOf(Float64Array.of(1, 2, 2, 2, 1), 2, 10)).toEqual([
      [11, 2],
      [12, 2],
    ]);
  });

  it('of nothing, or without room, is nothing', () => {
    expect(bestOf(new Float64Array(), 5)).toEqual([]);
    expect(bestOf(Float64Array.of(1), 0)).toEqual([]);
    expect(bestOf(Float64Array.of(1), 3, 7, [7])).toEqual([]);
  });

  it.each([9, 13, 10.5, Number.NaN])('refuses to exclude candidate %d from 10 to 13', (candidate) => {
    expect(() => bestOf(Float64Array.of(1, 2, 3), 1, 10, [candidate])).toThrow(InputError);
  });

  it('refuses a score that is not a number, and says whose', () => {
    expect(() => bestOf(Float64Array.of(1, Number.NaN), 1, 10)).toThrow(InvariantError);
    expect(() => bestOf(Float64Array.of(1, Number.NaN), 1, 10)).toThrow('candidate 11');
  });
});

describe('merging', () => {
  it('the best of chunks gives the best of the whole, whatever the order of the chunks', () => {
    fc.assert(
      fc.property(
        scoresArbitrary,
        keepArbitrary,
        fc.array(fc.nat(199)),
        fc.array(fc.nat(200)),
        fc.boolean(),
        (scores, keep, cuts, places, backwards) => {
          const exclude = places.filter((place) => place < scores.length);
          const borders = [0, ...cuts.filter((cut) => cut < scores.length).sort((a, b) => a - b), scores.length];
          const lists = borders.slice(1).map((to, chunk) => {
            const from = borders[chunk] ?? 0;
            return bestOf(
              scores.slice(from, to),
              keep,
              from,
              exclude.filter((candidate) => candidate >= from && candidate < to),
            );
          });
          const merged = mergeBest(backwards ? lists.reverse() : lists, keep);
          expect(merged).toEqual(bestOf(scores, keep, 0, exclude));
        },
      ),
    );
  });
});
