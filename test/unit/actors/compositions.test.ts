import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batch } from '../../../campaigns/molecular-design/policies/batch.ts';
import { batched } from '../../../campaigns/molecular-design/policies/batched.ts';
import { random } from '../../../campaigns/molecular-design/policies/random.ts';
import { reallocating } from '../../../campaigns/molecular-design/policies/reallocating.ts';
import { streaming } from '../../../campaigns/molecular-design/policies/streaming.ts';
import { settings } from '../../../campaigns/molecular-design/settings.ts';
import type { ActorPlan } from '../../../src/protocol/actor.ts';
import {
  checkChoices,
  checkCounts,
  checkDecisions,
  checkEnd,
  checkQuiet,
  checkSlots,
  checkUpdates,
  factsOf,
  type Asked,
} from './campaign-checks.ts';
import { modelRef } from './sample-facts.ts';
import { SimulatedCampaign, type Weather } from './simulated-campaign.ts';

const policies = { random, batch, batched, streaming, reallocating } as const;
type PolicyName = keyof typeof policies;
const pauses: readonly PolicyName[] = ['batch', 'batched'];

/** How candidates are chosen, beside the policy. */
interface Steered {
  readonly start?: 'diverse' | 'shuffled';
  readonly nearCopies?: 'avoid' | 'allow';
  readonly lookahead?: number;
}

function plansOf(policy: PolicyName, asked: Asked, steered: Steered = {}): readonly ActorPlan[] {
  const { candidates, seed, total, updates } = asked;
  const parsed = settings.parse({
    policy,
    model: 'knn',
    total,
    ...(updates ?? { initial: 1, batch: 1 }),
    seed,
    ...steered,
  });
  return policies[policy]({ settings: parsed, candidates, objects: { fingerprints: modelRef, features: modelRef } });
}

function runToEnd(
  policy: PolicyName,
  asked: Asked,
  weather: Partial<Weather>,
  steered: Steered = {},
): SimulatedCampaign {
  const expected =
    policy === 'streaming' && asked.updates !== null ? { ...asked, updates: { ...asked.updates, batch: 1 } } : asked;
  const campaign = new SimulatedCampaign(plansOf(policy, asked, steered), weather);
  campaign.run(() => checkQuiet(campaign));
  checkSlots(campaign.log);
  checkCounts(campaign.log, expected);
  checkChoices(campaign.log, expected);
  checkUpdates(campaign.log, pauses.includes(policy));
  checkDecisions(campaign.log);
  checkEnd(campaign, expected);
  return campaign;
}

/** Run without faults but those given, until it has paused. */
function runToPause(asked: Asked, weather: Partial<Weather>): SimulatedCampaign {
  const campaign = new SimulatedCampaign(plansOf('batched', asked), weather);
  campaign.run(() => checkQuiet(campaign));
  checkSlots(campaign.log);
  checkCounts(campaign.log, asked);
  checkUpdates(campaign.log);
  expect(campaign.stateOf('campaign'), campaign.describe()).toBe('paused');
  expect(campaign.outstanding).toBe(0);
  return campaign;
}

const trainedOn = (campaign: SimulatedCampaign): number[] =>
  factsOf(campaign.log, 'trainer', 'update.started').map((fact) => fact.trainedOn);

const rate = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constant(0), fc.integer({ min: 0, max }));
const workersArbitrary = fc.oneof(
  fc.constantFrom([1], [2], [7]),
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
);
/** Faults of every kind, and actors that hear late; but never so many failures in a row that a campaign pauses. */
const weatherArbitrary: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer(),
  workers: workersArbitrary,
  hearing: fc.integer({ min: 30, max: 99 }),
  simulationFails: rate(30),
  trainingFails: rate(40),
  scoringFails: rate(10),
  duplicates: rate(40),
  fleetChanges: rate(10),
  drains: fc.constant(0),
  restarts: rate(5),
  stalls: rate(5),
  reorders: fc.constant(0),
});
const withDrains = weatherArbitrary.chain((weather) =>
  fc.integer({ min: 1, max: 6 }).map((drains) => ({ ...weather, drains })),
);
const askedArbitrary = fc
  .record({
    candidates: fc.integer({ min: 1, max: 40 }),
    seed: fc.nat(),
    initial: fc.integer({ min: 1, max: 4 }),
    batch: fc.integer({ min: 1, max: 4 }),
    more: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ candidates, seed, initial, batch, more }) => ({
    candidates,
    seed,
    total: initial + more,
    updates: { initial, batch },
  }));

const steeredArbitrary: fc.Arbitrary<Steered> = fc.record({
  start: fc.constantFrom('diverse' as const, 'shuffled' as const),
  nearCopies: fc.constantFrom('avoid' as const, 'allow' as const),
  lookahead: fc.constantFrom(0, 1, 3),
});

describe.each(['batch', 'batched', 'streaming', 'reallocating'] as const)('the %s policy', (policy) => {
  it('ends as it should in any weather, with any start, and with tasks that wait ahead', () => {
    fc.assert(
      fc.property(
        askedArbitrary,
        // Where updates fail, somebody has to resume what has paused.
        fc.oneof(
          weatherArbitrary.map((weather) => ({ ...weather, trainingFails: 0, scoringFails: 0 })),
          withDrains,
        ),
        steeredArbitrary,
        (asked, weather, steered) => {
          const lookahead = policy === 'batch' ? 0 : (steered.lookahead ?? 0);
          runToEnd(policy, asked, weather, { ...steered, lookahead });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the random policy', () => {
  it('ends as it should in any weather', () => {
    fc.assert(
      fc.property(askedArbitrary, fc.oneof(weatherArbitrary, withDrains), (asked, weather) => {
        runToEnd('random', { ...asked, updates: null }, weather);
      }),
      { numRuns: 70 },
    );
  });
});

describe('the batched policy', () => {
  it('ends as it should with actors that lag and workers that fail, come and go', () => {
    fc.assert(
      fc.property(askedArbitrary, weatherArbitrary, (asked, weather) => {
        const campaign = runToEnd('batched', asked, { ...weather, trainingFails: 0, scoringFails: 0 });
        expect(factsOf(campaign.log, 'trainer', 'update.failed')).toEqual([]);
      }),
      { numRuns: 70 },
    );
  });

  it('ends as it should when it is drained and resumed, and when updates fail', () => {
    fc.assert(
      fc.property(askedArbitrary, withDrains, (asked, weather) => {
        runToEnd('batched', asked, weather);
      }),
      { numRuns: 70 },
    );
  });

  it('goes on to the end when facts are stored out of turn', () => {
    fc.assert(
      fc.property(
        askedArbitrary,
        weatherArbitrary,
        fc.nat(4),
        fc.integer({ min: 1, max: 8 }),
        (asked, weather, drains, reorders) => {
          const campaign = new SimulatedCampaign(plansOf('batched', asked), {
            ...weather,
            trainingFails: 0,
            scoringFails: 0,
            drains,
            reorders,
          });
          campaign.run(() => checkQuiet(campaign));
          checkEnd(campaign, asked);
          const submitted = factsOf(campaign.log, 'submitter', 'task.created').map(({ task }) => task.candidate);
          expect(new Set(submitted).size).toBe(submitted.length);
        },
      ),
      { numRuns: 70 },
    );
  });

  it('updates the model at the initial successes and after every batch, on any number of slots', () => {
    for (const slots of [1, 2, 7]) {
      const asked = { candidates: 200, seed: 5, total: 20, updates: { initial: 8, batch: 4 } };
      const campaign = runToEnd('batched', asked, { workers: [slots], seed: slots });
      expect(trainedOn(campaign)).toHaveLength(3);
      // Simulations that run during an update may end before the next one starts, and are trained on, too.
      trainedOn(campaign).forEach((count, i) => {
        expect(count).toBeGreaterThanOrEqual(8 + 4 * i);
        expect(count).toBeLessThan(8 + 4 * i + (slots === 1 ? 1 : 4));
      });
      const by = factsOf(campaign.log, 'submitter', 'task.created').map(({ task }) => task.choice?.['by']);
      expect(by.indexOf('ranking')).toBeGreaterThanOrEqual(8);
      expect(by.slice(by.indexOf('ranking'))).not.toContain('shuffle');
    }
  });

  it('ends as it should in the smallest campaigns, and when it is asked for more than there is', () => {
    const sizes: Omit<Asked, 'seed'>[] = [
      { candidates: 50, total: 1, updates: { initial: 1, batch: 1 } },
      { candidates: 50, total: 6, updates: { initial: 1, batch: 1 } },
      { candidates: 50, total: 8, updates: { initial: 8, batch: 4 } },
      { candidates: 1, total: 1_000, updates: { initial: 1, batch: 1 } },
      { candidates: 9, total: 1_000, updates: { initial: 2, batch: 3 } },
      { candidates: 3, total: 1_000, updates: { initial: 8, batch: 4 } },
    ];
    for (const size of sizes) {
      for (const slots of [1, 2, 7]) {
        const asked = { ...size, seed: slots };
        const campaign = runToEnd('batched', asked, { workers: [slots], seed: slots });
        const { reason } = factsOf(campaign.log, 'campaign', 'campaign.ended')[0] ?? { reason: '' };
        if (asked.total > asked.candidates) {
          expect(reason).toBe(`the search space has run out: all ${asked.candidates} candidates were submitted`);
        } else {
          expect(reason).toBe(`${asked.total} simulations succeeded`);
          if (asked.total === asked.updates?.initial) expect(trainedOn(campaign)).toEqual([]);
          if (slots === 1 && asked.updates?.batch === 1) {
            expect(trainedOn(campaign)).toEqual(Array.from({ length: asked.total - 1 }, (_, i) => i + 1));
          }
        }
      }
    }
  });

  it('goes on with the last ranking when an update fails, and pauses when three in a row do', () => {
    for (const weather of [{ trainingFails: 100 }, { scoringFails: 100 }]) {
      const asked = { candidates: 200, seed: 2, total: 100, updates: { initial: 3, batch: 2 } };
      const campaign = runToPause(asked, { ...weather, workers: [2] });
      const failed = factsOf(campaign.log, 'trainer', 'update.failed');
      expect(failed.map(({ consecutive }) => consecutive)).toEqual([1, 2, 3]);
      expect(factsOf(campaign.log, 'campaign', 'campaign.paused')).toMatchObject([
        {
          reason: expect.stringMatching(
            /^3 updates of the model failed in a row, the last one because: \w+-\d+ failed$/,
          ) as string,
        },
      ]);
      expect(trainedOn(campaign)).toHaveLength(3);
      campaign.resume();
      campaign.run(() => checkQuiet(campaign));
      expect(trainedOn(campaign), 'three more after it was resumed').toHaveLength(6);
      expect(campaign.stateOf('campaign')).toBe('paused');
    }
  });

  it('pauses when sixteen simulations in a row fail', () => {
    for (const slots of [1, 7]) {
      const asked = { candidates: 200, seed: 2, total: 10, updates: { initial: 3, batch: 2 } };
      const campaign = runToPause(asked, { simulationFails: 100, workers: [slots] });
      expect(factsOf(campaign.log, 'result-processor', 'failures.persisted')[0]).toMatchObject({ failures: 16 });
      const [paused] = factsOf(campaign.log, 'campaign', 'campaign.paused');
      expect(paused?.reason).toMatch(/^16 simulations failed in a row, the last one because: simulate-\d+ failed$/);
      expect(factsOf(campaign.log, 'result-processor', 'result.recorded').length).toBeLessThan(16 + 2 * slots);
    }
  });
});
