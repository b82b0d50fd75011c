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
