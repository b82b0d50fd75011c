import { expect, it } from 'vitest';
import { Site } from '../support/hosts/site.ts';
import { parentOf } from '../support/process-tree.ts';
import { expectDrained, expectNothingLeft, expectWhole } from '../support/hosts/whole.ts';
import { eventually } from '../support/scene.ts';

/** ms from `since` until a candidate was started again. */
async function startedAgain(site: Site, candidates: readonly number[], since: number): Promise<number> {
  return eventually(() => {
    const again = candidates.map((candidate) =>
      site.journal.starts.find((one) => one.candidate === candidate && one.at > since),
    );
    if (again.some((one) => one === undefined))
      throw new Error(`not all of ${candidates.join(', ')} were started again`);
    return Math.max(...again.map((one) => (one?.at ?? 0) - since));
  });
}

/** Those that had not come to their end when their worker was stopped. */
function stillOpen(site: Site, candidates: readonly number[]): number[] {
  const open = new Set(site.journal.open.map(({ candidate }) => candidate));
  const left = candidates.filter((candidate) => open.has(candidate));
  expect(left).not.toEqual([]);
  return left;
}

it('tasks of a worker that is killed or frozen run elsewhere, count once, and the capacity follows', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 500, ms: 600, policy: 'random' });
  await site.actors('alpha', log.id);
  const worker = await site.worker('gamma', 4);
  await eventually(() => expect(log.capacity).toBe(4));

  const doomed = await site.worker('beta', 2);
  await eventually(() => expect(log.capacity).toBe(6));
  const heldBy = async (pid: number): Promise<number[]> =>
    eventually(() => {
      // Long enough for its heartbeat to have told of them, and far from their ends.
      const lines = site.journal.open.filter(({ pid: child, at }) => parentOf(child) === pid && Date.now() - at > 250);
      const open = lines.map(({ candidate }) => candidate);
      expect(open).toHaveLength(2);
      return open;
    });
  const killed = await heldBy(doomed.pid);
  const killedAt = Date.now();
  await site.host('beta').kill();
  const afterKill = await startedAgain(site, stillOpen(site, killed), killedAt);
  await eventually(() => expect(log.capacity).toBe(4));

  const sleepy = await site.worker('beta', 2);
  await eventually(() => expect(log.capacity).toBe(6));
  const frozen = await heldBy(sleepy.pid);
  const frozenAt = Date.now();
  await site.host('beta').freeze();
  const afterFreeze = await startedAgain(site, stillOpen(site, frozen), frozenAt);
  await eventually(() => expect(log.capacity).toBe(4));
  await site.host('beta').thaw();
  await eventually(() => expect(log.capacity).toBe(6));

  process.stdout.write(`tasks given out again: ${afterKill} ms after a kill, ${afterFreeze} ms after a freeze\n`);
  // The queue gives a task out again after 2.5 s of silence: a kill is noticed sooner.
  expect(afterKill).toBeLessThan(2_400);
  expect(afterFreeze).toBeLessThan(6_000);
  await site.ask('head', 'stop', log.id);
  await expectWhole(site, log);
  const failed = log.results.filter(({ success }) => !success);
  expect(failed).toEqual([]);
  await expectDrained(site, worker, sleepy);
});

it('results that are computed while the link is cut for 10 s are delivered after, and not computed again', async () => {
  await using site = await Site.open('alpha', 'beta');
  const log = await site.startCampaign({ total: 40, ms: 250, policy: 'random' });
  await site.actors('alpha', log.id);
  const worker = await site.worker('beta', 4);
  await log.until('result-processor.result.recorded', 4);

  await site.host('beta').cut();
  await eventually(() => expect(site.journal.open).toEqual([]));
  await eventually(() => expect(log.capacity).toBe(0));
  const stored = log.results.length;
  await eventually(() =>
    expect(Date.now() - Math.max(...site.journal.ends.map(({ at }) => at))).toBeGreaterThan(9_000),
  );
  const kept = site.journal.ends.length - stored;
  expect(kept).toBeGreaterThan(0);
  expect(log.results.length).toBe(stored);
  await site.host('beta').restore();
  const restoredAt = Date.now();
  await log.until('worker.task.finished', stored + kept);
  process.stdout.write(
    `${kept} results kept for 10 s were stored ${Date.now() - restoredAt} ms after the link was back\n`,
  );

  await expectWhole(site, log);
  const candidates = site.journal.starts.map(({ candidate }) => candidate);
  expect(new Set(candidates).size).toBe(candidates.length);
  await expectDrained(site, worker);
  await expectNothingLeft(site);
});
