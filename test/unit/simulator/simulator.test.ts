import { describe, expect, test } from 'vitest';
import { describeFault } from '../../../src/simulator/faults.ts';
import { drawScenario, type Scenario } from '../../../src/simulator/scenario.ts';
import { describeFailure } from '../../../src/simulator/scenario-text.ts';
import { computationOf } from '../../../src/simulator/simulated-results.ts';
import { shrink } from '../../../src/simulator/shrink.ts';
import { campaignId, runScenario, type Outcome } from '../../../src/simulator/world.ts';
import { anything, referenceCampaign } from './reference-campaign.ts';

const run = (scenario: Scenario): Promise<Outcome> => runScenario({ scenario, campaign: referenceCampaign });

describe('a seed', () => {
  test('gives the same history every time', async () => {
    for (const seed of [5, 6, 7]) {
      const scenario = drawScenario(seed, { ...anything, faults: 'heavy' });
      expect(drawScenario(seed, { ...anything, faults: 'heavy' })).toEqual(scenario);
      const [one, other] = [await run(scenario), await run(scenario)];
      expect(one.audit.facts).toBeGreaterThan(20);
      expect(other.history).toBe(one.history);
    }
  });

  test('gives another history than the next, and than itself with one fault more', async () => {
    const scenario = drawScenario(5, { ...anything, faults: 'none' });
    const crash = { what: 'crash', of: 'actors', index: 0, forMs: 10, after: { facts: 5 }, steps: 0 } as const;
    const histories = [
      await run(scenario),
      await run({ ...scenario, seed: 6 }),
      await run({ ...scenario, faults: [crash] }),
    ];
    expect(new Set(histories.map(({ history }) => history)).size).toBe(3);
    expect(histories.map(({ violations }) => violations)).toEqual([[], [], []]);
  });
});

describe('without faults', () => {
  test('all slots are busy while there is something to do, and every decision is a few events away', async () => {
    const wishes = { ...anything, policies: ['random'], faults: 'none', workers: 50, tasks: 1_000 } as const;
    const { violations, measures, audit, startedAgain } = await run(drawScenario(1, wishes));
    expect(violations).toEqual([]);
    expect(startedAgain).toBe(0);
    expect(audit.tasks).toMatchObject({ created: audit.tasks.recorded, finished: audit.tasks.recorded });
    expect(measures.utilisation).toBeGreaterThan(0.9);
    expect(measures.utilisation).toBeLessThanOrEqual(1);
    expect(measures.decisionEvents.count).toBeGreaterThan(900);
    expect(measures.decisionEvents.p50).toBeLessThan(10);
  });
});

describe('by hand', () => {
  const at = (ms: number) => ({ after: { ms }, steps: 0, what: 'hands', forMs: 500 }) as const;

  test.each(['random', 'batched', 'streaming', 'reallocating', 'batch'])(
    'of a %s campaign, what is pinned and added is simulated first, what is vetoed never, and moved slots come home, whoever crashes',
    async (policy) => {
      const wishes = { ...anything, policies: [policy], faults: 'none', workers: 2, tasks: 9 } as const;
      const drawn = drawScenario(3, wishes);
      const { candidates } = drawn;
      const chosen: { candidate: number; by: unknown }[] = [];
      const outcome = await runScenario({
        scenario: {
          ...drawn,
          candidates: 12,
          faults: [
            { ...at(0), wish: { do: 'add', count: 2, late: false } },
            { ...at(0.1), wish: { do: 'add', count: 1, late: true } },
            { ...at(0.2), wish: { do: 'pinned', candidate: 13 } },
            { ...at(0.3), wish: { do: 'vetoed', candidate: 5 } },
            { ...at(0.4), wish: { do: 'pinned', candidate: 7 } },
            { ...at(0.5), wish: { do: 'pinned', candidate: candidates + 99 } },
            { ...at(10), wish: { do: 'move', from: 'simulate', to: 'train', slots: 'all' } },
            { what: 'crash', of: 'actors', index: 0, forMs: 300, after: { facts: 20 }, steps: 1 },
          ],
        },
        campaign: referenceCampaign,
        observe: ({ source, event }) => {
          if (source !== 'submitter' || event.type !== 'task.created') return;
          const { candidate, choice } = event['task'] as { candidate: number; choice: { by: unknown } };
          chosen.push({ candidate, by: choice.by });
        },
      });
      expect(outcome.violations).toEqual([]);
      const pins = chosen.filter(({ by }) => by === 'pin').map(({ candidate }) => candidate);
      expect(pins).toEqual([13, 7]);
      expect(chosen.map(({ candidate }) => candidate)).not.toContain(5);
    },
  );
});

describe('what is really computed', () => {
  const scenario = drawScenario(1, { ...anything, policies: ['batched'], faults: 'none', tasks: 12 });
  const runWith = (turns: number): Promise<Outcome> =>
    runScenario({
      scenario,
      campaign: referenceCampaign,
      compute: async (task) => {
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        return computationOf(task, { seed: 1, model: scenario.tasks, objective: referenceCampaign.objective });
      },
    });

  test('takes no virtual time, however long it takes', async () => {
    const [quick, slow] = [await runWith(0), await runWith(7)];
    expect(quick.violations).toEqual([]);
    expect(slow.history).toBe(quick.history);
    expect(slow.virtualMs).toBe(quick.virtualMs);
    expect(slow.measures.utilisation).toBeGreaterThan(0);
  });

  test('ends the run where it throws', async () => {
    const { violations } = await runScenario({
      scenario,
      campaign: referenceCampaign,
      compute: () => Promise.reject(new Error('no answer is known')),
    });
    expect(violations[0]?.message).toMatch(/^task .* cannot be computed: no answer is known$/);
  });
});

describe('a failure', () => {
  /** A server that knows no message again: requests that are sent twice are stored twice. */
  const forgetful = (scenario: Scenario): Promise<Outcome> =>
    runScenario({
      scenario,
      campaign: referenceCampaign,
      plant: {
        server: (server) => {
          server.log(campaignId).ids.find = () => null;
          server.queue.ids.find = () => null;
        },
      },
    });

  test('is shrunk to what it takes, and still is one', async () => {
    let scenario = drawScenario(1, { ...anything, faults: 'heavy' });
    let outcome = await forgetful(scenario);
    for (let seed = 2; outcome.violations.length === 0; seed += 1) {
      scenario = drawScenario(seed, { ...anything, faults: 'heavy' });
      outcome = await forgetful(scenario);
    }
    const shortest = await shrink(scenario, async (smaller) => (await forgetful(smaller)).violations.length > 0, 200);
    expect(shortest.faults.length).toBeLessThan(scenario.faults.length / 2);
    expect(shortest.total).toBeLessThanOrEqual(scenario.total);
    const again = await forgetful(shortest);
    expect(again.violations.length).toBeGreaterThan(0);
    const text = describeFailure(shortest, again);
    expect(text[0]).toContain(`seed ${scenario.seed}: `);
    expect(text).toContain('the last facts:');
    for (const fault of shortest.faults) expect(text).toContain(`  ${describeFault(fault)}`);
  });

  test('that needs one fault of many is shrunk to that one', async () => {
    const scenario = drawScenario(3, { ...anything, faults: 'heavy' });
    const wanted = scenario.faults[Math.floor(scenario.faults.length / 2)];
    if (wanted === undefined) throw new Error('no fault was drawn');
    const shortest = await shrink(scenario, ({ faults }) =>
      Promise.resolve(faults.some(({ what }) => what === wanted.what)),
    );
    expect(shortest.faults.map(({ what }) => what)).toEqual([wanted.what]);
    expect(shortest).toMatchObject({ total: 1, workers: 1, hosts: 1, slots: 1 });
  });
});
