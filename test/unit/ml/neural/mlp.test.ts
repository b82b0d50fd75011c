import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type * as tfjs from '@tensorflow/tfjs-core';
import { modelKinds, type Model } from '../../../../src/ml/index.ts';
import { neuralEnsemble } from '../../../../src/ml/neural/mlp.ts';
import type { MoleculeRows } from '../../../../src/ml/rows.ts';
import { ConfigError, InputError } from '../../../../src/protocol/errors.ts';
import { explained, heights, molecules } from './landscape.ts';

// The backend that every machine has.
beforeAll(() => void vi.stubEnv('COX_TENSORFLOW', 'wasm'));
afterAll(() => void vi.unstubAllEnvs());

const fit = async (rows: MoleculeRows, values = heights(rows), seed = 1, options = {}): Promise<Model> =>
  neuralEnsemble.fit(rows, values, { seed, previous: null, options });
const load = async (body: Uint8Array, rows: MoleculeRows): Promise<Model> =>
  neuralEnsemble.load(body, rows, heights(rows), null);
const mean = (numbers: Float64Array): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('an ensemble of neural networks', () => {
  it('learns what no line follows, and the better the more points there are', async () => {
    const others = molecules(300, 99);
    const truth = heights(others);
    const seen: number[] = [];
    for (const points of [20, 120, 600]) {
      const { mean: predicted } = await (await fit(molecules(points, 7))).predict(others);
      seen.push(explained(predicted, truth));
    }
    const [few = 0, some = 0, many = 0] = seen;
    expect(few).toBeGreaterThan(0.7);
    expect(few).toBeLessThan(0.97);
    // A line through all of them would explain 0.75.
    expect(some).toBeGreaterThan(0.97);
    expect(many).toBeGreaterThan(0.99);
  });

  it('is less sure far from its points, and about as sure as it is right near them', async () => {
    const model = await fit(molecules(120, 7, 1));
    const near = molecules(200, 8, 1);
    const far = molecules(200, 9, 4);
    const [there, away] = [await model.predict(near), await model.predict(far)];
    expect(mean(away.deviation as Float64Array)).toBeGreaterThan(3 * mean(there.deviation as Float64Array));
    const truth = heights(near);
    const surprise = truth.map((value, row) => ((value - (there.mean[row] ?? 0)) / (there.deviation?.[row] ?? 0)) ** 2);
    expect(Math.sqrt(mean(surprise))).toBeGreaterThan(0.4);
    expect(Math.sqrt(mean(surprise))).toBeLessThan(2);
  });

  it('comes out the same to the last bit with the same seed, and otherwise with another', async () => {
    const rows = molecules(60, 3);
    const [one, again, other] = [await fit(rows), await fit(rows), await fit(rows, heights(rows), 2)];
    expect(again.save()).toEqual(one.save());
    const others = molecules(50, 4);
    expect(await again.predict(others)).toEqual(await one.predict(others));
    expect(await other.predict(others)).not.toEqual(await one.predict(others));
  });

  it('predicts the same of a molecule whichever others it is asked with', async () => {
    const model = await fit(molecules(60, 3));
    const others = molecules(2100, 4);
    const whole = await model.predict(others);
    for (const [from, to] of [
      [0, 1],
      [1000, 1100],
      [2047, 2100],
    ] as const) {
      const part = await model.predict(others.slice(from, to));
      expect(part.mean).toEqual(whole.mean.slice(from, to));
      expect(part.deviation).toEqual(whole.deviation?.slice(from, to));
    }
    expect(await model.predict(others.slice(5, 5))).toEqual({
      mean: new Float64Array(),
      deviation: new Float64Array(),
    });
  });

  it('is saved, and predicts the same when it was loaded', async () => {
    const space = molecules(400, 5);
    const kinds = modelKinds([neuralEnsemble]);
    const candidates = Array.from({ length: 40 }, (_, place) => place * 7);
    const values = [...heights(space.take(candidates))];
    const trained = await kinds.fit('mlp', space, { candidates, values }, { seed: 9 });
    const loaded = await kinds.load(trained.save(), space);
    expect(await loaded.model.predict(space)).toEqual(await trained.model.predict(space));
    expect(loaded.save()).toEqual(trained.save());
  });

  it.each([1, 2, 3, 5, 8, 15, 16])('is fitted to %i points', async (points) => {
    const { mean: predicted, deviation } = await (await fit(molecules(points, 6))).predict(molecules(40, 7));
    const [low, high] = [Math.min(...heights(molecules(points, 6))), Math.max(...heights(molecules(points, 6)))];
    for (const value of predicted) {
      expect(value).toBeGreaterThan(low - 2 * (high - low) - 1e-6);
      expect(value).toBeLessThan(high + 2 * (high - low) + 1e-6);
    }
    expect(deviation?.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    // Of one point there is only one sample.
    expect(deviation?.some((value) => value > 0)).toBe(points > 1);
  });

  it('predicts a constant of equal values, and knows molecules that are the same', async () => {
    const rows = molecules(30, 6);
    const flat = await (await fit(rows, new Float64Array(30).fill(0.1))).predict(molecules(40, 7));
    expect([...flat.mean]).toEqual(new Array(40).fill(0.1));
    expect([...(flat.deviation ?? [])]).toEqual(new Array(40).fill(0));
    const twice = rows.take([...Array(30).keys(), ...Array(30).keys()]);
    const predicted = await (await fit(twice)).predict(twice);
    expect(predicted.mean.slice(0, 30)).toEqual(predicted.mean.slice(30));
  });

  it('learns the same in any unit', async () => {
    const [rows, others] = [molecules(60, 3), molecules(50, 4)];
    const usual = await (await fit(rows)).predict(others);
    const unit = 2 ** -50;
    const small = await (
      await fit(
        rows,
        heights(rows).map((height) => height * unit),
      )
    ).predict(others);
    expect(small.mean).toEqual(usual.mean.map((height) => height * unit));
  });

  it('leaves no tensor behind', async () => {
    const tf = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof tfjs;
    const model = await fit(molecules(5, 3));
    const before = tf.memory().numTensors;
    for (const points of [1, 50, 600]) await fit(molecules(points, 3));
    await model.predict(molecules(3000, 4));
    await (await load(model.save(), molecules(3, 3))).predict(molecules(10, 4));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes sizes as options, and refuses what it does not know', async () => {
    const rows = molecules(20, 3);
    const small = await fit(rows, heights(rows), 1, { members: 3, units: 4 });
    expect(small.save().length).toBeLessThan((await fit(rows)).save().length / 4);
    await expect(fit(rows, heights(rows), 1, { units: 0 })).rejects.toThrow(ConfigError);
    await expect(fit(rows, heights(rows), 1, { layers: 3 })).rejects.toThrow(/"mlp" cannot be fitted so.*layers/s);
  });

  it('refuses values that are no numbers, and bytes that are none of its own', async () => {
    const space = molecules(20, 3);
    for (const bad of [NaN, Infinity]) {
      const points = { candidates: [1, 2, 3], values: [1, bad, 3] };
      await expect(modelKinds([neuralEnsemble]).fit('mlp', space, points)).rejects.toThrow(InputError);
    }
    const body = (await fit(space)).save();
    const spoiled = Uint8Array.from(body);
    new DataView(spoiled.buffer).setFloat32(spoiled.length - 4, NaN, true);
    for (const bytes of [new Uint8Array(), body.subarray(1), body.subarray(0, -4), spoiled]) {
      await expect(load(bytes, space)).rejects.toThrow(InputError);
    }
  });
});
