import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkStates } from '../../../src/ml/chunk-states.ts';
import { gaussianProcessWith } from '../../../src/ml/gaussian-process.ts';
import { modelKinds, type MoleculeRows, type TrainedModel } from '../../../src/ml/index.ts';
import { nearestNeighbours } from '../../../src/ml/nearest-neighbours.ts';
import { rowOf } from './random-fingerprints.ts';
import { everyKernel, moleculeRows, spaceArbitrary, type Fragments } from './random-rows.ts';

const kinds = modelKinds([gaussianProcessWith(everyKernel), nearestNeighbours]);
const valueArbitrary = fc.double({ min: 0.2, max: 1, noNaN: true });

/** A space and what becomes known of it, result by result; and which models are asked about which chunk, in what order. */
const historyArbitrary = spaceArbitrary(2, 20).chain((space) =>
  fc.record({
    space: fc.constant(space),
    name: fc.constantFrom(...kinds.names),
    candidates: fc.array(fc.nat(space.length - 1), { minLength: 12, maxLength: 12 }),
    values: fc.array(valueArbitrary, { minLength: 12, maxLength: 12 }),
    asked: fc.array(
      fc.record({
        points: fc.integer({ min: 1, max: 12 }),
        from: fc.nat(space.length - 1),
        /** Another result from here on: another campaign, or the same one told otherwise. */
        changed: fc.option(fc.nat(11)),
      }),
      { minLength: 2, maxLength: 12 },
    ),
    budget: fc.constantFrom(0, 1_000, 10_000, 1e9),
    spaceLength: fc.constantFrom(20, 1e9),
  }),
);

function modelOf(
  space: MoleculeRows,
  name: string,
  candidates: readonly number[],
  values: readonly number[],
  warm: readonly TrainedModel[],
): Promise<TrainedModel> {
  return kinds.fit(name, space, { candidates, values }).then((fitted) => kinds.load(fitted.save(), space, warm));
}

describe('chunk states', () => {
  it('give the predictions of beginning anew, to the last bit, whichever models ask about whichever chunks', async () => {
    await fc.assert(
      fc.asyncProperty(historyArbitrary, async ({ space, name, candidates, values, asked, budget, spaceLength }) => {
        const states = new ChunkStates(budget);
        const warm: TrainedModel[] = [];
        for (const { points, from, changed } of asked) {
          const told = values.slice(0, points).map((value, place) => (place === changed ? value / 2 : value));
          const model = await modelOf(space, name, candidates.slice(0, points), told, warm);
          warm.push(model);
          const chunk = space.slice(from, space.length);
          const continued = await states.predict(model, chunk, { space: 'space', from, spaceLength });
          const anew = await modelOf(space, name, candidates.slice(0, points), told, []);
          expect(continued).toEqual(await anew.model.predict(chunk));
          expect(states.bytes).toBeLessThanOrEqual(budget);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([300, 1e9])('grow with a training set of several blocks, in a space of %d', async (spaceLength) => {
    const molecules = Array.from({ length: 300 }, (_, i) => ({
      fingerprint: rowOf([i % 251, (3 * i) % 256]),
      bits: [
        [i % 17, 1],
        [20 + (i % 13), 1],
      ] as Fragments,
      counts: [[i % 7, 1 + (i % 5)]] as Fragments,
      descriptors: [Math.sin(i), Math.cos(3 * i), 0],
    }));
    const space = moleculeRows(molecules, 3);
    const candidates = molecules.map((_, i) => (7 * i) % 300);
    const values = candidates.map((candidate) => Math.sin(candidate / 9));
    for (const name of kinds.names) {
      const states = new ChunkStates(1e9);
      let warm: TrainedModel[] = [];
      for (let points = 101; points < 190; points += 11) {
        const model = await modelOf(space, name, candidates.slice(0, points), values.slice(0, points), warm);
        warm = [model];
        const continued = await states.predict(model, space, { space: 'space', from: 0, spaceLength });
        const anew = await modelOf(space, name, candidates.slice(0, points), values.slice(0, points), []);
        expect(continued).toEqual(await anew.model.predict(space));
      }
    }
  });

  it.each([...kinds.names])('let %s learn from what is new only', async (name) => {
    const [space] = fc.sample(spaceArbitrary(12, 12), { seed: 5, numRuns: 1 });
    if (space === undefined) throw new Error('no sample');
    const candidates = [...Array(12).keys()];
    const values = candidates.map((candidate) => Math.sin(candidate));
    const states = new ChunkStates(1e9);
    const place = { space: 'space', from: 0, spaceLength: 12 };
    const given: unknown[] = [];
    for (const points of [4, 8, 8, 12, 4]) {
      const trained = await modelOf(space, name, candidates.slice(0, points), values.slice(0, points), []);
      const again = trained.model.again?.bind(trained.model);
      trained.model.again = (rows, state, length) => {
        given.push(state === null ? 'anew' : 'on');
        if (again === undefined) throw new Error('cannot go on');
        return again(rows, state, length);
      };
      await states.predict(trained, space, place);
    }
    // The last one knows less than what the chunk was left with.
    expect(given).toEqual(['anew', 'on', 'on', 'on', 'anew']);
  });

  it('forget the chunk that was used least recently when there is no room', async () => {
    const [space] = fc.sample(spaceArbitrary(12, 12), { seed: 5, numRuns: 1 });
    if (space === undefined) throw new Error('no sample');
    const trained = await modelOf(space, 'knn', [0, 1], [1, 2], []);
    const chunks = [0, 4, 8].map(
      (from) => [space.slice(from, from + 4), { space: 's', from, spaceLength: 12 }] as const,
    );
    const states = new ChunkStates(1e9);
    for (const chunk of chunks) await states.predict(trained, ...chunk);
    const small = new ChunkStates((states.bytes / 3) * 2);
    for (const chunk of chunks) await small.predict(trained, ...chunk);
    expect(small.bytes).toBe((states.bytes / 3) * 2);
  });

  it('are not kept by a model that fails halfway', async () => {
    const [space] = fc.sample(spaceArbitrary(6, 6), { seed: 5, numRuns: 1 });
    if (space === undefined) throw new Error('no sample');
    const states = new ChunkStates(1e9);
    const place = { space: 'space', from: 0, spaceLength: 6 };
    await states.predict(await modelOf(space, 'knn', [0], [1], []), space, place);
    const failing = await modelOf(space, 'knn', [0, 1], [1, 2], []);
    failing.model.again = () => {
      throw new Error('out of luck');
    };
    await expect(states.predict(failing, space, place)).rejects.toThrow('out of luck');
    expect(states.bytes).toBe(0);
  });
});
