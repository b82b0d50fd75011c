import { describe, expect, test } from 'vitest';
import { columns, sparkline } from '../../../src/rehearsal/report-text.ts';
import {
  baselinesOf,
  discovery,
  discoveryCurve,
  estimate,
  reportOf,
  timeCurve,
} from '../../../src/rehearsal/report.ts';
import type { Evaluation, Trace } from '../../../src/rehearsal/trace.ts';
import { foundAtRandom, foundByForesight, truthOf } from '../../../src/rehearsal/truth.ts';

/** Values 0, 1, ... n-1, so that a candidate's number is its value. */
const rising = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i);
const evaluation = (candidate: number, at: number, value: number | null = candidate): Evaluation => ({
  candidate,
  value,
  at,
  mean: null,
  deviation: null,
  stale: null,
});
const trace = (candidates: readonly number[], rest: Partial<Trace> = {}): Trace => ({
  evaluations: candidates.map((candidate, i) => evaluation(candidate, 10 * (i + 1))),
  updates: 1,
  seconds: 10 * candidates.length,
  busy: { all: 1, simulating: 1, pool: 1 },
  ...rest,
});

describe('what is worth finding', () => {
  test('is one in a hundred, rounded up, at the end that is sought', () => {
    const highest = truthOf(rising(250), { seek: 'highest', threshold: 240 });
    expect([...highest.best]).toEqual([247, 248, 249]);
    expect(highest).toMatchObject({ aim: 3, cut: 247, answered: 250 });
    expect([...highest.beyond]).toEqual([241, 242, 243, 244, 245, 246, 247, 248, 249]);
    const lowest = truthOf(rising(250), { seek: 'lowest', threshold: 2 });
    expect([...lowest.best]).toEqual([0, 1, 2]);
    expect([...lowest.beyond]).toEqual([0, 1]);
  });

  test('includes all that are as good as the last of them', () => {
    const values = Float64Array.from([5, 1, 5, 1, 5, 1]);
    expect(truthOf(values, { seek: 'highest', threshold: 9 })).toMatchObject({
      aim: 1,
      cut: 5,
      best: new Set([0, 2, 4]),
    });
    const all = truthOf(Float64Array.from([2, 2, 2]), { seek: 'lowest', threshold: 0 });
    expect(all.best.size).toBe(3);
  });

  test('is looked for among those that have an answer', () => {
    const values = Float64Array.from([NaN, 1, NaN, 3, 2]);
    expect(truthOf(values, { seek: 'highest', threshold: 1.5 })).toMatchObject({
      candidates: 5,
      answered: 3,
      best: new Set([3]),
      beyond: new Set([3, 4]),
    });
  });
});

describe('baselines', () => {
  test('are the hypergeometric mean, and one find an evaluation after those that are blind', () => {
    const truth = truthOf(rising(1_000), { seek: 'highest', threshold: 899.5 });
    expect(foundAtRandom(truth, 10, 100)).toBeCloseTo(1, 12);
    expect(foundAtRandom(truth, 10, 5_000)).toBe(10);
    expect([0, 8, 9, 18, 99].map((n) => foundByForesight(10, n, 8))).toEqual([0, 0, 1, 10, 10]);
    expect(baselinesOf(truth, [64], 8)).toEqual([
      {
        budget: 64,
        random: { best: 0.64, beyond: 6.4 },
        foresight: { best: 10, beyond: 56 },
        most: { best: 10, beyond: 64 },
      },
    ]);
  });
});

describe('estimates', () => {
  test('are the mean and its standard error', () => {
    expect(estimate([1, 2, 3, 6])).toEqual({ mean: 3, standardError: Math.sqrt(14 / 3 / 4) });
    expect(estimate([7])).toEqual({ mean: 7, standardError: null });
    expect(() => estimate([])).toThrow(RangeError);
  });
});

describe('a report', () => {
  const truth = truthOf(rising(200), { seek: 'highest', threshold: 189.5 });
  // The best are 198 and 199; beyond the threshold are 190 to 199.
  const traces = [trace([3, 199, 195, 7, 198]), trace([198, 4, 5, 6, 190])];
  const report = reportOf(traces, truth, { budgets: [2, 4], finds: [1, 2, 3] });

  test('counts what was found at each budget, and not beyond it', () => {
    expect(report.found.map(({ budget, best, beyond }) => [budget, best.mean, beyond.mean])).toEqual([
      [2, 1, 1],
      [4, 1, 1.5],
    ]);
    expect(report.found[1]?.beyond.standardError).toBeCloseTo(0.5, 12);
  });

  test('says when the k-th of the best was found, and by how many seeds', () => {
    const [first, second, third] = report.timeToFind;
    expect(first).toMatchObject({ seeds: 2, seconds: { mean: 15 }, evaluations: { mean: 1.5 } });
    // The second came with the fifth evaluation, beyond the budget.
    expect(second).toEqual({ finds: 2, seconds: null, evaluations: null, seeds: 0 });
    expect(third?.seeds).toBe(0);
    const further = reportOf(traces, truth, { budgets: [5], finds: [2] });
    expect(further.timeToFind[0]).toMatchObject({ seeds: 1, seconds: { mean: 50 }, evaluations: { mean: 5 } });
  });

  test('takes failed simulations for wasted ones, not for evaluations', () => {
    const failing = trace([], { evaluations: [evaluation(199, 1, null), evaluation(198, 2), evaluation(1, 3, null)] });
    const { found, failed } = reportOf([failing], truth, { budgets: [1], finds: [1] });
    expect(found[0]?.best.mean).toBe(1);
    expect(failed.mean).toBe(2);
    expect(discovery(failing, truth.best, 5)).toEqual([0, 1]);
  });

  test('means staleness over choices, then over seeds; those that no model made do not count', () => {
    const stale = (results: number): Evaluation => ({ ...evaluation(0, 1), stale: { results, seconds: 2 * results } });
    const some = [
      trace([], { evaluations: [evaluation(1, 1), stale(1), stale(3)] }),
      trace([], { evaluations: [stale(4)] }),
    ];
    expect(reportOf(some, truth, { budgets: [1], finds: [] }).staleness).toMatchObject({
      results: { mean: 3 },
      seconds: { mean: 6 },
    });
    expect(report.staleness).toBeNull();
  });

  test('compares what a model predicted of its choices with what came out', () => {
    const chosen = (value: number | null, deviation: number | null): Evaluation => ({
      ...evaluation(1, 1, value),
      mean: 10,
      deviation,
    });
    const some = trace([], { evaluations: [chosen(10.5, 1), chosen(12, 1), chosen(null, 1), chosen(99, null)] });
    expect(reportOf([some], truth, { budgets: [1], finds: [] }).calibration).toMatchObject({
      count: 2,
      withinOne: 0.5,
      withinTwo: 1,
      deviation: 1,
    });
    expect(report.calibration).toBeNull();
  });

  test('has curves against evaluations and against time', () => {
    const curve = discoveryCurve(traces, truth.best, 4);
    expect(curve.mean).toEqual([0, 0.5, 1, 1, 1]);
    expect(curve.standardError[1]).toBeCloseTo(0.5, 12);
    const time = timeCurve(traces, truth.best, { budget: 5, points: 5 });
    expect(time.x).toEqual([0, 10, 20, 30, 40, 50]);
    expect(time.mean).toEqual([0, 0.5, 1, 1, 1, 1.5]);
  });
});

describe('text', () => {
  test('draws a curve between nothing and everything', () => {
    expect(sparkline({ mean: [0, 0, 5, 10, 10] }, 10, 4)).toBe(' ▄██');
    expect(sparkline({ mean: [] }, 10, 3)).toBe('   ');
  });

  test('lines columns up, the first to the left', () => {
    expect(
      columns([
        ['a', '10', ''],
        ['long', '9', 'x'],
      ]),
    ).toEqual(['a     10', 'long   9  x']);
    expect(columns([['a', '1']], 6)).toEqual(['a       1']);
  });
});
