import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianProcessWith } from '../../../src/ml/gaussian-process.ts';
import {
  acquisitionSchema,
  arrange,
  bestOf,
  modelKinds,
  rankChunk,
  scorerOf,
  type Arrangement,
  type Ranked,
} from '../../../src/ml/index.ts';
import { nearestNeighbours } from '../../../src/ml/nearest-neighbours.ts';
import { digitsFor, significant } from '../../../src/ml/significant.ts';
import { ConfigError, InputError } from '../../../src/protocol/errors.ts';
import { indexOf, jaccardDistance, rowOf } from './random-fingerprints.ts';
import { everyKernel, moleculeRows, rowsOf, spaceArbitrary, type Fragments } from './random-rows.ts';

const kinds = modelKinds([gaussianProcessWith(everyKernel), nearestNeighbours]);
const numbersOf = (ranking: Ranked): number[] => ranking.map(([candidate]) => candidate);
const valueArbitrary = fc.integer({ min: 20, max: 100 }).map((hundredths) => hundredths / 100);
const ucb = acquisitionSchema.parse({ kind: 'ucb', beta: 1 });
const greedy = acquisitionSchema.parse({});

/** A space of which the first few are known, the next ones pending, and the others ranked. */
const sceneArbitrary = spaceArbitrary(6, 20).chain((space) =>
  fc.record({
    space: fc.constant(space),
    values: fc.array(valueArbitrary, { minLength: 2, maxLength: space.length - 3 }),
    pending: fc.nat(2),
    take: fc.nat(8),
    kind: fc.constantFrom('ucb', 'ei', 'thompson', 'greedy', 'probability'),
    seek: fc.constantFrom('highest', 'lowest'),
  }),
);

async function sceneOf({
  space,
  values,
  pending,
  take,
  kind,
  seek,
}: NonNullable<typeof sceneArbitrary extends fc.Arbitrary<infer T> ? T : never>) {
  const known = [...values.keys()];
  const trained = await kinds.fit('gp', space, { candidates: known, values });
  const acquisition = acquisitionSchema.parse({ kind, seek, top: 3, beta: 1 });
  const running = [values.length, values.length + 1].slice(0, pending);
  const prediction = await trained.model.predict(space);
  const exclude = [...known, ...running];
  const scoring = { values: trained.values, update: 5 };
  const ranking = rankChunk(prediction, acquisition, scoring, { from: 0, keep: 20, exclude });
  const task: Arrangement = { ranking, pending: running, take, acquisition, update: 5 };
  return { trained, task };
}

describe('arranging', () => {
  it('keeps every candidate once, with its mean and deviation, and gives the same again', async () => {
    await fc.assert(
      fc.asyncProperty(sceneArbitrary, async (scene) => {
        const { trained, task } = await sceneOf(scene);
        const arranged = arrange(trained, scene.space, task);
        const predicted = (ranking: Ranked) =>
          new Map(ranking.map(([candidate, , mean, deviation]) => [candidate, { mean, deviation }]));
        expect(arranged).toHaveLength(task.ranking.length);
        expect(predicted(arranged)).toEqual(predicted(task.ranking));
        expect(arrange(trained, scene.space, task)).toEqual(arranged);
      }),
      { numRuns: 60 },
    );
  });

  it('chooses each as a model would that had learnt those before it at their means', async () => {
    await fc.assert(
      fc.asyncProperty(sceneArbitrary, fc.constantFrom('ucb', 'ei'), async (drawn, kind) => {
        const scene = { ...drawn, kind } as typeof drawn;
        const { trained, task } = await sceneOf(scene);
        const arranged = arrange(trained, scene.space, task);
        // By the definition of GP-BUCB: everything that is supposed is conditioned on again for each choice.
        const supposed = [...task.pending];
        const score = scorerOf(task.acquisition, { values: trained.values, update: 5 }, true);
        for (const [candidate, chosenBy] of arranged.slice(0, task.take)) {
          const joint = trained.model.joint?.(scene.space);
          for (const one of supposed) joint?.condition(one);
          const left = numbersOf(task.ranking).filter((one) => !supposed.includes(one));
          const scores = left.map((one) => score(one, joint?.mean[one] ?? NaN, joint?.deviation[one] ?? NaN));
          const best = Math.max(...scores);
          expect(Math.abs(chosenBy - best)).toBeLessThan(1e-6 * Math.max(1e-3, Math.abs(best)));
          supposed.push(candidate);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('leaves a near-copy of what is pending or chosen for later', async () => {
    // 0 to 3 are known; 4 and 5 are the same molecule, 6 is another.
    const descriptors = [[-2], [-1], [0], [1], [4], [4], [-3]];
    const molecules = descriptors.map((row, i) => {
      const bits: Fragments = [[i === 5 ? 4 : i, 1]];
      return { fingerprint: rowOf([i === 5 ? 4 : i, 100]), bits, counts: bits, descriptors: [...row, 0] };
    });
    const space = moleculeRows(molecules, 2);
    const trained = await kinds.fit('gp', space, { candidates: [0, 1, 2, 3], values: [0.5, 0.51, 0.5, 0.51] });
    const acquisition = acquisitionSchema.parse({ kind: 'ucb', beta: 5 });
    const prediction = await trained.model.predict(space);
    const ranking = rankChunk(
      prediction,
      acquisition,
      { values: trained.values, update: 1 },
      { from: 0, keep: 9, exclude: [0, 1, 2, 3] },
    );
    expect(numbersOf(ranking)).toEqual([4, 5, 6]);
    const task = { ranking, take: 3, acquisition, update: 1 };
    expect(numbersOf(arrange(trained, space, { ...task, pending: [] }))).toEqual([4, 6, 5]);
    const others = ranking.slice(1);
    expect(numbersOf(arrange(trained, space, { ...task, ranking: others, pending: [4] }))).toEqual([6, 5]);
  });

  it('without a joint deviation moves near-copies behind the first few, and keeps the order otherwise', async () => {
    const rows = [
      rowOf([1, 2, 3, 4, 5, 6]),
      rowOf([1, 2, 3, 4, 5, 6, 7]),
      rowOf([10, 11, 12]),
      rowOf([10, 11, 13]),
      rowOf([20, 21]),
      rowOf([20, 21]),
    ];
    expect(jaccardDistance(rows[0] ?? rowOf([]), rows[1] ?? rowOf([]))).toBeLessThan(0.35);
    const space = rowsOf(indexOf(rows));
    const trained = await kinds.fit('knn', space, { candidates: [2], values: [1] });
    const ranking = bestOf(Float64Array.of(6, 5, 4, 3, 2, 1), 6);
    const task = { ranking, acquisition: greedy, update: 1 };
    const order = (pending: number[], take: number) => arrange(trained, space, { ...task, pending, take });
    expect(numbersOf(order([], 6))).toEqual([0, 2, 3, 4, 1, 5]);
    expect(numbersOf(order([], 2))).toEqual([0, 2, 1, 3, 4, 5]);
    expect(numbersOf(order([0], 2))).toEqual([2, 3, 0, 1, 4, 5]);
    expect(order([], 0)).toEqual(ranking);
    expect(new Map(order([], 6).map((entry) => [entry[0], entry]))).toEqual(
      new Map(ranking.map((entry) => [entry[0], entry])),
    );
  });

  it('of nothing is nothing, and refuses what is not of the space', async () => {
    const space = moleculeRows([{ fingerprint: rowOf([1]), bits: [], counts: [], descriptors: [1, 0] }], 2);
    for (const name of kinds.names) {
      const trained = await kinds.fit(name, space, { candidates: [0], values: [1] });
      const task = { ranking: [] as Ranked, pending: [], take: 4, acquisition: ucb, update: 1 };
      expect(arrange(trained, space, task)).toEqual([]);
      expect(() => arrange(trained, space, { ...task, ranking: [[1, 0.5]] })).toThrow(InputError);
      expect(() => arrange(trained, space, { ...task, pending: [1] })).toThrow(InputError);
    }
    const trained = await kinds.fit('knn', space, { candidates: [0], values: [1] });
    const thompson = acquisitionSchema.parse({ kind: 'thompson' });
    expect(() => scorerOf(thompson, { values: trained.values, update: 1 }, false)).toThrow(ConfigError);
  });
});

describe('digits of scores', () => {
  it('are seven where values differ in them, and more where they do not', () => {
    for (const values of [[], [3], [5, 5], [0.2, 0.6], [-0.3, 0.3], [1e-9, 2e-9], [-2e9, 1e9], [-155, -95]]) {
      expect(digitsFor(Float64Array.from(values))).toBe(7);
    }
    expect(digitsFor(Float64Array.of(-1_000.1, -1_000))).toBe(10);
    expect(digitsFor(Float64Array.of(1e9, 1e9 + 0.25))).toBe(15);
    expect(digitsFor(Float64Array.of(1e15, 1e15 + 1))).toBe(16);
  });

  it('rank by what tells candidates apart, however large the part that all share', () => {
    const prediction = { mean: Float64Array.of(1e9, 1e9 + 0.25, 1e9 + 0.5), deviation: null };
    const state = { values: Float64Array.of(1e9, 1e9 + 1), update: 1 };
    const ranking = rankChunk(prediction, greedy, state, { from: 0, keep: 3, exclude: [] });
    expect(numbersOf(ranking)).toEqual([2, 1, 0]);
  });
});

describe('seven significant digits', () => {
  it('are those of toPrecision', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ min: -2, max: 2, noNaN: true })),
        (value) => {
          const expected = Number(value.toPrecision(7));
          // A number half-way between two may go either way.
          expect(Math.abs(significant(value) - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1.01e-6);
          expect(Math.abs(significant(value) - value)).toBeLessThanOrEqual(Math.abs(value) * 5.1e-7);
          const isUsual = Math.abs(value) > 1e-3 && Math.abs(value) < 1e3;
          if (isUsual) expect(JSON.stringify(significant(Math.abs(value))).length).toBeLessThanOrEqual(11);
        },
      ),
    );
  });
});
