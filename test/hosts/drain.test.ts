import { expect, it } from 'vitest';
import { ownerOf, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { eventually } from '../support/scene.ts';

it('workers and actor hosts that are told to end finish or hand over, leave, and exit with 0', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 24, ms: 300, policy: 'random' });
  const [stays, leaves] = await Promise.all([site.worker('beta', 2), site.worker('gamma', 2)]);
  const first = await site.actors('alpha', log.id);
  const second = await site.actors('beta', log.id);
  await eventually(() => expect(log.capacity).toBe(4));
  await log.until('result-processor.result.recorded', 4);

  leaves.child.kill('SIGTERM');
  expect(await leaves.exit).toBe(0);
  await eventually(() => expect(log.capacity).toBe(2));

  const handedOverAt = Date.now();
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);
  const { host, since } = await ownerOf(site, log.id, 'submitter').catch(() =>
    eventually(() => ownerOf(site, log.id, 'submitter')),
  );
  expect(host).toBe('beta');
  process.stdout.write(`handed over ${since - handedOverAt} ms after SIGTERM\n`);

  await expectWhole(site, log);
  // Whoever was told to end has finished what it had begun: nothing was started twice.
  const candidates = site.journal.starts.map(({ candidate }) => candidate);
  expect(new Set(candidates).size).toBe(candidates.length);
  expect(await second.exit).toBe(0);
  await expectDrained(site, stays);
});

it('a worker that is told to end while its link is cut leaves its results on the disk, and the next one delivers them', async () => {
  await using site = await Site.open('alpha', 'beta');
  const log = await site.startCampaign({ total: 8, ms: 700, policy: 'random' });
  await site.actors('alpha', log.id);
  const first = await site.worker('beta', 2);
  await log.until('result-processor.result.recorded', 2);
  const cut = await eventually(() => {
    const { open } = site.journal;
    expect(open).toHaveLength(2);
    return open.map(({ candidate }) => candidate);
  });
  await site.host('beta').cut();
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);
  expect(site.journal.open).toEqual([]);

  await site.host('beta').restore();
  const second = await site.worker('beta', 2);
  await expectWhole(site, log);
  expect(log.results.map(({ task }) => task.candidate)).toEqual(expect.arrayContaining(cut));
  const candidates = site.journal.starts.map(({ candidate }) => candidate);
  expect(new Set(candidates).size).toBe(candidates.length);
  await expectDrained(site, second);
});
