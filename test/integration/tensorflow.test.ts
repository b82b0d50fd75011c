import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { modelKinds, type TrainedModel } from '../../src/ml/index.ts';
import { openBackend } from '../../src/ml/neural/backend.ts';
import { neuralEnsemble } from '../../src/ml/neural/mlp.ts';
import { inspectMachine } from '../../src/setup/doctor.ts';
import { ensureTensorFlow } from '../../src/setup/tensorflow.ts';
import { heights, molecules } from '../unit/ml/neural/landscape.ts';

/* TensorFlow's native library, as `cox doctor --install tensorflow` sets it up: `npm test` has done so, or this does. */
beforeAll(async () => {
  await ensureTensorFlow({ onProgress: (line) => process.stderr.write(`${line}\n`) });
}, 600_000);
afterEach(() => void vi.unstubAllEnvs());

const on = <T>(backend: 'native' | 'wasm', act: () => Promise<T>): Promise<T> => {
  vi.stubEnv('COX_TENSORFLOW', backend);
  return act();
};

const space = molecules(2500, 21);
const kinds = modelKinds([neuralEnsemble]);
const fit = (points: number): Promise<TrainedModel> => {
  const candidates = Array.from({ length: points }, (_, place) => place);
  return kinds.fit('mlp', space, { candidates, values: [...heights(space.take(candidates))] }, { seed: 4 });
};
const heightsSpread = 0.03;

/** The largest difference of two lists, in deviations of the values of the space. */
const farthest = (one: Float64Array, other: Float64Array): number =>
  one.reduce((most, value, row) => Math.max(most, Math.abs(value - (other[row] as number))), 0) / heightsSpread;

describe('the native TensorFlow', () => {
  it('is found in the cache, told by cox doctor, and taken where nothing else is asked for', async () => {
    vi.stubEnv('COX_TENSORFLOW', '');
    expect(await openBackend()).toMatchObject({ kind: 'native' });
    const finding = (await inspectMachine()).find(({ name }) => name === 'TensorFlow');
    expect(finding).toMatchObject({ status: 'ok' });
    expect(finding?.version).toMatch(/^2\.\d+\.\d+ native$/);
  });

  it.each([8, 40, 700])('fits the same ensemble to %i points as WebAssembly, within rounding', async (points) => {
    const native = await on('native', () => fit(points));
    const wasm = await on('wasm', () => fit(points));
    const [there, here] = [await native.model.predict(space), await wasm.model.predict(space)];
    expect(farthest(there.mean, here.mean)).toBeLessThan(0.02);
    expect(farthest(there.deviation as Float64Array, here.deviation as Float64Array)).toBeLessThan(0.02);
    // Two backends did compute them.
    expect(native.save()).not.toEqual(wasm.save());
  });

  it('predicts the same from what WebAssembly saved, and the other way round', async () => {
    for (const [first, second] of [
      ['native', 'wasm'],
      ['wasm', 'native'],
    ] as const) {
      const trained = await on(first, () => fit(60));
      const loaded = await on(second, () => kinds.load(trained.save(), space));
      const [before, after] = [await trained.model.predict(space), await loaded.model.predict(space)];
      expect(farthest(after.mean, before.mean)).toBeLessThan(1e-4);
      expect(farthest(after.deviation as Float64Array, before.deviation as Float64Array)).toBeLessThan(1e-4);
    }
  });

  it('comes out the same each time, and for a molecule whichever others it is asked with', async () => {
    const [one, again] = await on('native', async () => [await fit(60), await fit(60)] as const);
    expect(again.save()).toEqual(one.save());
    const whole = await one.model.predict(space);
    const part = await one.model.predict(space.slice(1020, 1030));
    expect(part.mean).toEqual(whole.mean.slice(1020, 1030));
    expect(part.deviation).toEqual(whole.deviation?.slice(1020, 1030));
  });
});
