import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/comparison/comparison.ts';
import { campaignFolder } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

describe('cox compare', () => {
  it('sets real runs side by side, draws both curves, and refuses what cannot be compared', async () => {
    await using place = await Workplace.open();
    const run = (id: string, ...rest: string[]): Promise<unknown> => {
      const common = [
        '--total',
        '20',
        '--ms',
        '5',
        '--space',
        '100',
        '--workers',
        '2',
        '--quiet',
        '--threshold',
        '0.5',
      ];
      const cox = place.cox(['run', campaignFolder('quick'), '--id', id, ...common, ...rest]);
      return cox.exit.then((code) => expect(code, cox.stderr()).toBe(0));
    };
    await Promise.all([run('one', '--policy', 'random'), run('two')]);
    const compare = (...args: string[]): ReturnType<Workplace['cox']> => place.cox(['compare', ...args]);

    const json = compare('one', 'runs/two', '--json', '--out', 'figures');
    expect(await json.exit, json.stderr()).toBe(0);
    const { runs, differences, threshold, notes } = JSON.parse(json.stdout()) as Comparison;
    expect({ threshold, notes }).toEqual({ threshold: 0.5, notes: [] });
    expect(differences).toEqual({ policy: ['random', 'batched'] });
    for (const one of runs) {
      expect(one).toMatchObject({ state: 'ended', slots: 2, failed: 0, retries: 0 });
      const lines = await place.results(one.id);
      const values = lines.flatMap(({ topic, value }) =>
        topic === 'simulate' ? [Number(Object.values(value as object).find((part) => typeof part === 'number'))] : [],
      );
      expect(one.succeeded).toBe(values.length);
      expect(one.best).toBe(Math.max(...values));
      expect(one.found).toBe(values.filter((value) => value > 0.5).length);
      expect(one.foundAt[0]).toMatchObject({
        evaluations: 16,
        found: values.slice(0, 16).filter((value) => value > 0.5).length,
        best: Math.max(...values.slice(0, 16)),
      });
      expect(one.slotHours).toBeCloseTo((2 * one.wallSeconds) / 3_600, 9);
    }
    expect(runs.map(({ updates }) => updates?.done)).toEqual([0, 2]);
    expect(runs[0]?.learningShare).toBe(0);
    expect(runs[1]?.learningShare).toBeGreaterThan(0);
    for (const name of ['found', 'found-by-time', 'found-dark', 'found-by-time-dark']) {
      expect(await readFile(join(place.path, 'figures', `${name}.svg`), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    }

    // One that runs still has no summary; another objective is not comparable.
    await cp(join(place.path, 'runs/one'), join(place.path, 'other/runs'), { recursive: true });
    const record = join(place.path, 'other/runs/campaign.json');
    await rm(join(place.path, 'other/runs/summary.json'));
    const settings = JSON.parse(await readFile(record, 'utf8')) as { id: string; settings: object };
    await writeFile(record, JSON.stringify({ ...settings, id: 'runs' }));
    const running = compare('two', 'other/runs');
    expect(await running.exit, running.stderr()).toBe(0);
    expect(running.stdout()).toMatch(/^run runs has no summary: it is still running, or was killed/m);
    expect(running.stdout()).toMatch(/^ {2}busy +\d+\.\d % +-$/m);
    await writeFile(record, JSON.stringify({ ...settings, settings: { ...settings.settings, seek: 'lowest' } }));
    const other = compare('two', 'other/runs');
    expect(await other.exit).toBe(2);
    expect(other.stderr()).toMatch(/cannot be compared: one seeks the highest .*, the other the lowest/);
  });

  it.concurrent.each([
    [['one'], /one run cannot be compared; name two or more/],
    [['one', 'one'], /a run is named twice/],
    [['one', 'two'], /there is no run one; there are no runs in runs/],
    [['one', 'two', '--threshold', 'high'], /--threshold: "high" is no number/],
  ])('refuses %s', async (args, says) => {
    await using place = await Workplace.open();
    const cox = place.cox(['compare', ...args]);
    expect(await cox.exit).toBe(2);
    expect(cox.stderr()).toMatch(says);
  });
});
