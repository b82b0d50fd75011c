import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CampaignDefinition } from '../../../src/campaign/definition.ts';
import { combinationsOf, nameOf, type Combinations } from '../../../src/rehearsal/combination.ts';

/** A campaign whose blind policy knows no model, and whose simple model no acquisition but greedy. */
const definition = {
  name: 'toy',
  settings: z
    .object({
      policy: z.enum(['blind', 'keen']).default('keen'),
      model: z.enum(['simple', 'sure']).default('sure'),
      acquisition: z.enum(['auto', 'greedy', 'ucb']).default('auto'),
      total: z.int().default(1),
      threshold: z.number().default(0),
    })
    .superRefine(({ model, acquisition }, context) => {
      if (model === 'sure' || acquisition !== 'ucb') return;
      context.addIssue({ code: 'custom', path: ['acquisition'], message: 'needs the sure model' });
    }),
  policies: {
    blind: ({ settings: { total } }: { settings: { total: number } }) => [{ actor: { name: 'a' }, input: { total } }],
    keen: ({ settings }: { settings: { model: string; acquisition: string; total: number } }) => {
      const { model, acquisition, total } = settings;
      const kind = acquisition === 'auto' ? (model === 'sure' ? 'ucb' : 'greedy') : acquisition;
      return [{ actor: { name: 'a' }, input: { total, model, kind } }];
    },
  },
} as unknown as CampaignDefinition;

const combine = (typed: Record<string, string>): Combinations =>
  combinationsOf(definition, typed, { candidates: 10, objects: {} });
const names = (typed: Record<string, string>): string[] => combine(typed).all.map(nameOf);

describe('combinations', () => {
  test('are all of the lists, each once where the actors are the same', () => {
    expect(names({ policy: 'blind,keen', model: 'simple,sure' })).toEqual(['blind', 'keen simple', 'keen sure ucb']);
    expect(names({})).toEqual(['keen sure ucb']);
    expect(names({ policy: 'keen,keen', acquisition: 'auto,greedy,ucb' })).toEqual([
      'keen sure ucb',
      'keen sure greedy',
    ]);
  });

  test('have their settings', () => {
    const [blind, keen] = combine({ policy: 'blind,keen', total: '7' }).all;
    expect(blind?.settings).toMatchObject({ policy: 'blind', total: 7 });
    expect(keen?.settings).toMatchObject({ policy: 'keen', model: 'sure', total: 7 });
  });

  test('leave out what does not go together, and say so; alone it is refused', () => {
    const { all, refused } = combine({ model: 'simple,sure', acquisition: 'ucb' });
    expect(all.map(nameOf)).toEqual(['keen sure ucb']);
    expect([...refused]).toEqual([['simple ucb', expect.stringContaining('needs the sure model')]]);
    expect(() => combine({ model: 'simple', acquisition: 'ucb' })).toThrow(/needs the sure model/);
  });

  test('refuse names that there are not, also beside others', () => {
    expect(() => combine({ policy: 'keen,best' })).toThrow('--policy: "best" is unknown; choose blind or keen');
    expect(() => combine({ model: '' })).toThrow('--model: "" is no list of names');
  });
});
