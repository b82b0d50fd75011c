import { expect, it } from 'vitest';
import { Site } from '../support/hosts/site.ts';

it('a campaign whose actors and workers live on four hosts counts every simulation once, over one port', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 40, ms: 50 });
  await site.actors('alpha', log.id, 'resource-ledger', 'submitter', 'fleet');
  await site.actors('beta', log.id);
  await Promise.all([site.worker('beta', 1), site.worker('gamma', 2)]);
  await log.ended();

  const simulated = log.results.filter(({ task }) => task.topic === 'simulate');
  expect(new Set(simulated.map(({ task }) => task.candidate)).size).toBe(simulated.length);
  expect(simulated.length).toBeGreaterThanOrEqual(40);
  expect(site.journal.starts.size).toBe(simulated.length);
  expect([...site.journal.starts.values()].every((times) => times === 1)).toBe(true);
  expect(log.of('inference-runner.ranking.updated').length).toBeGreaterThan(1);

  // All that a firewall must let through.
  const connections = await site.network.connections();
  expect(connections.every((line) => line.endsWith(' head 4222'))).toBe(true);
  expect(new Set(connections.map((line) => line.split(' ')[0]))).toEqual(new Set(['alpha', 'beta', 'gamma']));
});
