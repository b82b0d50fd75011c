import { expect, it } from 'vitest';
import { median, ownerOf, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { signalTree } from '../support/hosts/host.ts';
import { eventually } from '../support/scene.ts';

it('actors go on elsewhere when their process is killed, again and again', { timeout: 90_000 }, async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 400, ms: 30, policy: 'random' });
  const worker = await site.worker('gamma', 2);
  const processes = {
    alpha: await site.actors('alpha', log.id),
    beta: await site.actors('beta', log.id),
  };
  await log.until('result-processor.result.recorded', 3);

  const gaps: number[] = [];
  for (const [from, to] of [1, 2, 3]
    .flatMap(() => [['alpha', 'beta'] as const, ['beta', 'alpha'] as const])
    .slice(0, 5)) {
    await eventually(async () => expect((await ownerOf(site, log.id, 'submitter')).host).toBe(from));
    const killedAt = Date.now();
    signalTree(processes[from].pid, 'SIGKILL');
    const { since } = await eventually(async () => {
      const owner = await ownerOf(site, log.id, 'submitter');
      expect(owner.host).toBe(to);
      return owner;
    });
    const first = await eventually(() => {
      const found = log.facts.find(({ source, storedAt }) => source === 'submitter' && storedAt > since);
      if (found === undefined) throw new Error(`the submitter says nothing on ${to}`);
      return found;
    });
    gaps.push(first.storedAt - killedAt);
    processes[from] = await site.actors(from, log.id);
  }
  const shown = gaps.map((gap) => gap.toFixed(0)).join(', ');
  process.stdout.write(`takeover: ${median(gaps).toFixed(0)} ms from the kill to the next word (p50 of ${shown})\n`);
  expect(median(gaps)).toBeLessThan(3_000);

  await site.ask('head', 'stop', log.id);
  await expectWhole(site, log);
  expect(await processes.alpha.exit).toBe(0);
  expect(await processes.beta.exit).toBe(0);
  await expectDrained(site, worker);
});
