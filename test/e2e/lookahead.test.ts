/** Campaigns in which chosen candidates wait beyond the slots, and are withdrawn and chosen again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ResultLine } from '../../src/campaign/result-line.ts';
import { isWithdrawn } from '../../src/protocol/task.ts';
import { killTree } from '../support/process-tree.ts';
import { campaignFolder, eventually } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

const run = (place: Workplace, policy: string, total: number): string[] => {
  const settings = { policy, total, lookahead: 2, initial: 6, batch: 3, space: 100, ms: 40, workers: 2, id: policy };
  const flags = Object.entries({ ...settings, journal: join(place.path, 'journal') });
  return ['run', campaignFolder('quick'), ...flags.flatMap(([name, value]) => [`--${name}`, String(value)]), '--quiet'];
};
const simulated = (lines: readonly ResultLine[]): ResultLine[] => lines.filter(({ topic }) => topic === 'simulate');
const unrun = (lines: readonly ResultLine[]): ResultLine[] => lines.filter(({ failure }) => isWithdrawn(failure));
/** How often each candidate was simulated to its end. */
async function computed(place: Workplace): Promise<Map<number, number>> {
  const text = await readFile(join(place.path, 'journal'), 'utf8');
  const ends = text.split('\n').flatMap((line) => /^end (\d+)/.exec(line)?.[1] ?? []);
  return new Map([...new Set(ends)].map((one) => [Number(one), ends.filter((other) => other === one).length]));
}

/** The log fits, each task is counted once, and no candidate was simulated for nothing. */
async function expectInOrder(place: Workplace, policy: string, total: number): Promise<void> {
  const audit = place.cox(['audit', policy, '--json']);
  expect(await audit.exit, audit.stdout() + audit.stderr()).toBe(0);
  const lines = await place.results(policy);
  expect(JSON.parse(audit.stdout())).toMatchObject({
    isClean: true,
    isOver: true,
    tasks: { created: lines.length, finished: lines.length, recorded: lines.length, unrun: unrun(lines).length },
    slots: { held: [] },
  });
  const done = simulated(lines).filter(({ success }) => success);
  expect(done.length).toBeGreaterThanOrEqual(total);
  expect(new Set(done.map(({ candidate }) => candidate)).size).toBe(done.length);
  expect(simulated(lines).length).toBe(done.length + unrun(lines).length);
}

it('counts what is withdrawn at updates as neither run nor failed', { timeout: 120_000 }, async () => {
  await using place = await Workplace.open();
  const cox = place.cox(run(place, 'batched', 60));
  expect(await cox.exit, cox.stderr()).toBe(0);
  await expectInOrder(place, 'batched', 60);
  const lines = await place.results('batched');
  // Which of them are chosen again is a matter of time here; that they may be is tested with the submitter.
  expect(unrun(lines).length).toBeGreaterThan(0);
  expect([...(await computed(place)).values()].filter((times) => times !== 1)).toEqual([]);
  const summary = JSON.parse(await readFile(join(place.path, 'runs/batched/summary.json'), 'utf8')) as object;
  expect(summary).toMatchObject({ withdrawn: unrun(lines).length, simulations: { failed: 0 }, failuresByCode: {} });
});

it('loses none when everything is killed, and is resumed', { timeout: 120_000 }, async () => {
  await using place = await Workplace.open();
  const first = place.cox(run(place, 'streaming', 30));
  await eventually(async () => expect(simulated(await place.results('streaming')).length).toBeGreaterThan(8), 60_000);
  killTree(first.pid);
  await first.exit;
  const kept = await place.results('streaming');
  const second = place.cox(['run', campaignFolder('quick'), '--resume', 'streaming', '--quiet']);
  expect(await second.exit, second.stderr()).toBe(0);
  expect((await place.results('streaming')).slice(0, kept.length)).toEqual(kept);
  await expectInOrder(place, 'streaming', 30);
});
