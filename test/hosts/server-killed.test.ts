import { expect, it } from 'vitest';
import { median, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { eventually, type CoxProcess } from '../support/scene.ts';

it('everything goes on when nats-server was killed and is back, and nothing is lost', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 500, ms: 50 });
  const worker = (host: string): Promise<CoxProcess> => site.worker(host, 1);
  const actors = (host: string): Promise<CoxProcess> => site.actors(host, log.id);
  const workers = await Promise.all(['beta', 'gamma'].map(worker));
  const hosts = await Promise.all(['alpha', 'gamma'].map(actors));
  let late: Promise<CoxProcess>[] = [];

  const gaps: number[] = [];
  for (const awayMs of [0, 500, 3_000]) {
    const before = log.of('result-processor.result.recorded').length;
    await log.until('result-processor.result.recorded', before + 8);
    site.natsServer.child.kill('SIGKILL');
    await site.natsServer.exit;
    const killedAt = Date.now();
    // What is started meanwhile waits.
    if (awayMs === 3_000) late = [worker('beta'), actors('beta')];
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

  const [lateWorker, lateActors] = (await Promise.all(late)) as [CoxProcess, CoxProcess];
  await eventually(() => expect(log.capacity).toBe(3));
  await site.ask('head', 'stop', log.id);
  await expectWhole(site, log);
  for (const host of [...hosts, lateActors]) expect(await host.exit, host.stderr()).toBe(0);
  await expectDrained(site, ...workers, lateWorker);
});
