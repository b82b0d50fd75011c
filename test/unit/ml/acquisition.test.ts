import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acquisitionNames,
  acquisitionSchema,
  scorerOf,
  scoresOf,
  type AcquisitionInput,
} from '../../../src/ml/index.ts';
import { normalBelow, normalExcess, normalOf } from '../../../src/ml/normal.ts';
import { ConfigError } from '../../../src/protocol/errors.ts';

const values = Float64Array.of(0.5, 0.2, 0.4, 0.3);
const state = { values, update: 3 };
const score = (input: AcquisitionInput, mean: number, deviation: number | null, candidate = 7) =>
  scorerOf(acquisitionSchema.parse(input), state, deviation !== null)(candidate, mean, deviation);

const meanArbitrary = fc.double({ min: -2, max: 2, noNaN: true });
const deviationArbitrary = fc.double({ min: 1e-6, max: 2, noNaN: true });
const numberArbitrary = fc.double({ min: -3, max: 3, noNaN: true });
const kindArbitrary = fc.constantFrom(...acquisitionNames);

/** The integral of max(0, x - t) over a normal distribution, by Simpson's rule. */
function expectedImprovement(mean: number, deviation: number, incumbent: number): number {
  const steps = 20_000;
  const [from, to] = [Math.max(incumbent, mean - 12 * deviation), mean + 12 * deviation];
  if (from >= to) return 0;
  const width = (to - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const x = from + i * width;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * (x - incumbent) * Math.exp(-(((x - mean) / deviation) ** 2) / 2);
  }
  return (sum * width) / 3 / (deviation * Math.sqrt(2 * Math.PI));
}

describe('the normal distribution', () => {
  // By scipy.stats.norm.cdf.
  it.each([
    [-37, 5.7255712225239266e-300],
    [-10, 7.61985302416047e-24],
    [-3, 0.0013498980316300933],
    [-2.9999, 0.001350341282954925],
    [-1, 0.15865525393145707],
    [0, 0.5],
    [0.3, 0.6179114221889526],
    [2, 0.9772498680518208],
    [5, 0.9999997133484281],
  ])('is below %d with the right probability', (z, probability) => {
    expect(normalBelow(z) / probability).toBeCloseTo(1, 11);
  });

  it('exceeds as much as its derivative says, and never falls', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (z) => {
        const step = 1e-4;
        const slope = (normalExcess(z + step) - normalExcess(z - step)) / (2 * step);
        const scale = Math.max(normalBelow(z), Number.MIN_VALUE);
        expect(Math.abs(slope / scale - 1)).toBeLessThan(1e-4);
        expect(normalExcess(z + 0.01)).toBeGreaterThan(normalExcess(z));
      }),
    );
  });

  it('draws numbers with mean 0 and variance 1, others for another seed, update or candidate', () => {
    const draws = Array.from({ length: 20_000 }, (_, candidate) => normalOf(1, 1, candidate));
    const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
    const variance = draws.reduce((sum, one) => sum + one * one, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    const lag = draws.slice(1).reduce((sum, one, i) => sum + one * (draws[i] ?? 0), 0) / draws.length;
    expect(Math.abs(lag)).toBeLessThan(0.03);
    expect(
      new Set([normalOf(1, 1, 1), normalOf(2, 1, 1), normalOf(1, 2, 1), normalOf(1, 1, 2), normalOf(1 + 2 ** 32, 1, 1)])
        .size,
    ).toBe(5);
    expect(normalOf(1, 1, 1)).toBe(normalOf(1, 1, 1));
  });
});

describe('acquisition', () => {
  it('has defaults: greedy, for the highest', () => {
    expect(acquisitionSchema.parse({})).toEqual({
      kind: 'greedy',
      beta: 1,
      goal: 'best',
      top: 80,
      threshold: 0,
      seek: 'highest',
      seed: 0,
    });
    expect(acquisitionSchema.safeParse({ kind: 'best guess' }).success).toBe(false);
    expect(acquisitionSchema.safeParse({ beta: Number.NaN }).success).toBe(false);
  });

  it('greedy takes the mean, ucb adds deviations', () => {
    expect(score({}, 0.4, 0.1)).toBe(0.4);
    expect(score({ kind: 'ucb', beta: 2 }, 0.4, 0.1)).toBeCloseTo(0.6, 15);
    expect(score({ kind: 'ucb', beta: 2, seek: 'lowest' }, 0.4, 0.1)).toBeCloseTo(-0.2, 15);
  });

  it('expected improvement and probability are the integrals that define them', () => {
    fc.assert(
      fc.property(
        meanArbitrary,
        fc.double({ min: 0.05, max: 2, noNaN: true }),
        numberArbitrary,
        (mean, deviation, threshold) => {
          const goal = { goal: 'threshold', threshold } as const;
          const expected = expectedImprovement(mean, deviation, threshold);
          expect(score({ kind: 'ei', ...goal }, mean, deviation)).toBeCloseTo(expected, 6);
          const below = expectedImprovement(mean, deviation, threshold + 1e-5);
          expect(score({ kind: 'probability', ...goal }, mean, deviation)).toBeCloseTo((expected - below) / 1e-5, 3);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('improves on the K-th best so far, or the worst while there are fewer, or the threshold', () => {
    const without = (input: AcquisitionInput) => score({ kind: 'ei', ...input }, 0.6, null);
    expect(without({ top: 1 })).toBeCloseTo(0.1, 12);
    expect(without({ top: 3 })).toBeCloseTo(0.3, 12);
    expect(without({ top: 80 })).toBeCloseTo(0.4, 12);
    expect(without({ goal: 'threshold', threshold: 0.55 })).toBeCloseTo(0.05, 12);
    expect(without({ goal: 'threshold', threshold: 0.65 })).toBe(0);
    expect(score({ kind: 'ei', seek: 'lowest', top: 2 }, 0.1, null)).toBeCloseTo(0.2, 12);
    expect(score({ kind: 'ei', seek: 'lowest', goal: 'threshold', threshold: 0.4 }, 0.1, 0)).toBeCloseTo(0.3, 12);
  });

  it('seeks the lowest as it would seek the highest of the values turned round', () => {
    fc.assert(
      fc.property(
        kindArbitrary,
        meanArbitrary,
        deviationArbitrary,
        numberArbitrary,
        fc.nat(),
        (kind, mean, deviation, threshold, candidate) => {
          for (const goal of ['best', 'threshold'] as const) {
            const common = { kind, goal, top: 2, seed: 4 };
            const highest = scorerOf(acquisitionSchema.parse({ ...common, threshold }), state, true);
            const turned = { values: values.map((value) => -value), update: 3 };
            const lowest = scorerOf(
              acquisitionSchema.parse({ ...common, threshold: -threshold, seek: 'lowest' }),
              turned,
              true,
            );
            expect(lowest(candidate, -mean, deviation)).toBe(highest(candidate, mean, deviation));
          }
        },
      ),
    );
  });

  it('never scores a higher mean lower, nor gives what is no number', () => {
    fc.assert(
      fc.property(
        kindArbitrary,
        meanArbitrary,
        meanArbitrary,
        fc.oneof(deviationArbitrary, fc.constant(0)),
        (kind, a, b, deviation) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          const [less, more] = [score({ kind, top: 2 }, low, deviation), score({ kind, top: 2 }, high, deviation)];
          expect(more).toBeGreaterThanOrEqual(less);
          expect(Number.isFinite(less)).toBe(true);
        },
      ),
    );
  });

  it('tells candidates far below the incumbent apart', () => {
    const far = { kind: 'ei', goal: 'threshold', threshold: 1 } as const;
    expect(score(far, 0.1, 0.03)).toBeGreaterThan(score(far, 0.09, 0.03));
    expect(score(far, 0.09, 0.03)).toBeGreaterThan(0);
  });

  it('goes on telling candidates apart where a threshold is out of reach', () => {
    const means = [0.1, 0.3, 0.2, 98.7];
    for (const [kind, seek, threshold] of [
      ['ei', 'highest', 99],
      ['probability', 'highest', 99],
      ['ei', 'lowest', -99],
      ['probability', 'lowest', -99],
    ] as const) {
      const acquisition = acquisitionSchema.parse({ kind, seek, threshold, goal: 'threshold' });
      const mean = Float64Array.from(means, (value) => (seek === 'highest' ? value : -value));
      const prediction = { mean, deviation: new Float64Array(4).fill(0.02) };
      const scores = scoresOf(acquisition, prediction, 0, { values: new Float64Array(), update: 1 });
      expect([0, 1, 2, 3].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))).toEqual([3, 1, 2, 0]);
    }
  });

  it('draws the same for a candidate however the space is cut, and other numbers in another update', () => {
    const thompson = acquisitionSchema.parse({ kind: 'thompson', seed: 9 });
    const mean = Float64Array.from({ length: 40 }, (_, i) => i / 40);
    const deviation = mean.map(() => 0.1);
    const whole = scoresOf(thompson, { mean, deviation }, 100, state);
    const part = scoresOf(thompson, { mean: mean.slice(10), deviation: deviation.slice(10) }, 110, state);
    expect([...part]).toEqual([...whole.slice(10)]);
    expect([...scoresOf(thompson, { mean, deviation }, 100, { values, update: 4 })]).not.toEqual([...whole]);
  });

  it('without deviations is greedy for ucb, refused for thompson and probability', () => {
    expect(score({ kind: 'ucb', beta: 3 }, 0.4, null)).toBe(0.4);
    for (const kind of ['thompson', 'probability'] as const) {
      expect(() => score({ kind }, 0.4, null)).toThrow(ConfigError);
      expect(() => score({ kind }, 0.4, null)).toThrow(`"${kind}" needs a model that knows how sure it is`);
    }
  });
});
