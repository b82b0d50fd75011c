import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrangeRanking } from '../../../campaigns/molecular-design/methods/arrange-ranking.ts';
import { models } from '../../../campaigns/molecular-design/methods/models.ts';
import { scoreCandidates } from '../../../campaigns/molecular-design/methods/score-candidates.ts';
import { trainModel } from '../../../campaigns/molecular-design/methods/train-model.ts';
import { ConfigError, InputError, type ObjectRef } from '../../../src/index.ts';
import {
  acquisitionSchema,
  arrange,
  mergeBest,
  MoleculeRows,
  rankChunk,
  type AcquisitionInput,
  type Ranked,
} from '../../../src/ml/index.ts';
import { indexOf, rowOf, rowsArbitrary } from '../ml/random-fingerprints.ts';
import { descriptorsOnly } from '../ml/random-rows.ts';
import { memoryContext } from './memory-context.ts';

const fingerprints = indexOf(
  Array.from({ length: 30 }, (_, row) => rowOf([row, row * 3, (row * row) % 256, 200 + (row % 7)])),
);
const spaceOf = (index: typeof fingerprints): MoleculeRows =>
  MoleculeRows.from(index, descriptorsOnly(Array.from({ length: index.length }, (_, row) => [row / 9, Math.sin(row)])));
const space = spaceOf(fingerprints);
/** Models that learn the same whether all at once or bit by bit. */
const exact = ['gp', 'knn'];
const candidates = [3, 28, 11, 7, 19, 0];
const values = [0.41, 0.62, 0.55, 0.38, 0.47, 0.5];

type Context = ReturnType<typeof memoryContext>['context'];

async function store(context: Context, rows: MoleculeRows) {
  return {
    fingerprints: await context.objects.put(rows.fingerprints.bytes),
    features: await context.objects.put(rows.features.encode()),
  };
}

/** Arguments are completed by a method's schema, as a worker does it. */
const train = (context: Context, input: Record<string, unknown>) =>
  trainModel.run(trainModel.input.parse({ seed: 0, previous: null, ...input }), context);
const score = (context: Context, input: Record<string, unknown>) =>
  scoreCandidates.run(scoreCandidates.input.parse({ acquisition: {}, update: 1, ...input }), context);

async function trained(model = 'knn') {
  const { context, reads } = memoryContext();
  const refs = await store(context, space);
  const { model: ref, trainedOn } = await train(context, { model, ...refs, candidates, values });
  return { context, reads, refs, model: ref, trainedOn };
}

describe('train-model', () => {
  it.each(exact)('stores the %s of these rows and values, as its schemas promise', async (name) => {
    const { context, refs, model, trainedOn } = await trained(name);
    expect(trainedOn).toBe(6);
    expect(trainModel.output.parse({ model, trainedOn })).toEqual({ model, trainedOn });
    const input = { model: name, ...refs, candidates, values, seed: 3, previous: null, options: {} };
    expect(trainModel.input.parse(input)).toEqual(input);
    const expected = (await models.fit(name, space, { candidates, values })).save();
    expect(Buffer.compare(await context.objects.get(model), expected)).toBe(0);
  });

  it.each(exact)('adds what is new to what the previous %s learnt', async (name) => {
    const { context, refs, model } = await trained(name);
    const part = (from: number, to: number) => ({
      candidates: candidates.slice(from, to),
      values: values.slice(from, to),
    });
    const first = await train(context, { model: name, ...refs, ...part(0, 2) });
    const second = await train(context, { model: name, ...refs, ...part(2, 3), previous: first.model });
    const third = await train(context, { model: name, ...refs, ...part(3, 6), previous: second.model });
    expect([first, second, third].map(({ trainedOn }) => trainedOn)).toEqual([2, 3, 6]);
    expect(third.model).toBe(model);
  });

  it.each([
    ['a candidate beyond the space', { candidates: [30], values: [1] }, InputError, 'Row 30'],
    ['more values than candidates', { candidates: [1], values: [1, 2] }, InputError, '1 molecules and 2 values'],
    ['nothing', { candidates: [], values: [] }, InputError, 'no values'],
    ['an unknown model', { candidates: [1], values: [1], model: 'forest' }, ConfigError, 'choose one of:'],
    ['unknown options', { candidates: [1], values: [1], model: 'gp', options: { magic: 1 } }, ConfigError, 'magic'],
  ])('refuses %s', async (_, input, kind, message) => {
    const { context, refs } = await trained();
    const run = async () => train(context, { model: 'knn', ...refs, ...input });
    await expect(run()).rejects.toThrow(kind);
    await expect(run()).rejects.toThrow(message);
  });

  it('refuses a value that is not finite, at its border and behind it', async () => {
    const { context, refs } = await trained();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const input = { model: 'knn', ...refs, seed: 0, previous: null, candidates: [1], values: [bad] };
      expect(trainModel.input.safeParse(input).success).toBe(false);
      const unchecked = { ...trainModel.input.parse({ ...input, values: [1] }), values: [bad] };
      await expect(trainModel.run(unchecked, context)).rejects.toThrow(InputError);
    }
  });

  it('refuses blobs that are no fingerprints, no features, or of different molecules', async () => {
    const { context, refs } = await trained();
    const run = async (other: Record<string, ObjectRef>) =>
      train(context, { model: 'knn', candidates, values, ...refs, ...other });
    const blob = await context.objects.put(new Uint8Array(33));
    await expect(run({ fingerprints: blob })).rejects.toThrow(InputError);
    await expect(run({ features: blob })).rejects.toThrow(InputError);
    const fewer = await store(context, space.slice(0, 29));
    await expect(run({ features: fewer.features })).rejects.toThrow(InputError);
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
        fc.constantFrom<[string, AcquisitionInput]>(
          ['knn', {}],
          ['knn', { kind: 'ei', top: 2, seek: 'lowest' }],
          ['gp', { kind: 'ucb', beta: 1 }],
          ['gp', { kind: 'thompson', seed: 8 }],
        ),
        async (rows, chunk, keep, places, [name, acquisition]) => {
          const { context } = memoryContext();
          const whole = spaceOf(indexOf(rows));
          const refs = await store(context, whole);
          const own = { candidates: [0, 2, 3], values: [0.4, 0.5, 0.6] };
          const { model } = await train(context, { model: name, ...refs, ...own });
          const submitted = [...own.candidates, ...places.filter((place) => place < rows.length)];
          const parts: { best: Ranked; scored: number }[] = [];
          for (let from = 0; from < rows.length; from += chunk) {
            const to = Math.min(from + chunk, rows.length);
            const exclude = submitted.filter((candidate) => candidate >= from && candidate < to);
            const part = await score(context, { model, ...refs, acquisition, from, to, exclude, keep, update: 2 });
            expect(scoreCandidates.output.parse(part)).toEqual(part);
            parts.push(part);
          }
          expect(parts.reduce((sum, { scored }) => sum + scored, 0)).toBe(rows.length - new Set(submitted).size);
          const fitted = await models.fit(name, whole, own);
          const expected = rankChunk(
            await fitted.model.predict(whole),
            acquisitionSchema.parse(acquisition),
            { values: fitted.values, update: 2 },
            { from: 0, keep, exclude: submitted },
          );
          const lists = parts.map(({ best }) => best);
          expect(mergeBest(lists, keep)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives score, mean and deviation, the score in the direction of the search', async () => {
    const { context, refs, model } = await trained('gp');
    const acquisition = { kind: 'ucb', beta: 2, seek: 'lowest' };
    const { best } = await score(context, { model, ...refs, acquisition, from: 0, to: 30, exclude: [], keep: 30 });
    expect(best).toHaveLength(30);
    for (const [, scored, mean, deviation] of best)
      expect(scored).toBeCloseTo(2 * (deviation ?? NaN) - (mean ?? NaN), 5);
    const known = new Map(best.map(([candidate, , mean]) => [candidate, mean ?? NaN]));
    candidates.forEach((candidate, place) => expect(known.get(candidate)).toBeCloseTo(values[place] ?? NaN, 1));
    const { model: knn } = await train(context, { model: 'knn', ...refs, candidates, values });
    const without = await score(context, { model: knn, ...refs, from: 0, to: 30, exclude: [], keep: 3 });
    for (const [, scored, mean, deviation] of without.best) expect([mean, deviation]).toEqual([scored, null]);
  });

  it.each(exact)('goes on with %s from the chunk that an older one left, with the same result', async (name) => {
    const { context, refs } = await trained(name);
    const chunk = { ...refs, from: 2, to: 29, exclude: [], keep: 27 };
    let previous: ObjectRef | null = null;
    for (const to of [2, 3, 6]) {
      const points = { candidates: candidates.slice(0, to), values: values.slice(0, to) };
      const from: number = previous === null ? 0 : to === 3 ? 2 : 3;
      const added = { candidates: candidates.slice(from, to), values: values.slice(from, to) };
      const { model }: { model: ObjectRef } = await train(context, { model: name, ...refs, ...added, previous });
      previous = model;
      const anew = memoryContext().context;
      const again = await store(anew, space);
      const { model: alone } = await train(anew, { model: name, ...again, ...points });
      expect(await score(context, { ...chunk, model })).toEqual(
        await score(anew, { ...chunk, ...again, model: alone }),
      );
    }
  });

  it('reads the space and the model once, however many chunks, and the space anew when it is another', async () => {
    const { context, reads, refs, model } = await trained();
    const chunk = { model, from: 0, to: 2, exclude: [], keep: 2 };
    await score(context, { ...chunk, ...refs });
    await score(context, { ...chunk, ...refs });
    expect(reads).toEqual([refs.fingerprints, refs.features, model]);
    const other = await store(context, space.slice(10, 20));
    const { model: another } = await train(context, { model: 'knn', ...other, candidates: [1], values: [2] });
    await score(context, { ...chunk, ...other, model: another });
    expect(reads.slice(3)).toEqual([other.fingerprints, other.features, another]);
    // A model says so when it is asked about molecules that it was not fitted to.
    await expect(score(context, { ...chunk, ...other })).rejects.toThrow(InputError);
  });

  it('of an empty chunk is empty', async () => {
    const { context, refs, model } = await trained();
    const run = score(context, { model, ...refs, from: 30, to: 30, exclude: [], keep: 1 });
    expect(await run).toEqual({ best: [], scored: 0 });
  });

  it.each([
    ['a chunk beyond the space', { from: 20, to: 31 }, 'Rows 20 to 31'],
    ['a chunk that ends before it begins', { from: 5, to: 4 }, 'Rows 5 to 4'],
    ['an exclusion outside the chunk', { from: 5, to: 9, exclude: [9] }, 'Candidate 9'],
  ])('refuses %s', async (_, input, message) => {
    const { context, refs, model } = await trained();
    const run = async () => score(context, { model, ...refs, exclude: [], keep: 1, ...input });
    await expect(run()).rejects.toThrow(InputError);
    await expect(run()).rejects.toThrow(message);
  });

  it('refuses a blob that is no model, and an acquisition that the model cannot serve', async () => {
    const { context, refs, model } = await trained();
    const chunk = { ...refs, from: 0, to: 1, exclude: [], keep: 1 };
    await expect(score(context, { ...chunk, model: refs.fingerprints })).rejects.toThrow('no saved model');
    const thompson = score(context, { ...chunk, model, acquisition: { kind: 'thompson' } });
    await expect(thompson).rejects.toThrow(ConfigError);
  });

  it.each([
    { from: -1 },
    { to: 0.5 },
    { keep: 0 },
    { exclude: [-1] },
    { model: 'knn' },
    { acquisition: { kind: 'best guess' } },
    { update: -1 },
  ])('has a schema that refuses %j', (wrong) => {
    const ref = 'a'.repeat(64);
    const space = { fingerprints: ref, features: ref };
    const input = { model: ref, ...space, acquisition: {}, from: 0, to: 2, exclude: [1], keep: 1, update: 1 };
    expect(scoreCandidates.input.safeParse(input).success).toBe(true);
    expect(scoreCandidates.input.safeParse({ ...input, ...wrong }).success).toBe(false);
  });
});

describe('arrange-ranking', () => {
  it.each(exact)('arranges a ranking of %s as the function behind it does', async (name) => {
    const { context, refs, model } = await trained(name);
    const acquisition = acquisitionSchema.parse({ kind: 'ucb', beta: 1 });
    const exclude = [...candidates, 5];
    const { best } = await score(context, { model, ...refs, acquisition, from: 0, to: 30, exclude, keep: 12 });
    const input = { model, ...refs, acquisition, ranking: best, pending: [5], take: 4, update: 1 };
    const result = await arrangeRanking.run(arrangeRanking.input.parse(input), context);
    expect(arrangeRanking.output.parse(result)).toEqual(result);
    const fitted = await models.fit(name, space, { candidates, values });
    expect(result.ranking).toEqual(
      arrange(fitted, space, { ranking: best, pending: [5], take: 4, acquisition, update: 1 }),
    );
  });
});
