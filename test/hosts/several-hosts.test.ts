import { expect, it } from 'vitest';
import { Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';

it('a campaign whose actors and workers live on four hosts counts every simulation once, over one port', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 40, ms: 50 });
  await site.actors('alpha', log.id, 'resource-ledger', 'submitter', 'fleet');
  await site.actors('beta', log.id);
  const workers = await Promise.all([site.worker('beta', 1), site.worker('gamma', 2)]);
  await expectWhole(site, log);

  const candidates = site.journal.starts.map(({ candidate }) => candidate);
  expect(candidates.length).toBeGreaterThanOrEqual(40);
  expect(new Set(candidates).size).toBe(candidates.length);
  expect(log.of('inference-runner.ranking.updated').length).toBeGreaterThan(1);

  // All that a firewall must let through.
  const connections = await site.network.connections();
  expect(connections).toEqual(['alpha', 'beta', 'gamma'].map((host) => `${host} head 4222`));
  await expectDrained(site, ...workers);
});
