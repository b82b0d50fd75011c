import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../src/campaign/summary.ts';
import { Workplace } from '../support/workplace.ts';

describe('cox run with the reference policy', () => {
  it('trains when it should, ranks all that is left, and chooses best first', { timeout: 120_000 }, async () => {
    await using place = await Workplace.open();
    const run = place.cox([
      'run',
      '--id',
      'ie',
      '--total',
      '12',
      '--initial',
      '4',
      '--batch',
      '4',
      '--workers',
      '2',
      '--policy',
      'batched',
      '--model',
      'knn',
      '--json',
    ]);
    expect(await run.exit, run.stderr()).toBe(0);
    const summary = JSON.parse(run.stdout()) as Summary;
    const lines = await place.results('ie');
    const record = JSON.parse(await readFile(join(place.path, 'runs/ie/campaign.json'), 'utf8')) as {
      candidates: { count: number };
    };

    const simulated = lines.filter(({ topic }) => topic === 'simulate');
    expect(summary.simulations.succeeded).toBeGreaterThanOrEqual(12);
    // Two slots: at most one more was running when the twelfth succeeded.
    expect(summary.simulations.succeeded).toBeLessThanOrEqual(13);
    for (const { value, arguments: input, times, resources } of simulated) {
      expect(value).toMatchObject({ xtbVersion: expect.stringMatching(/^\d+\.\d+/) as string });
      expect(input).toMatchObject({ smiles: expect.any(String) as string });
      const { created, queued, pickedUp, computeStarted, computeEnded, stored, received, decided } = times;
      const stages = [created, queued, pickedUp, computeStarted, computeEnded, stored, received ?? 0, decided];
      // One machine, several clocks: the server's and each process's, read in whole and in fractional ms.
      for (const [i, stage] of stages.slice(1).entries()) expect(stage - (stages[i] ?? 0)).toBeGreaterThan(-5);
      expect(resources.cpuMs).toBeGreaterThan(10);
    }

    // Updates at 4 and 8 successes; with two slots a simulation may finish while the first is waited for.
    const trained = lines.filter(({ topic }) => topic === 'train');
    const sizes = trained.map(({ value }) => (value as { trainedOn: number }).trainedOn);
    expect(sizes).toHaveLength(2);
    expect(sizes[0]).toBeGreaterThanOrEqual(4);
    expect(sizes[0]).toBeLessThanOrEqual(5);
    expect(sizes[1]).toBeGreaterThanOrEqual(8);

    // max(floor(n / 20,000), 2 x batch) chunks each, and together all that was left.
    const scored = lines.filter(({ topic }) => topic === 'infer');
    expect(scored).toHaveLength(2 * 8);
    for (const update of [1, 2]) {
      const chunks = scored.filter(({ choice }) => choice?.['update'] === update);
      const covered = chunks.reduce((sum, { value }) => sum + (value as { scored: number }).scored, 0);
      expect(covered).toBeGreaterThanOrEqual(record.candidates.count - 12);
      expect(covered).toBeLessThan(record.candidates.count);
      const best = chunks.flatMap(({ value }) => (value as { best: [number, number][] }).best);
      best.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      const chosen = simulated
        .filter(({ choice }) => choice?.['by'] === 'ranking' && choice['update'] === update)
        .sort((a, b) => Number(a.choice?.['rank']) - Number(b.choice?.['rank']));
      expect(chosen.length).toBeGreaterThanOrEqual(4);
      expect(chosen.map(({ candidate }) => candidate)).toEqual(
        best.slice(0, chosen.length).map(([candidate]) => candidate),
      );
    }
    expect(simulated.filter(({ choice }) => choice?.['by'] === 'shuffle').length).toBeLessThanOrEqual(6);
    expect(summary.updates).toMatchObject({ done: 2, failed: 0 });
    expect(summary.best[0]?.value).toBe(Math.max(...summary.best.map(({ value }) => value)));
    expect(summary.found.count).toBe(summary.best.filter(({ value }) => value > 0.55).length);
  });
});
