import { expect, it } from 'vitest';
import { signalTree } from '../support/hosts/host.ts';
import { referenceFolder, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';

it('the reference campaign, with xtb, on hosts that know nothing but the server, goes on when its actor host dies', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const id = await site.ask('head', 'start', referenceFolder, '--total', '10', '--initial', '4', '--batch', '3');
  const log = await site.watch(id);
  const doomed = await site.actors('alpha', id);
  const standby = await site.actors('beta', id);
  const worker = await site.worker('gamma', 2, referenceFolder);
  await log.until('result-processor.result.recorded', 3);
  signalTree(doomed.pid, 'SIGKILL');

  await expectWhole(site, log);
  expect(await standby.exit).toBe(0);
  const simulated = log.results.filter(({ task }) => task.topic === 'simulate');
  expect(simulated.filter(({ success }) => success).length).toBeGreaterThanOrEqual(10);
  const values = simulated.map(
    ({ value }) => (value as { ionizationEnergyHa: number } | null)?.ionizationEnergyHa ?? NaN,
  );
  expect(values.every((value) => value > 0.2 && value < 1)).toBe(true);
  expect(log.of('inference-runner.ranking.updated').length).toBeGreaterThan(0);
  await expectDrained(site, worker);
});
