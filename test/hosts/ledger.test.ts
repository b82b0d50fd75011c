import { expect, it } from 'vitest';
import { Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { eventually } from '../support/scene.ts';

it('slots move between pools under load while workers come and go, and the log adds up at every event', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 500, ms: 40, initial: 4, batch: 4 });
  await site.actors('alpha', log.id);
  const stays = await site.worker('beta', 2);
  const lags: number[] = [];
  for (const capacity of [5, 2, 5, 2]) {
    const recorded = log.of('result-processor.result.recorded').length;
    if (capacity === 5) await site.worker('gamma', 3);
    else await site.host('gamma').kill();
    const changedAt = Date.now();
    await eventually(() => expect(log.capacity).toBe(capacity));
    lags.push((log.of('fleet.capacity.changed').at(-1)?.storedAt ?? Infinity) - changedAt);
    await log.until('result-processor.result.recorded', recorded + 8);
  }
  const shown = lags.map((lag) => Math.max(0, lag).toFixed(0)).join(', ');
  process.stdout.write(`capacity followed ${shown} ms after a worker was ready or killed, in turn\n`);
  expect(Math.max(...lags)).toBeLessThan(5_000);
  await site.ask('head', 'stop', log.id);
  await expectWhole(site, log);

  expect(log.of('trainer.model.trained').length).toBeGreaterThan(3);
  for (const { event } of log.of('resource-ledger.slots.changed')) {
    const { pools, capacity } = event as unknown as {
      pools: Record<string, { allocated: number; free: number }>;
      capacity: number;
    };
    const sum = Object.values(pools).reduce((all, { allocated, free }) => all + allocated + free, 0);
    expect(sum).toBe(capacity);
  }
  await expectDrained(site, stays);
});
