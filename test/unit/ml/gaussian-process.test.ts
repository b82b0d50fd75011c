import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianProcessWith } from '../../../src/ml/gaussian-process.ts';
import type { ProcessSettings } from '../../../src/ml/gaussian-process-settings.ts';
import { FeatureTable, modelKinds, MoleculeRows, type TrainedModel } from '../../../src/ml/index.ts';
import { ConfigError, InputError } from '../../../src/protocol/errors.ts';
import { indexOf, rowOf } from './random-fingerprints.ts';
import { everyKernel, moleculeRows, rowsOf, spaceArbitrary, viewOf, type Fragments } from './random-rows.ts';

interface Case {
  name: string;
  settings: ProcessSettings;
  points: number;
  views: Record<string, Fragments[]>;
  descriptors: number[][];
  centre: number[];
  scale: number[];
  values: number[];
  mean: number[];
  deviation: number[];
  /** Of the kernel, squared: a deviation of 1 in the kernel's own scale. */
  amplitude: number;
  covariance: number[][];
}
/** Made by scikit-learn, from kernels written again in NumPy; `make-fixtures.py` beside it. */
const fixture = JSON.parse(readFileSync(new URL('fixtures/gaussian-process.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

function spaceOf({ views, descriptors, centre, scale }: Case): MoleculeRows {
  const features = FeatureTable.from(descriptors.length, {
    views: Object.entries(views).map(([name, rows]) => viewOf(name, rows)),
    names: centre.map((_, column) => `d${column}`),
    descriptors: Float32Array.from(descriptors.flat()),
    centre: Float64Array.from(centre),
    scale: Float64Array.from(scale),
  });
  return MoleculeRows.from(indexOf(descriptors.map(() => rowOf([]))), features);
}

const kindsWith = (settings: ProcessSettings) => modelKinds([gaussianProcessWith(settings)]);
const kinds = kindsWith(everyKernel);
const first = (length: number): number[] => [...Array(length).keys()];
const valueArbitrary = fc.integer({ min: 20, max: 100 }).map((hundredths) => hundredths / 100);
/** A space, and values of its first molecules, some or all. */
const trainingArbitrary = (minLength: number, maxLength: number) =>
  spaceArbitrary(minLength, maxLength).chain((space) =>
    fc.tuple(fc.constant(space), fc.array(valueArbitrary, { minLength: 1, maxLength: space.length })),
  );

async function fit(space: MoleculeRows, values: readonly number[], options = {}): Promise<TrainedModel> {
  return kinds.fit('gp', space, { candidates: first(values.length), values }, { options });
}

describe('Gaussian process', () => {
  it.each(fixture.cases)('agrees with scikit-learn: $name', async (known) => {
    const space = spaceOf(known);
    const points = { candidates: first(known.points), values: known.values };
    const { model } = await kindsWith(known.settings).fit('gp', space, points);
    const { mean, deviation } = await model.predict(space);
    expect(mean).toHaveLength(known.mean.length);
    const spread = Math.max(...known.deviation);
    known.mean.forEach((value, row) => expect(Math.abs((mean[row] ?? Number.NaN) - value)).toBeLessThan(1e-9));
    // What is left of a variance has the rounding errors of the whole: with a noise of 1e-6 its root is less exact.
    const exact = known.settings.noise < 1e-3 ? 1e-7 : 1e-10;
    known.deviation.forEach((value, row) =>
      expect(Math.abs((deviation?.[row] ?? Number.NaN) ** 2 - value ** 2)).toBeLessThan(exact * spread ** 2),
    );
  });

  it.each(fixture.cases)('conditions deviations as scikit-learn’s covariances say: $name', async (known) => {
    const space = spaceOf(known);
    const points = { candidates: first(known.points), values: known.values };
    const { model } = await kindsWith(known.settings).fit('gp', space, points);
    const joint = model.joint?.(space);
    // One step of Gaussian elimination after another, on the whole covariance of the first few.
    const left = known.covariance.map((row) => [...row]);
    const scale = new Set(known.values).size === 1 ? 1 : spread(known.values);
    for (const row of [0, 3, 1, 1].filter((one) => one < left.length)) {
      joint?.condition(row);
      const chosen = [...(left[row] ?? [])];
      const pivot = (chosen[row] ?? Number.NaN) + known.settings.noise * known.amplitude * scale ** 2;
      left.forEach(
        (line, i) => (left[i] = line.map((value, j) => value - ((chosen[i] ?? 0) * (chosen[j] ?? 0)) / pivot)),
      );
      left.forEach((line, i) =>
        expect(Math.abs((joint?.deviation[i] ?? Number.NaN) ** 2 - (line[i] ?? 0))).toBeLessThan(1e-6 * scale ** 2),
      );
    }
    expect(left.length).toBeGreaterThan(0);
  });

  it('predicts each molecule alone as it does in a chunk, to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(trainingArbitrary(1, 24), fc.nat(23), async ([space, values], row) => {
        const { model } = await fit(space, values);
        const whole = await model.predict(space);
        const place = row % space.length;
        const alone = await model.predict(space.slice(place, place + 1));
        expect(alone.mean[0]).toBe(whole.mean[place]);
        expect(alone.deviation?.[0]).toBe(whole.deviation?.[place]);
        expect([...whole.mean, ...(whole.deviation ?? [])].every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('is never less sure of anything when something else was simulated', async () => {
    await fc.assert(
      fc.asyncProperty(
        trainingArbitrary(2, 20),
        fc.array(fc.nat(), { maxLength: 8 }),
        async ([space, values], rows) => {
          const joint = (await fit(space, values)).model.joint?.(space);
          let before = [...(joint?.deviation ?? [])];
          expect(before).toHaveLength(space.length);
          for (const row of rows) {
            joint?.condition(row % space.length);
            const after = [...(joint?.deviation ?? [])];
            after.forEach((one, place) => expect(one).toBeLessThanOrEqual((before[place] ?? 0) + 1e-12));
            before = after;
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('takes space blocks of any size: 300 molecules as three parts', async () => {
    const molecules = first(300).map((i) => ({
      fingerprint: rowOf([]),
      bits: [
        [i % 17, 1],
        [20 + (i % 13), 1],
      ] as Fragments,
      counts: [[i % 7, 1 + (i % 5)]] as Fragments,
      descriptors: [Math.sin(i), Math.cos(3 * i), 0],
    }));
    const space = moleculeRows(molecules, 3);
    const { model } = await fit(
      space,
      first(150).map((i) => Math.sin(i / 9)),
    );
    const whole = await model.predict(space);
    const parts = [space.slice(0, 128), space.slice(128, 131), space.slice(131, 300)];
    const [a, b, c] = await Promise.all(parts.map(async (part) => model.predict(part)));
    expect([...(a?.mean ?? []), ...(b?.mean ?? []), ...(c?.mean ?? [])]).toEqual([...whole.mean]);
    expect([...(a?.deviation ?? []), ...(b?.deviation ?? []), ...(c?.deviation ?? [])]).toEqual([
      ...(whole.deviation ?? []),
    ]);
  });

  it('takes values that differ by rounding only for equal ones', async () => {
    const molecules = first(3).map((i) => ({ fingerprint: rowOf([]), bits: [], counts: [], descriptors: [i, 0] }));
    const space = moleculeRows(molecules, 2);
    const equal = await (await fit(space, [0.3, 0.3])).model.predict(space);
    const rounded = await (await fit(space, [0.3, 0.1 + 0.2])).model.predict(space);
    expect(rounded.deviation).toEqual(equal.deviation);
    expect(equal.deviation?.[2]).toBeGreaterThan(0.05);
  });

  it('predicts no molecules', async () => {
    const space = moleculeRows([{ fingerprint: rowOf([]), bits: [], counts: [], descriptors: [1] }], 1);
    const { model } = await fit(space, [0.5]);
    expect(await model.predict(space.slice(0, 0))).toEqual({ mean: new Float64Array(), deviation: new Float64Array() });
  });

  it('says so when there is nothing that it could compare', async () => {
    const refused = kinds.fit('gp', rowsOf(indexOf([rowOf([1])])), { candidates: [0], values: [1] });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow('this space has none');
  });

  it('refuses options that it does not know', async () => {
    const space = moleculeRows([{ fingerprint: rowOf([]), bits: [], counts: [], descriptors: [1] }], 1);
    await expect(fit(space, [1], { hyperparameters: 'guessed' })).rejects.toThrow(ConfigError);
    await expect(fit(space, [1], { noise: 3 })).rejects.toThrow(ConfigError);
  });

  it('saves its hyperparameters, and refuses others', async () => {
    const space = moleculeRows([{ fingerprint: rowOf([]), bits: [], counts: [], descriptors: [1] }], 1);
    const kind = gaussianProcessWith(everyKernel);
    const fitted = await fit(space, [1]);
    expect(JSON.parse(Buffer.from(fitted.model.save()).toString())).toEqual(everyKernel);
    const load = (text: string) => () => kind.load(Buffer.from(text), space, Float64Array.of(1), null);
    expect(load('{')).toThrow(InputError);
    expect(load('{}')).toThrow(InputError);
    expect(load(JSON.stringify({ ...everyKernel, noise: 0 }))).toThrow(InputError);
    expect(load(JSON.stringify(everyKernel))).not.toThrow();
  });
});

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values: readonly number[]): number =>
  Math.sqrt(average(values.map((value) => (value - average(values)) ** 2)));
