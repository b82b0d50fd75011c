import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnedPoints, mostPoints } from '../../../src/ml/learned-points.ts';

const valuesOf = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => Math.sin(i * i));

describe('learned points', () => {
  it('are all of up to 1,200', () => {
    for (const length of [1, 7, 1_200]) {
      expect(learnedPoints(valuesOf(length))).toEqual({ rows: [...Array(length).keys()], epoch: 0 });
    }
  });

  it('are never more, in order, each once, with the newest, the highest and the lowest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_201, max: 4_000 }), (length) => {
        const values = valuesOf(length);
        const { rows } = learnedPoints(values);
        expect(rows.length).toBeLessThanOrEqual(mostPoints);
        expect(rows.length).toBeGreaterThan(900);
        expect(rows.every((row, i) => i === 0 || row > (rows[i - 1] ?? row))).toBe(true);
        const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
        const learned = new Set(rows);
        for (const row of [...order.slice(0, 200), ...order.slice(-200), length - 1])
          expect(learned.has(row)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('only grow within an epoch of 300 results', () => {
    const all = valuesOf(1_860);
    let before = learnedPoints(all.slice(0, 1_190));
    for (let length = 1_200; length <= 1_860; length += 20) {
      const now = learnedPoints(all.slice(0, length));
      if (now.epoch === before.epoch) expect(now.rows.slice(0, before.rows.length)).toEqual(before.rows);
      else expect(now.epoch).toBe(before.epoch + 1);
      before = now;
    }
    expect(before.epoch).toBe(3);
  });
});
