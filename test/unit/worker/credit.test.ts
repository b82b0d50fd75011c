import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Credit, nextMean, prefetchPerSlot, pullExpiryMs, shortTaskMs } from '../../../src/worker/credit.ts';

describe('prefetchPerSlot', () => {
  it('holds nothing back of tasks that are not short, or of which nothing is known', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ min: shortTaskMs, noNaN: true }), fc.constant(Infinity)), (meanMs) => {
        expect(prefetchPerSlot(meanMs)).toBe(0);
      }),
    );
    expect(prefetchPerSlot(Number.NaN)).toBe(0);
  });

  it('holds some milliseconds of short tasks, at least one and at most fifteen', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: shortTaskMs, maxExcluded: true, noNaN: true }), (meanMs) => {
        const ahead = prefetchPerSlot(meanMs);
        expect(Number.isInteger(ahead)).toBe(true);
        expect(ahead).toBeGreaterThanOrEqual(1);
        expect(ahead).toBeLessThanOrEqual(15);
        expect(ahead * meanMs).toBeLessThan(5);
      }),
    );
    expect([0, 0.1, 1, 2, 4.9].map(prefetchPerSlot)).toEqual([15, 15, 4, 2, 1]);
  });
});

describe('nextMean', () => {
  it('lies between what it was and what came, and gets there', () => {
    expect(nextMean(Infinity, 7)).toBe(7);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (a, b) => {
          const next = nextMean(a, b);
          expect(next).toBeGreaterThanOrEqual(Math.min(a, b) - 1e-6);
          expect(next).toBeLessThanOrEqual(Math.max(a, b) + 1e-6);
        },
      ),
    );
    let mean = 0.1;
    for (let n = 0; n < 20; n++) mean = nextMean(mean, 100);
    expect(prefetchPerSlot(mean)).toBe(0);
  });
});

describe('pullExpiryMs', () => {
  it('ends at a full period, and leaves a pull a fifth of one at least', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.constantFrom(1_000, 5_000, 30_000), (now, period) => {
        const expiry = pullExpiryMs(now, period);
        expect((now + expiry) % period).toBe(0);
        expect(expiry).toBeGreaterThanOrEqual(period / 5);
        expect(expiry).toBeLessThan((period * 6) / 5);
      }),
    );
  });
});

/** A server that answers pulls in whatever order it likes, and ends some of them early. */
interface Pull {
  token: string;
  left: number;
}
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('answer' as const), which: fc.nat(9) }),
    fc.record({ kind: fc.constant('end' as const), which: fc.nat(9) }),
  ),
  { maxLength: 200 },
);

describe('Credit', () => {
  it('knows what is still to come, whichever pull a message answers', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const credit = new Credit();
        const pulls: Pull[] = [];
        let token = 0;
        for (const step of script) {
          const pull = step.kind === 'ask' ? undefined : pulls[step.which % Math.max(1, pulls.length)];
          if (step.kind === 'ask') {
            pulls.push({ token: `${token}`, left: step.count });
            credit.asked(`${token++}`, step.count, 1_000);
          } else if (pull !== undefined && step.kind === 'answer') {
            pull.left -= 1;
            credit.arrived();
          } else if (pull !== undefined) {
            credit.ended(pull.token, pull.left);
            pull.left = 0;
          }
          for (const [n, { left }] of [...pulls.entries()].reverse()) if (left === 0) pulls.splice(n, 1);
          expect(credit.outstanding).toBe(pulls.reduce((sum, { left }) => sum + left, 0));
        }
      }),
    );
  });

  it('never counts below nothing when more comes than was asked for', () => {
    const credit = new Credit();
    credit.asked('a', 1, 10);
    for (let n = 0; n < 5; n++) credit.arrived();
    expect(credit.outstanding).toBe(0);
    credit.ended('a', 3);
    expect(credit.outstanding).toBe(0);
  });

  it('forgets what the server never answered, and everything when the server is another', () => {
    const credit = new Credit();
    credit.asked('a', 4, 100);
    credit.asked('b', 2, 200);
    credit.lapse(100);
    expect(credit.outstanding).toBe(2);
    credit.reset();
    expect(credit.outstanding).toBe(0);
  });
});
