import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { random } from '../../../campaigns/molecular-design/policies/random.ts';
import { settings } from '../../../campaigns/molecular-design/settings.ts';
import { defineCampaign } from '../../../src/campaign/definition.ts';
import { flagOf, parseSettings, refuseContradictions, settingFlags } from '../../../src/campaign/settings.ts';
import { ConfigError } from '../../../src/protocol/errors.ts';

const nothing = {
  methods: [],
  needs: [],
  objective: { topic: 'simulate', field: 'x', label: 'x', unit: 'u', also: { unit: 'v', factor: 1 } },
  loadCandidates: () => Promise.reject(new Error('there are none')),
} as const;
const campaign = defineCampaign({ name: 'molecular-design', settings, policies: { random }, ...nothing });
const flags = settingFlags(campaign as never);

const refusal = (given: Record<string, string>): string => {
  try {
    parseSettings(campaign, given);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};

describe('flags', () => {
  test('are the settings with their types, defaults, choices and help', () => {
    expect(flags.map(({ name, type, default: value, choices }) => [name, type, value, choices])).toEqual([
      ['policy', 'string', 'batched', ['random', 'batch', 'batched', 'streaming', 'reallocating']],
      ['model', 'string', 'gp', ['gp', 'knn', 'mlp']],
      ['acquisition', 'string', 'auto', ['auto', 'greedy', 'ucb', 'ei', 'thompson', 'probability']],
      ['beta', 'number', 1, null],
      ['goal', 'string', 'best', ['best', 'threshold']],
      ['top', 'integer', 80, null],
      ['seek', 'string', 'highest', ['highest', 'lowest']],
      ['threshold', 'number', 0.55, null],
      ['total', 'integer', 64, null],
      ['initial', 'integer', 8, null],
      ['batch', 'integer', 4, null],
      ['start', 'string', 'auto', ['auto', 'diverse', 'shuffled']],
      ['nearCopies', 'string', 'auto', ['auto', 'avoid', 'allow']],
      ['lookahead', 'integer', 0, null],
      ['space', 'string', 'data/search-space.csv', null],
      ['seed', 'integer', 1, null],
    ]);
    for (const { description } of flags) expect(description).not.toBe('');
  });

  test('are written with dashes', () => {
    expect([flagOf('total'), flagOf('chunkSize'), flagOf('maxRunsPerDay')]).toEqual([
      '--total',
      '--chunk-size',
      '--max-runs-per-day',
    ]);
  });

  test('a setting that cannot be one is refused by name', () => {
    const odd = z.object({ policy: z.string().default('a'), list: z.array(z.string()).default([]) });
    const flagsOf = (): unknown => settingFlags({ name: 'odd', settings: odd, policies: {}, ...nothing } as never);
    expect(flagsOf).toThrow(ConfigError);
    expect(flagsOf).toThrow(/setting "list" of campaign odd cannot be a flag/);
  });
});

describe('what was typed', () => {
  test('becomes settings, with defaults for the rest', () => {
    expect(parseSettings(campaign, {})).toEqual(settings.parse({}));
    expect(parseSettings(campaign, { total: '12', threshold: '0.6', policy: 'random', space: undefined })).toEqual({
      ...settings.parse({}),
      total: 12,
      threshold: 0.6,
      policy: 'random',
    });
  });

  test.each([
    [
      { policy: 'clever' },
      /--policy: "clever" is unknown; choose random or batch or batched or streaming or reallocating/,
    ],
    [{ model: 'oracle' }, /--model: "oracle" is unknown; choose gp or knn or mlp/],
    [{ total: 'many' }, /--total: "many" is no number/],
    [{ total: '' }, /--total: "" is no number/],
    [{ total: 'Infinity' }, /--total: "Infinity" is no number/],
    [{ total: '0' }, /--total: 0: /],
    [{ total: '-3' }, /--total: -3: /],
    [{ total: '2.5' }, /--total: 2.5: /],
    [{ total: '4' }, /--total: 4: must be at least initial \(8\)/],
    [{ initial: '100' }, /--total: must be at least initial \(100\)/],
    [{ acquisition: 'thompson', model: 'knn' }, /--acquisition: "thompson": needs a model that says how sure it is/],
    [{ acquisition: 'ucb', model: 'knn' }, /--acquisition: "ucb": needs .* --model gp or mlp, not knn/],
    [{ policy: 'batch', lookahead: '2' }, /--lookahead: 2: is not for --policy batch/],
    [{ nearCopies: 'never' }, /--near-copies: "never" is unknown; choose auto or avoid or allow/],
    [{ space: '' }, /--space/],
    [{ seed: '-1' }, /--seed: -1: /],
  ])('%j is refused: %s', (given, message) => {
    expect(refusal(given as unknown as Record<string, string>)).toMatch(message);
  });

  test.each([
    { acquisition: 'thompson', model: 'gp' },
    { acquisition: 'ei', model: 'mlp', goal: 'threshold' },
    { acquisition: 'greedy', model: 'knn' },
    { policy: 'streaming', lookahead: '2' },
    { policy: 'random', total: '3' },
  ])('%j is taken', (given) => {
    expect(refusal(given as unknown as Record<string, string>)).toBe('');
  });

  test('everything that is wrong is named at once', () => {
    const message = refusal({ policy: 'clever', total: 'many' });
    expect(message).toMatch(/--policy/);
    expect(message).toMatch(/--total/);
  });

  test('whatever it is, becomes settings that hold or a refusal that names a flag', () => {
    const text = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.constantFrom('1e3', '0x10', ' 7 ', 'NaN', '-0', 'random', '__proto__'),
    );
    const given = fc.dictionary(fc.constantFrom(...flags.map(({ name }) => name), 'nosuch', '__proto__'), text);
    fc.assert(
      fc.property(given, (typed) => {
        let parsed: unknown;
        try {
          parsed = parseSettings(campaign, typed);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as ConfigError).message).toMatch(/^--[a-z-]+: /);
          return;
        }
        expect(settings.parse(parsed)).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a resumed run', () => {
  test('may be given what it was started with, and nothing else', () => {
    const started = { total: 64, policy: 'batched' };
    expect(() => refuseContradictions('one', started, { total: 64, policy: 'random' }, ['total'])).not.toThrow();
    const contradict = (): void =>
      refuseContradictions('one', started, { total: 8, policy: 'random' }, ['total', 'policy']);
    expect(contradict).toThrow(ConfigError);
    expect(contradict).toThrow(
      /--total 8: run one was started with 64\n--policy "random": run one was started with "batched"/,
    );
  });
});
