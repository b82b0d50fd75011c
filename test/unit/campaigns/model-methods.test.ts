import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreCandidates } from '../../../campaigns/molecular-design/methods/score-candidates.ts';
import { trainModel } from '../../../campaigns/molecular-design/methods/train-model.ts';
import { ConfigError, InputError } from '../../../src/index.ts';
import { bestOf, fitModel, mergeBest } from '../../../src/ml/index.ts';
import { indexOf, rowOf, rowsArbitrary } from '../ml/random-fingerprints.ts';
import { memoryContext } from './memory-context.ts';

const space = indexOf(
  Array.from({ length: 30 }, (_, row) => rowOf([row, row * 3, (row * row) % 256, 200 + (row % 7)])),
);
const candidates = [3, 28, 11, 7, 19, 0];
const values = [0.41, 0.62, 0.55, 0.38, 0.47, 0.5];

async function trained() {
  const { context, reads } = memoryContext();
  const fingerprints = await context.objects.put(space.bytes);
  const { model, trainedOn } = await trainModel.run({ model: 'knn', fingerprints, candidates, values }, context);
  return { context, reads, fingerprints, model, trainedOn };
}

describe('train-model', () => {
  it('stores the model of these rows and values, as its schemas promise', async () => {
    const { context, fingerprints, model, trainedOn } = await trained();
    expect(trainedOn).toBe(6);
    expect(trainModel.output.parse({ model, trainedOn })).toEqual({ model, trainedOn });
    const input = { model: 'knn', fingerprints, candidates, values };
    expect(trainModel.input.parse(input)).toEqual(input);
    const expected = fitModel('knn', space.take(candidates), values).save();
    expect(Buffer.compare(await context.objects.get(model), expected)).toBe(0);
  });

  it.each([
    ['a candidate beyond the space', { candidates: [30], values: [1] }, InputError, 'Row 30'],
    ['more values than candidates', { candidates: [1], values: [1, 2] }, InputError, '1 fingerprints and 2 values'],
    ['nothing', { candidates: [], values: [] }, InputError, 'no values'],
    ['a value that is not finite', { candidates: [1], values: [Infinity] }, InputError, 'Infinity'],
    ['an unknown model', { candidates: [1], values: [1], model: 'forest' }, ConfigError, 'choose one of: knn'],
  ])('refuses %s', async (_, input, kind, message) => {
    const { context, fingerprints } = await trained();
    const run = async () => trainModel.run({ model: 'knn', fingerprints, ...input }, context);
    await expect(run()).rejects.toThrow(kind);
    await expect(run()).rejects.toThrow(message);
  });

  it('refuses a blob that is no fingerprint matrix', async () => {
    const { context } = await trained();
    const fingerprints = await context.objects.put(new Uint8Array(33));
    const run = async () => trainModel.run({ model: 'knn', fingerprints, candidates, values }, context);
    await expect(run()).rejects.toThrow(InputError);
  });
});

describe('score-candidates', () => {
  it('of all chunks, merged, ranks the space as scoring it whole does', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(4, 40),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat(39)),
        async (rows, chunk, keep, places) => {
          const { context } = memoryContext();
          const index = indexOf(rows);
          const fingerprints = await context.objects.put(index.bytes);
          const own = [0, 2, 3];
          const { model } = await trainModel.run(
            { model: 'knn', fingerprints, candidates: own, values: [0.4, 0.5, 0.6] },
            context,
          );
          const submitted = [...own, ...places.filter((place) => place < rows.length)];
          const parts = [];
          for (let from = 0; from < rows.length; from += chunk) {
            const to = Math.min(from + chunk, rows.length);
            const exclude = submitted.filter((candidate) => candidate >= from && candidate < to);
            const part = await scoreCandidates.run({ model, fingerprints, from, to, exclude, keep }, context);
            expect(scoreCandidates.output.parse(part)).toEqual(part);
            parts.push(part);
          }
          expect(parts.reduce((sum, { scored }) => sum + scored, 0)).toBe(rows.length - new Set(submitted).size);
          const { mean } = fitModel('knn', index.take(own), [0.4, 0.5, 0.6]).predict(index);
          const merged = mergeBest(
            parts.map(({ best }) => best),
            keep,
          );
          expect(merged).toEqual(bestOf(mean, keep, 0, submitted));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads the matrix and the model once, however many chunks, and the matrix anew for another space', async () => {
    const { context, reads, fingerprints, model } = await trained();
    const score = async (matrix: string) =>
      scoreCandidates.run({ model, fingerprints: matrix, from: 0, to: 2, exclude: [], keep: 2 }, context);
    await score(fingerprints);
    await score(fingerprints);
    expect(reads).toEqual([fingerprints, model]);
    const other = await context.objects.put(space.slice(10, 20).bytes);
    const direct = fitModel('knn', space.take(candidates), values).predict(space.slice(10, 12)).mean;
    expect((await score(other)).best).toEqual(bestOf(direct, 2));
    expect(reads).toEqual([fingerprints, model, other]);
  });

  it('of an empty chunk is empty', async () => {
    const { context, fingerprints, model } = await trained();
    const run = scoreCandidates.run({ model, fingerprints, from: 30, to: 30, exclude: [], keep: 1 }, context);
    expect(await run).toEqual({ best: [], scored: 0 });
  });

  it.each([
    ['a chunk beyond the space', { from: 20, to: 31 }, 'Rows 20 to 31'],
    ['a chunk that ends before it begins', { from: 5, to: 4 }, 'Rows 5 to 4'],
    ['an exclusion outside the chunk', { from: 5, to: 9, exclude: [9] }, 'Candidate 9'],
  ])('refuses %s', async (_, input, message) => {
    const { context, fingerprints, model } = await trained();
    const run = async () => scoreCandidates.run({ model, fingerprints, exclude: [], keep: 1, ...input }, context);
    await expect(run()).rejects.toThrow(InputError);
    await expect(run()).rejects.toThrow(message);
  });

  it('refuses a blob that is no model', async () => {
    const { context, fingerprints } = await trained();
    const run = async () =>
      scoreCandidates.run({ model: fingerprints, fingerprints, from: 0, to: 1, exclude: [], keep: 1 }, context);
    await expect(run()).rejects.toThrow(InputError);
    await expect(run()).rejects.toThrow('no saved model');
  });

  it.each([{ from: -1 }, { to: 0.5 }, { keep: 0 }, { exclude: [-1] }, { model: 'knn' }])(
    'has a schema that refuses %j',
    (wrong) => {
      const ref = 'a'.repeat(64);
      const input = { model: ref, fingerprints: ref, from: 0, to: 2, exclude: [1], keep: 1 };
      expect(scoreCandidates.input.safeParse(input).success).toBe(true);
      expect(scoreCandidates.input.safeParse({ ...input, ...wrong }).success).toBe(false);
    },
  );
});
