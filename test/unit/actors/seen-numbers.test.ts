import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSeen, noneSeen, see } from '../../../actors/seen-numbers.ts';

describe('seen numbers', () => {
  it('answer as a set does, after any history', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 1_015, max: 1_030 })), { maxLength: 60 }),
        (numbers) => {
          const model = new Set<number>();
          let seen = noneSeen;
          for (const number of numbers) {
            expect(isSeen(seen, number)).toBe(model.has(number));
            const before = seen;
            seen = see(seen, number);
            if (model.has(number)) expect(seen).toBe(before);
            model.add(number);
            for (const n of [...model, 1, 5, 26, 1_023, 1_024, 1_025]) expect(isSeen(seen, n)).toBe(model.has(n));
          }
          expect(noneSeen).toEqual({ upTo: 0, pages: [] });
        },
      ),
    );
  });

  it('take no memory for what has no gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (keys) => {
        const order = keys.map((key, i) => ({ number: i + 1, key })).sort((a, b) => a.key - b.key);
        const seen = order.reduce((now, { number }) => see(now, number), noneSeen);
        expect(seen).toEqual({ upTo: keys.length, pages: [] });
      }),
    );
  });

  it('hold the numbers above a gap, and only those', () => {
    const seen = [1, 2, 5, 7, 5].reduce(see, noneSeen);
    expect(seen.upTo).toBe(2);
    expect([1, 2, 3, 4, 5, 6, 7, 8].filter((number) => isSeen(seen, number))).toEqual([1, 2, 5, 7]);
    expect([3, 4, 6].reduce(see, seen)).toEqual({ upTo: 7, pages: [] });
  });

  it('stay small when one early number is missing for long, over the edges of pages', () => {
    let seen = noneSeen;
    for (let number = 2; number <= 50_000; number += 1) seen = see(seen, number);
    expect(JSON.stringify(seen).length).toBeLessThan(40_000);
    expect(isSeen(seen, 1)).toBe(false);
    expect(see(seen, 1)).toEqual({ upTo: 50_000, pages: [] });
    // What a broken worker sends takes no more than what is true.
    expect(JSON.stringify(see(seen, 2 ** 52)).length).toBeLessThan(40_000);
  });
});
