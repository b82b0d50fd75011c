import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianProcessWith } from '../../../src/ml/gaussian-process.ts';
import { modelKinds, ourModels, type Model, type ModelKind, type TrainedModel } from '../../../src/ml/index.ts';
import { nearestNeighbours } from '../../../src/ml/nearest-neighbours.ts';
import { openModel } from '../../../src/ml/trained-model.ts';
import { ConfigError, InputError } from '../../../src/protocol/errors.ts';
import { indexOf, rowOf } from './random-fingerprints.ts';
import { everyKernel, rowsOf, spaceArbitrary } from './random-rows.ts';

const kinds = modelKinds([gaussianProcessWith(everyKernel), nearestNeighbours]);
const valueArbitrary = fc.double({ min: 0.2, max: 1, noNaN: true });
/** A space, values of some of its molecules, and how many of them were known before. */
const trainingArbitrary = spaceArbitrary(1, 14).chain((space) =>
  fc.record({
    space: fc.constant(space),
    candidates: fc.uniqueArray(fc.nat(space.length - 1), { minLength: 1 }),
    values: fc.array(valueArbitrary, { minLength: space.length, maxLength: space.length }),
    before: fc.nat(space.length),
    name: fc.constantFrom(...kinds.names),
  }),
);

const predict = async ({ model }: TrainedModel, space: Parameters<Model['predict']>[0]) => model.predict(space);

describe('fitting', () => {
  const space = rowsOf(indexOf([rowOf([1]), rowOf([2])]));
  const fit = (name: string, candidates: number[], values: number[]) => kinds.fit(name, space, { candidates, values });

  it('knows our models by name', () => {
    expect(modelKinds(ourModels).names).toEqual(expect.arrayContaining(['gp', 'knn']));
  });

  it('names the models it knows when asked for another', async () => {
    await expect(fit('oracle', [0], [1])).rejects.toThrow(ConfigError);
    await expect(fit('oracle', [0], [1])).rejects.toThrow('Unknown model "oracle"; choose one of: gp, knn');
  });

  it.each([...kinds.names])('refuses to fit %s to what is not finite, too much or too little', async (name) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      await expect(fit(name, [0, 1], [0.5, bad])).rejects.toThrow(InputError);
      await expect(fit(name, [0, 1], [0.5, bad])).rejects.toThrow(`${bad}, the value of candidate 1`);
    }
    await expect(fit(name, [0], [1, 2])).rejects.toThrow('1 molecules and 2 values');
    await expect(fit(name, [], [])).rejects.toThrow('no values');
    await expect(fit(name, [2], [1])).rejects.toThrow('Row 2');
  });

  it('refuses what is not finite beside a good model before, too', async () => {
    const previous = await fit('knn', [0], [0.5]);
    const more = kinds.fit('knn', space, { candidates: [1], values: [Number.NaN] }, { previous });
    await expect(more).rejects.toThrow(InputError);
  });

  it('goes on from a model before as if it had been given everything at once', async () => {
    await fc.assert(
      fc.asyncProperty(trainingArbitrary, async ({ space, candidates, values, before, name }) => {
        const points = (from: number, to: number) => ({
          candidates: candidates.slice(from, to),
          values: values.slice(from, Math.min(to, candidates.length)),
        });
        const known = Math.min(before, candidates.length - 1);
        const previous = known === 0 ? null : await kinds.fit(name, space, points(0, known));
        const continued = await kinds.fit(name, space, points(known, candidates.length), { previous });
        const atOnce = await kinds.fit(name, space, points(0, candidates.length));
        expect(continued.candidates).toEqual(candidates);
        expect(Buffer.compare(continued.save(), atOnce.save())).toBe(0);
        expect(await predict(continued, space)).toEqual(await predict(atOnce, space));
      }),
      { numRuns: 40 },
    );
  });

  it('does not go on from a model of another kind', async () => {
    const previous = await fit('knn', [0], [0.5]);
    const other = modelKinds(ourModels).fit('gp', space, { candidates: [1], values: [1] }, { previous });
    await expect(other).rejects.toThrow(InputError);
  });
});

describe('a kind of one’s own', () => {
  /** The mean of what it knows, and how many values that is. */
  const average: ModelKind = {
    name: 'average',
    version: 1,
    fit: (_, values) => known(values),
    load: (_, __, values) => known(values),
  };
  function known(values: Float64Array): Model {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      predict: (rows) => Promise.resolve({ mean: new Float64Array(rows.length).fill(mean), deviation: null }),
      save: () => new Uint8Array(),
    };
  }

  it('is fitted, stored and loaded beside ours', async () => {
    const mine = modelKinds([...ourModels, average]);
    expect(mine.names).toEqual([...ourModels.map(({ name }) => name), 'average']);
    const space = rowsOf(indexOf([rowOf([1]), rowOf([2]), rowOf([3])]));
    const fitted = await mine.fit('average', space, { candidates: [2, 0], values: [1, 4] });
    const loaded = await mine.load(fitted.save(), space);
    expect([...(await loaded.model.predict(space)).mean]).toEqual([2.5, 2.5, 2.5]);
    await expect(kinds.load(fitted.save(), space)).rejects.toThrow('kind "average", version 1, which this Coxswain');
  });

  it('cannot take the name of another', () => {
    expect(() => modelKinds([average, average])).toThrow(ConfigError);
    expect(() => modelKinds([average, average])).toThrow('named "average"');
  });
});

describe('saved models', () => {
  it('predict as the model that was saved, to the last bit, whatever is warm', async () => {
    await fc.assert(
      fc.asyncProperty(trainingArbitrary, async ({ space, candidates, values, before, name }) => {
        const fitted = await kinds.fit(name, space, { candidates, values: values.slice(0, candidates.length) });
        const count = Math.max(1, Math.min(before, candidates.length));
        const points = { candidates: candidates.slice(0, count), values: values.slice(0, count) };
        const older = await kinds.load((await kinds.fit(name, space, points)).save(), space);
        // One that was asked has something to go on from, and one that was not has not.
        if (before % 2 === 0) await older.model.predict(space);
        const blob = fitted.save();
        const loaded = await kinds.load(Buffer.concat([Buffer.from('x'), blob]).subarray(1), space, [older]);
        expect(await predict(loaded, space)).toEqual(await predict(fitted, space));
        expect(loaded.values).toEqual(fitted.values);
        expect(Buffer.compare(loaded.save(), blob)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  const space = rowsOf(indexOf([rowOf([1, 7]), rowOf([2]), rowOf([3])]));
  const saved = async () => (await kinds.fit('knn', space, { candidates: [0, 1], values: [0.4, 0.5] })).save();

  it('are refused when any one byte is another', async () => {
    const blob = await saved();
    for (let place = 0; place < blob.length; place++) {
      for (const flip of [1, 32, 128]) {
        const damaged = Uint8Array.from(blob);
        damaged[place] = (damaged[place] ?? 0) ^ flip;
        await expect(kinds.load(damaged, space), `byte ${place}, bit ${flip}`).rejects.toThrow(InputError);
      }
    }
  });

  it('are refused when cut short or too long', async () => {
    const blob = await saved();
    for (let length = 0; length < blob.length; length++) {
      await expect(kinds.load(blob.subarray(0, length), space), `${length} bytes`).rejects.toThrow(InputError);
    }
    await expect(kinds.load(Buffer.concat([blob, Buffer.alloc(12)]), space)).rejects.toThrow(InputError);
  });

  it('are refused when they are something else', () => {
    const refused = (bytes: Uint8Array): void => {
      expect(() => openModel(bytes)).toThrow(InputError);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), refused));
    fc.assert(fc.property(fc.json(), (text) => refused(Buffer.from(`${text}\n`))));
  });

  it('are refused by name when of a version that is not known', async () => {
    const newer = modelKinds([{ ...nearestNeighbours, version: 7 }]);
    const fitted = await newer.fit('knn', space, { candidates: [0], values: [1] });
    await expect(kinds.load(fitted.save(), space)).rejects.toThrow('kind "knn", version 7');
  });

  it('are refused beside another space than that of their molecules', async () => {
    const other = rowsOf(indexOf([rowOf([1, 7]), rowOf([5]), rowOf([3])]));
    await expect(kinds.load(await saved(), other)).rejects.toThrow('molecules of another space');
    await expect(kinds.load(await saved(), space.slice(0, 1))).rejects.toThrow('Row 1');
  });
});
