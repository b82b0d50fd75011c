import { expect, it } from 'vitest';
import { Chaos } from '../support/hosts/chaos.ts';
import { quickFolder, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';
import { eventually } from '../support/scene.ts';

/** For longer: COX_CHAOS_MINUTES=10 npx vitest run test/hosts/chaos */
const chaosMs = Number(process.env['COX_CHAOS_MINUTES'] ?? 0.2) * 60_000;
/** The same faults again, as far as the machine lets them fall at the same moments: COX_CHAOS_SEED=... */
const seed = Number(process.env['COX_CHAOS_SEED'] ?? Date.now() % 1_000_000);

it(
  'nothing is lost, and nothing run again, whatever is killed, frozen or cut off',
  { timeout: chaosMs + 120_000 },
  async () => {
    process.stdout.write(`chaos: seed ${seed}, ${chaosMs / 1_000} s\n`);
    await using site = await Site.open('alpha', 'beta', 'gamma', 'delta');
    const space = Math.ceil(1_000 + chaosMs / 20);
    const log = await site.startCampaign({ total: space, space, ms: 60, initial: 8, batch: 16 });
    const actors = (host: string) => ({
      name: `actors on ${host}`,
      host,
      start: () => site.cox(host, ['actor', 'all', '--campaign', log.id]),
    });
    const worker = (host: string) => ({
      name: `worker on ${host}`,
      host,
      start: () => site.cox(host, ['worker', quickFolder, '--slots', '1']),
    });
    const workers = ['gamma', 'delta'].map(worker);
    const chaos = new Chaos(site, [...['alpha', 'beta'].map(actors), ...workers], seed);
    try {
      await log.until('result-processor.result.recorded', 4);
      await chaos.run(chaosMs);
      const before = log.of('result-processor.result.recorded').length;
      await eventually(() => expect(log.capacity).toBe(2), 30_000);
      await log.until('result-processor.result.recorded', before + 10);
      await site.ask('head', 'stop', log.id);
      await expectWhole(site, log);
      chaos.release();
      expect(chaos.gaveUp).toEqual([]);
      await expectDrained(site, ...workers.map(({ name }) => chaos.process(name)));
    } catch (error) {
      process.stdout.write(`${chaos.history.join('\n')}\n`);
      throw error;
    }
    const again = site.journal.starts.length - new Set(site.journal.starts.map(({ candidate }) => candidate)).size;
    process.stdout.write(
      `chaos: ${chaos.history.length} faults, ${log.facts.length} facts, ${log.results.length} results; ` +
        `${again} simulations started again after they had been lost\n`,
    );
  },
);
