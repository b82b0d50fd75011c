import { expect, it } from 'vitest';
import { changedQuick, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { countRunning, eventually } from '../support/scene.ts';

it('what is cancelled, too long, too large or deadly ends as that, the rest is computed, and nothing is left behind', async () => {
  await using site = await Site.open('alpha', 'beta');
  const folder = await changedQuick(site, 'quick', 'timeoutMs: 20_000,\n  memoryMb', 'timeoutMs: 5_000,\n  memoryMb');
  const settings = { space: 12, total: 12, ms: 20, policy: 'random', poison: 0, hog: 1, stuck: 2 };
  const log = await site.startCampaign(settings, folder);
  await site.actors('alpha', log.id);
  const worker = await site.worker('beta', 4, folder);
  const ofCandidate = (candidate: number) => ({
    task:
      log
        .of('submitter.task.created')
        .map(({ event }) => event['task'] as { id: string; candidate: number })
        .find((task) => task.candidate === candidate)?.id ?? '',
    result: log.results.find(({ task }) => task.candidate === candidate),
  });

  await eventually(() => expect(site.journal.starts.map(({ candidate }) => candidate)).toContain(3));
  const cancelledAt = Date.now();
  await site.ask('alpha', 'cancel', ofCandidate(3).task, '--campaign', log.id, '--reason', 'seen enough');
  await log.ended();
  const end = (candidate: number): string | undefined => ofCandidate(candidate).result?.failure?.code;
  expect([0, 1, 2, 3].map(end)).toEqual(['task.poisoned', 'task.out-of-memory', 'task.timed-out', 'task.cancelled']);
  expect(site.journal.starts.filter(({ candidate }) => candidate === 0)).toHaveLength(3);
  expect(log.results.filter(({ success }) => success)).toHaveLength(8);
  const finished = log
    .of('worker.task.finished')
    .find(({ event }) => (event['result'] as { task: { candidate: number } }).task.candidate === 3);
  const endedAfter = (finished?.storedAt ?? Infinity) - cancelledAt;
  // From the start of the command, which takes most of it.
  process.stdout.write(`a running task ended ${endedAfter.toFixed(0)} ms after cox cancel was called\n`);
  expect(endedAfter).toBeLessThan(4_000);

  await expectWhole(site, log);
  await eventually(() => expect(countRunning('sleep 617')).toBe(0));
  await expectDrained(site, worker);
});
