import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSeen, noneSeen, see } from '../../../actors/seen-numbers.ts';

describe('seen numbers', () => {
  it('answer as a set does, after any history', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 60 }), (numbers) => {
        const model = new Set<number>();
        let seen = noneSeen;
        for (const number of numbers) {
          expect(isSeen(seen, number)).toBe(model.has(number));
          const before = seen;
          seen = see(seen, number);
          if (model.has(number)) expect(seen).toBe(before);
          model.add(number);
          for (let n = 1; n <= 26; n += 1) expect(isSeen(seen, n)).toBe(model.has(n));
        }
        expect(noneSeen).toEqual({ upTo: 0, above: [] });
      }),
    );
  });

  it('take no memory for what has no gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (keys) => {
        const order = keys.map((key, i) => ({ number: i + 1, key })).sort((a, b) => a.key - b.key);
        const seen = order.reduce((now, { number }) => see(now, number), noneSeen);
        expect(seen).toEqual({ upTo: keys.length, above: [] });
      }),
    );
  });

  it('hold the numbers above a gap, and only those', () => {
    const seen = [1, 2, 5, 7, 5].reduce(see, noneSeen);
    expect(seen).toEqual({ upTo: 2, above: [5, 7] });
    expect([3, 4, 6].reduce(see, seen)).toEqual({ upTo: 7, above: [] });
  });
});
