import { expect, it } from 'vitest';
import { median, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { eventually } from '../support/scene.ts';

it('everything goes on when nats-server was killed and is back, and nothing is lost', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 500, ms: 50 });
  const [worker, other] = await Promise.all([site.worker('beta', 1), site.worker('gamma', 1)]);
  const actors = await site.actors('alpha', log.id);
  const standby = await site.actors('gamma', log.id);

  const gaps: number[] = [];
  for (const awayMs of [0, 500, 3_000]) {
    const before = log.of('result-processor.result.recorded').length;
    await log.until('result-processor.result.recorded', before + 8);
    site.natsServer.child.kill('SIGKILL');
    await site.natsServer.exit;
    const killedAt = Date.now();
    await eventually(() => expect(Date.now() - killedAt).toBeGreaterThanOrEqual(awayMs));
    const { backAt } = await site.restartServer();
    const next = await eventually(() => {
      const found = log.of('submitter.task.created').find(({ storedAt }) => storedAt > backAt);
      if (found === undefined) throw new Error('no task was created since the server is back');
      return found;
    });
    gaps.push(next.storedAt - backAt);
  }
  const shown = gaps.map((gap) => gap.toFixed(0)).join(', ');
  process.stdout.write(
    `server killed: ${median(gaps).toFixed(0)} ms from its return to the next task (p50 of ${shown})\n`,
  );
  expect(Math.max(...gaps)).toBeLessThan(5_000);

  await site.ask('head', 'stop', log.id);
  await expectWhole(site, log);
  expect(await actors.exit).toBe(0);
  expect(await standby.exit).toBe(0);
  await expectDrained(site, worker, other);
});
