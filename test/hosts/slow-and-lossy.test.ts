import { expect, it } from 'vitest';
import { Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';

it('a campaign runs to its end over links that are slow and lose packets', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  await Promise.all([
    site.host('alpha').lossy(0.05),
    site.host('beta').slow(100),
    site.host('gamma').set({ delayMs: 100, loss: 0.05 }),
  ]);
  const log = await site.startCampaign({ total: 16, ms: 20 });
  const actors = await site.actors('alpha', log.id);
  const workers = await Promise.all([site.worker('beta', 2), site.worker('gamma', 2)]);

  await expectWhole(site, log);
  expect(await actors.exit).toBe(0);
  const hosts = new Set(log.results.map(({ worker }) => worker.host));
  expect(hosts).toEqual(new Set(['beta', 'gamma']));
  await expectDrained(site, ...workers);
});
