/** What must be so after every scenario, whatever was killed, frozen or cut off in it. */
import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { eventually, type CoxProcess } from '../scene.ts';
import type { CampaignLogWatch } from './campaign-log-watch.ts';
import { processesIn } from './network.ts';
import type { Site } from './site.ts';

/** A simulation may start so long after its result was stored elsewhere: it was given out before, and its child was slow to begin. */
const slackMs = 500;

/** The campaign has ended with every simulation counted once, none run again once it had a result, and a log that proves it. */
export async function expectWhole(site: Site, log: CampaignLogWatch): Promise<void> {
  await log.ended();
  const recorded = log.of('result-processor.result.recorded').map(({ event }) => event['task']);
  expect(new Set(recorded).size, 'results recorded once').toBe(recorded.length);

  const firstResults = new Map<number, number>();
  for (const { event, storedAt } of log.of('worker.task.finished')) {
    const { task } = event['result'] as { task: { candidate: number | null } };
    if (task.candidate !== null && !firstResults.has(task.candidate)) firstResults.set(task.candidate, storedAt);
  }
  const again = site.journal.starts.filter(
    ({ candidate, at }) => at > (firstResults.get(candidate) ?? Infinity) + slackMs,
  );
  expect(again, 'finished simulations that ran again').toEqual([]);

  expect(await site.ask('head', 'audit', log.id)).not.toBe('');
}

/** These workers end when they are told to, and leave no process and no scratch folder on their hosts. */
export async function expectDrained(site: Site, ...workers: readonly CoxProcess[]): Promise<void> {
  for (const { child } of workers) child.kill('SIGTERM');
  for (const worker of workers) expect(await worker.exit, worker.stderr()).toBe(0);
  await expectNothingLeft(site);
}

/** No process but the server's, and no scratch folder, on any host. */
export async function expectNothingLeft(site: Site): Promise<void> {
  for (const host of site.network.hosts.values()) {
    await eventually(() => {
      if (host !== site.server) expect(processesIn(host.folder), `processes on ${host.name}`).toEqual([]);
      expect(scratchOf(host.path('scratch')), `scratch folders on ${host.name}`).toEqual([]);
    });
  }
}

function scratchOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // Nothing ever ran there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
