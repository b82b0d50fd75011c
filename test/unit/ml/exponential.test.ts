import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponential } from '../../../src/ml/exponential.ts';

describe('exponential', () => {
  it('agrees with Math.exp from 0 down to -708', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ min: -708, max: 0 }), fc.double({ min: -3, max: 0 })), (x) => {
        fc.pre(!Number.isNaN(x));
        expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(2e-15);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is 1 at 0, 0 far below, and not a number of what is none', () => {
    expect([exponential(0), exponential(-0), exponential(-709), exponential(-Infinity)]).toEqual([1, 1, 0, 0]);
    expect(exponential(Number.NaN)).toBeNaN();
  });
});
