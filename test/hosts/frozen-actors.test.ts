import { expect, it } from 'vitest';
import { ownerOf, says, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { eventually } from '../support/scene.ts';

it('an actor host that was frozen, or cut off, and replaced does no harm when it is back: it notices and stands by', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 500, ms: 40 });
  const worker = await site.worker('gamma', 2);
  const alpha = await site.actors('alpha', log.id);
  const beta = await site.actors('beta', log.id);
  const isOwnedBy = (host: string): Promise<void> =>
    eventually(async () => expect((await ownerOf(site, log.id, 'result-processor')).host).toBe(host));
  await log.until('result-processor.result.recorded', 5);

  await site.host('alpha').freeze();
  await isOwnedBy('beta');
  const before = log.of('result-processor.result.recorded').length;
  await log.until('result-processor.result.recorded', before + 5);
  await site.host('alpha').thaw();
  await says(alpha, /result-processor is run by .*beta.* now; standing by/);

  await site.host('beta').cut();
  await isOwnedBy('alpha');
  await log.until('result-processor.result.recorded', before + 15);
  await site.host('beta').restore();
  await says(beta, /result-processor is run by .*alpha.* now; standing by/);

  await site.ask('head', 'stop', log.id);
  await expectWhole(site, log);
  expect(await alpha.exit).toBe(0);
  expect(await beta.exit).toBe(0);
  await expectDrained(site, worker);
});
