import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseByEvidence } from '../../../src/ml/evidence.ts';
import { gaussianProcessWith } from '../../../src/ml/gaussian-process.ts';
import type { ProcessSettings } from '../../../src/ml/gaussian-process-settings.ts';
import { modelKinds } from '../../../src/ml/index.ts';
import { normalOf } from '../../../src/ml/normal.ts';
import { rowOf } from './random-fingerprints.ts';
import { everyKernel, moleculeRows, spaceArbitrary, type Fragments } from './random-rows.ts';

/** 60 molecules whose fragments say nothing and whose first descriptor says all. */
const space = moleculeRows(
  Array.from({ length: 60 }, (_, i) => ({
    fingerprint: rowOf([]),
    bits: [
      [i % 11, 1],
      [20 + ((i * 7) % 13), 1],
    ] as Fragments,
    counts: [[i % 5, 1 + (i % 3)]] as Fragments,
    descriptors: [3 * normalOf(1, 1, i), normalOf(2, 1, i), 0],
  })),
  3,
);
const descriptor = (row: number): number => space.features.descriptors[row * 3] ?? Number.NaN;

describe('hyperparameters by evidence', () => {
  it('give weight to what explains the values, and noise to what nothing explains', () => {
    const linear = Float64Array.from({ length: 60 }, (_, row) => 0.5 + 0.1 * descriptor(row));
    const trusting = chooseByEvidence(everyKernel, space.features, linear);
    const share = ({ linear: own, fragments }: ProcessSettings): number => own / (own + fragments);
    expect(share(trusting)).toBeGreaterThan(2 * share(everyKernel));
    expect(trusting.noise).toBeLessThan(everyKernel.noise);
    const random = Float64Array.from({ length: 60 }, (_, row) => normalOf(9, 9, row));
    expect(chooseByEvidence(everyKernel, space.features, random).noise).toBeGreaterThan(0.05);
  });

  it('are as given with fewer than twelve values, and never out of reach', () => {
    fc.assert(
      fc.property(
        spaceArbitrary(12, 16),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
        (molecules, values) => {
          const features = molecules.features.slice(0, 12);
          const few = Float64Array.from(values.slice(0, 11));
          expect(chooseByEvidence(everyKernel, features.slice(0, 11), few)).toBe(everyKernel);
          const chosen = chooseByEvidence(everyKernel, features, Float64Array.from(values));
          for (const name of ['fragments', 'rbf', 'lengthScale', 'linear', 'noise'] as const) {
            const ratio = chosen[name] / everyKernel[name];
            expect(ratio).toBeGreaterThanOrEqual(1 / 16);
            expect(ratio).toBeLessThanOrEqual(16);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are stored with the model, which predicts the same when it is loaded', async () => {
    const kinds = modelKinds([gaussianProcessWith(everyKernel)]);
    const candidates = Array.from({ length: 30 }, (_, row) => row);
    const points = { candidates, values: candidates.map((row) => 0.1 * descriptor(row)) };
    const options = { hyperparameters: 'evidence' };
    const fitted = await kinds.fit('gp', space, points, { options });
    expect(Buffer.compare(fitted.model.save(), (await kinds.fit('gp', space, points)).model.save())).not.toBe(0);
    const loaded = await kinds.load(fitted.save(), space);
    expect(await loaded.model.predict(space)).toEqual(await fitted.model.predict(space));
    const { mean } = await loaded.model.predict(space.slice(30, 60));
    mean.forEach((value, row) => expect(Math.abs(value - 0.1 * descriptor(30 + row))).toBeLessThan(0.1));
  });
});
