import { expect, it } from 'vitest';
import { chooseFirst } from '../../../campaigns/molecular-design/methods/choose-first.ts';
import { InputError } from '../../../src/index.ts';
import { firstChoice, MoleculeRows, type Ranked } from '../../../src/ml/index.ts';
import { indexOf, rowOf } from '../ml/random-fingerprints.ts';
import { descriptorsOnly } from '../ml/random-rows.ts';
import { memoryContext } from './memory-context.ts';

const rows = MoleculeRows.from(
  indexOf(Array.from({ length: 40 }, (_, row) => rowOf([row]))),
  descriptorsOnly(Array.from({ length: 40 }, (_, row) => [row / 9, Math.sin(row)])),
);

async function choose(input: { count: number; seed: number }, withFeatures = true): Promise<Ranked> {
  const { context } = memoryContext();
  const fingerprints = await context.objects.put(rows.fingerprints.bytes);
  const features = await context.objects.put(rows.features.encode());
  const refs = withFeatures ? { fingerprints, features } : { fingerprints };
  const { ranking } = await chooseFirst.run(chooseFirst.input.parse({ ...refs, ...input }), context);
  return chooseFirst.output.parse({ ranking }).ranking;
}

it('ranks the first candidates in the order in which they were chosen', async () => {
  const ranking = await choose({ count: 5, seed: 3 });
  expect(ranking.map(([candidate]) => candidate)).toEqual(firstChoice(rows, 5, 3));
  expect(ranking.map(([, score]) => score)).toEqual([5, 4, 3, 2, 1]);
  expect(await choose({ count: 5, seed: 3 })).toEqual(ranking);
  expect(await choose({ count: 5, seed: 4 })).not.toEqual(ranking);
});

it('has all candidates, once, where more are asked for, and does without features', async () => {
  const all = (await choose({ count: 100, seed: 1 })).map(([candidate]) => candidate);
  expect(new Set(all)).toEqual(new Set(Array.from({ length: 40 }, (_, row) => row)));
  const bare = await choose({ count: 8, seed: 1 }, false);
  expect(new Set(bare.map(([candidate]) => candidate)).size).toBe(8);
});

it('refuses features of another space', async () => {
  const { context } = memoryContext();
  const fingerprints = await context.objects.put(rows.fingerprints.bytes);
  const features = await context.objects.put(rows.features.slice(0, 3).encode());
  await expect(async () => chooseFirst.run({ fingerprints, features, count: 2, seed: 1 }, context)).rejects.toThrow(
    InputError,
  );
});
