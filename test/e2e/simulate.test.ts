import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../support/workplace.ts';

/** A campaign that nobody counts for: its policy has no result processor. */
const uncounted = `
import { defineCampaign, defineMethod, schema } from 'coxswain';
import { campaign, fleet, plan, resourceLedger, submitter } from 'coxswain/actors';
const settings = schema.object({
  policy: schema.string().default('uncounted'), total: schema.int().default(1), threshold: schema.number().default(0),
});
const method = defineMethod({
  name: 'nothing', pool: 'simulate', timeoutMs: 1000, input: schema.object({}), output: schema.object({}), run: () => ({}),
});
export default defineCampaign({
  name: 'uncounted', settings, methods: [method], needs: [],
  objective: { topic: 'simulate', field: 'x', label: 'x', unit: 'm', also: { unit: 'm', factor: 1 } },
  policies: {
    uncounted: ({ candidates }) => [
      plan(resourceLedger, { pools: ['simulate'] }),
      plan(submitter, { candidates, seed: 1, method: 'nothing', topic: 'simulate', pool: 'simulate' }),
      plan(campaign, {}),
      plan(fleet, {}),
    ],
  },
  loadCandidates: () => { throw new Error('the simulator needs no candidates'); },
});
`;

interface Report {
  readonly failed: readonly { readonly seed: number; readonly violation: string }[];
  readonly shortest: { readonly scenario: { readonly faults: readonly unknown[]; readonly total: number } } | null;
  readonly run: {
    readonly history: string;
    readonly audit: { readonly tasks: { readonly recorded: number } };
    readonly measures: { readonly utilisation: number; readonly decisionEvents: { readonly p50: number } };
  } | null;
  readonly memoryMb: number;
}

describe('cox simulate', { timeout: 120_000 }, () => {
  it('runs seeds and says that all is well', async () => {
    await using place = await Workplace.open();
    const cox = place.cox(['simulate', '--seeds', '5-24']);
    expect(await cox.exit, cox.stderr()).toBe(0);
    expect(cox.stdout()).toMatch(/^20 runs, 0 failed; \d+ facts in/m);
  });

  it('gives the same history for the same seed, and says how it was', async () => {
    await using place = await Workplace.open();
    const histories = new Set<string>();
    for (let time = 0; time < 2; time += 1) {
      const cox = place.cox([
        'simulate',
        '--seed',
        '7',
        '--tasks',
        '40',
        '--workers',
        '8',
        '--actors-on',
        '2',
        '--json',
      ]);
      expect(await cox.exit, cox.stderr()).toBe(0);
      const { run, failed, memoryMb } = JSON.parse(cox.stdout()) as Report;
      expect(failed).toEqual([]);
      expect(run?.audit.tasks.recorded).toBeGreaterThanOrEqual(40);
      expect(run?.measures.utilisation).toBeGreaterThan(0);
      expect(run?.measures.decisionEvents.p50).toBeGreaterThan(0);
      expect(memoryMb).toBeGreaterThan(0);
      histories.add(run?.history ?? '');
    }
    expect(histories.size).toBe(1);
  });

  it('ends with 1 when a seed fails, and prints the shortest history that it found', async () => {
    await using place = await Workplace.open();
    await mkdir(join(place.path, 'uncounted'));
    await writeFile(join(place.path, 'uncounted', 'campaign.js'), uncounted);
    const seeds = ['simulate', 'uncounted', '--seeds', '1-2', '--actors-on', '1'];
    const cox = place.cox(seeds);
    expect(await cox.exit, cox.stderr()).toBe(1);
    expect(cox.stdout()).toMatch(/^seeds that fail: 1 2$/m);
    expect(cox.stdout()).toMatch(/^seed 1: uncounted, 1 task of .* on 1 worker of 1 slot, actors on 1 process/m);
    expect(cox.stdout()).toContain('without any fault');
    expect(cox.stdout()).toMatch(/^at \d+: the campaign has not ended/m);
    expect(cox.stdout()).toMatch(/^ {2}\d+ worker .*"task.finished"/m);
    expect(cox.stdout()).toMatch(/^2 runs, 2 failed/m);
  });

  it.each([
    [
      ['--policy', 'best'],
      /--policy: campaign molecular-design has no "best"; choose random or batch or batched or streaming or reallocating/,
    ],
    [['--seeds', '9-3'], /--seeds: "9-3" is neither FROM-TO nor a count/],
    [['--seed', 'x'], /--seed: "x" is no whole number/],
    [['--seed', '1', '--seeds', '2'], /give --seed or --seeds, not both/],
    [['--workers', '0'], /--workers: "0" is no number from 1 to/],
    [['--faults', 'many'], /none, some, heavy/],
  ])('refuses %s', async (args, says) => {
    await using place = await Workplace.open();
    const cox = place.cox(['simulate', ...args]);
    expect(await cox.exit).toBe(2);
    expect(cox.stderr()).toMatch(says);
  });
});
