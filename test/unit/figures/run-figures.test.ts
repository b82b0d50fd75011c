import { describe, expect, test } from 'vitest';
import { scienceExhibits, slotExhibits, type Exhibit } from '../../../src/figures/exhibits.ts';
import { errorsOf } from '../../../src/figures/model-error.ts';
import type { RunScience } from '../../../src/figures/runs.ts';
import { renderSvg } from '../../../src/figures/svg.ts';
import type { IdleReport, LedgerView, Science, Timeline } from '../../../src/story/views.ts';

const measure = { label: 'IE', unit: 'hartree', also: { unit: 'eV', factor: 27.2114 } };
const hostile = '<script>alert("x")</script>';

/** Values that rise, predicted a little too low, one each half second. */
function science(count: number): Science {
  const each = <T>(of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
  const value = each((i) => 0.4 + (0.3 * i) / Math.max(1, count));
  let found = 0;
  return {
    origin: 1_000,
    threshold: 0.5,
    seek: 'highest',
    results: {
      at: each((i) => 500 * (i + 1)),
      value,
      task: each((i) => `simulate-${i}`),
      label: each(() => hostile),
      predicted: value.map((one, i) => (i < 4 ? null : one - 0.01)),
      deviation: value.map((_, i) => (i < 4 ? null : 0.02)),
      update: each((i) => (i < 4 ? null : 1)),
      staleResults: each((i) => (i < 4 ? null : i % 3)),
      staleSeconds: each((i) => (i < 4 ? null : 0.1)),
      decisionMs: each((i) => 1 + i),
    },
    found: value.map((one) => (found += one > 0.5 ? 1 : 0)),
    random: { rate: 0.1, error: 0.02, from: 'the 8 that were chosen at random' },
    updates: [],
    calibration: { expected: [0.5, 0.9], observed: [0.4, 0.95], count: 8 },
  };
}

const timeline = (tasks: number): Timeline => {
  const each = <T>(of: (i: number) => T): T[] => Array.from({ length: tasks }, (_, i) => of(i));
  return {
    origin: 0,
    end: tasks * 10,
    lanes: [0, 1].map(() => ({ worker: hostile, host: 'h', from: 0, to: null })),
    topics: ['simulate', 'train'],
    tasks: {
      id: each((i) => `t${i}`),
      lane: each((i) => i % 2),
      topic: each((i) => (i % 5 === 0 ? 1 : 0)),
      start: each((i) => Math.floor(i / 2) * 20),
      end: each((i) => Math.floor(i / 2) * 20 + 15),
      state: each((i) => (i === 3 ? 2 : 1)),
    },
    gaps: { lane: [], start: [], end: [], cause: [] },
    updates: [{ update: 1, start: 5, end: null, failed: false }],
  };
};
const ledger: LedgerView = {
  origin: 0,
  at: [0, 50, 100],
  capacity: [2, 2, 2],
  pools: { simulate: { slots: [2, 1, 2], allocated: [0, 1, 2] }, train: { slots: [0, 1, 0], allocated: [0, 1, 0] } },
  holders: [],
  moves: [],
};
const idle: IdleReport = {
  from: 0,
  to: 100,
  slotSeconds: 20,
  busySeconds: { simulate: 15 },
  idleSeconds: { dispatch: 1, 'paused for update': 4 },
  longest: [],
};

const run = (name: string, count: number): RunScience => ({ name, science: science(count) });
const one = [
  ...scienceExhibits({ measure, runs: [run('a', 40)] }),
  ...slotExhibits({ timeline: timeline(20), ledger, idle }),
];
const wide = [run('a', 40), run(hostile, 30)];
const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);

describe.each([
  ['one run', one],
  ['runs over each other', scienceExhibits({ measure, runs: wide })],
])('figures of %s', (_, exhibits) => {
  test.each(exhibits.map((exhibit): [string, Exhibit] => [exhibit.name, exhibit]))(
    '%s stands alone',
    async (__, exhibit) => {
      const { columns, rows } = exhibit.table();
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(columns.length);
      for (const size of [undefined, { width: 358, height: 380 }]) {
        const figure = exhibit.figure('light', size);
        if (size !== undefined) expect(figure.width).toBe(size.width);
        const svg = await renderSvg(figure, exhibit.name);
        expect(svg).not.toContain('NaN');
        expect(svg).not.toContain('<script');
        // Several of them in one page do not share ids.
        for (const [, id = ''] of svg.matchAll(/\bid="([^"]*)"/g)) expect(id.startsWith(`${exhibit.name}-`)).toBe(true);
        expect(textsOf(svg).length).toBeGreaterThan(4);
      }
    },
  );
});

describe('figures of runs', () => {
  test('say in their captions what the numbers are', () => {
    const caption = (name: string): string => {
      const { option } = (one.find((exhibit) => exhibit.name === name) as Exhibit).figure('light');
      return (option['title'] as { subtext: string }).subtext.replaceAll('\n', ' ');
    };
    // 0.4 + 0.3 i / 40 > 0.5 from i = 14 on: 26 of 40, and 4 at a rate of 0.1.
    expect(caption('found')).toMatch(
      /^26 of 40 simulations found one, 6\.5 times as many as the dashed rate\. .*chosen at random/,
    );
    expect(caption('objective')).toContain('IE above 0.5 hartree (13.61 eV), 26 of 40');
    expect(caption('idle')).toContain('Of 20 slot seconds 75.0 % were computed in');
    expect(caption('staleness-results')).toContain('Half of the choices had 1 or less, none more than 2.');
  });

  test('are left out where there is nothing to draw', () => {
    const { calibration: _, ...rest } = science(0);
    expect(scienceExhibits({ measure, runs: [{ name: 'a', science: { ...rest, calibration: null } }] })).toEqual([]);
  });

  test('stay small, however many tasks there are', async () => {
    const [exhibit] = slotExhibits({ timeline: timeline(100_000), ledger, idle });
    expect((await renderSvg((exhibit as Exhibit).figure('light'))).length).toBeLessThan(200_000);
    const objective = scienceExhibits({ measure, runs: [run('a', 20_000)] }).find(({ name }) => name === 'objective');
    expect((await renderSvg((objective as Exhibit).figure('light'))).length).toBeLessThan(500_000);
  });
});

describe('the error of predictions', () => {
  test('is the mean of the last ones beside that of guessing the mean', () => {
    const { x, model, band, guess } = errorsOf(science(40));
    expect(x.at(-1)).toBe(40);
    for (const [i, one_] of model.entries()) {
      expect(one_).toBeCloseTo(0.01, 12);
      expect(band[i]).toBeCloseTo(0, 12);
    }
    // A value 0.0075 above the one before is 0.00375 i above the mean of all before it; the last 25 of 40 have i from 15 to 39.
    expect(guess.at(-1)).toBeCloseTo(0.0075 * ((27 + 1) / 2), 12);
  });
});
