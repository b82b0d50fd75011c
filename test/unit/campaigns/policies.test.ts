/** Each policy of the reference campaign from its start to its end, in virtual time: how many updates, on how many slots, in what order. */
import { describe, expect, it } from 'vitest';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { drawScenario } from '../../../src/simulator/scenario.ts';
import { SeededRandom } from '../../../src/ml/seeded-random.ts';
import { computationOf } from '../../../src/simulator/simulated-results.ts';
import { runScenario, type Outcome } from '../../../src/simulator/world.ts';
import { factsOf } from '../actors/campaign-checks.ts';
import { anything, referenceCampaign } from '../simulator/reference-campaign.ts';

interface Run extends Outcome {
  readonly log: readonly StoredFact[];
}

const slots = 4;
const initial = 8;
const batch = 4;

/** Four slots, 40 simulations of 0.7 to 1.3 s each; training, and whatever is inferred, take what is given. */
async function run(
  policy: string,
  {
    lookahead = 0,
    trainMs = 400,
    inferMs = 300,
    seed = 1,
  }: { lookahead?: number; trainMs?: number; inferMs?: number; seed?: number } = {},
): Promise<Run> {
  const drawn = drawScenario(seed, {
    ...anything,
    policies: [policy],
    faults: 'none',
    tasks: 40,
    workers: slots,
    lookahead,
  });
  const steering = { start: 'diverse', nearCopies: 'avoid' };
  const tasks = { medianMs: 1_000, shape: 'constant', failing: 0 } as const;
  const weather = { latencyMs: 5, lost: 0, unanswered: 0 };
  const scenario = { ...drawn, candidates: 400, initial, batch, slots: 1, hosts: 1, steering, tasks, weather };
  const log: StoredFact[] = [];
  const outcome = await runScenario({
    scenario,
    campaign: referenceCampaign,
    observe: (fact) => log.push(fact),
    compute: (task) => {
      const computation = computationOf(task, { seed, model: tasks, objective: referenceCampaign.objective });
      const simulationMs = 700 + 600 * SeededRandom.of(seed, `${task.id}/duration`).next();
      const durationMs = { simulate: simulationMs, train: trainMs }[task.topic] ?? inferMs;
      return Promise.resolve({ ...computation, durationMs });
    },
  });
  expect(outcome.violations).toEqual([]);
  return { ...outcome, log };
}

const trainedOn = ({ log }: Run): number[] => factsOf(log, 'trainer', 'update.started').map((fact) => fact.trainedOn);
const candidates = ({ log }: Run): (number | null)[] =>
  factsOf(log, 'submitter', 'task.created').map(({ task }) => task.candidate);
const reasons = ({ log }: Run): string[] =>
  factsOf(log, 'submitter', 'task.created').map(({ task }) => String(task.choice?.['by']));
/** Slots of a pool after each change of the books, once the workers are there. */
const sizes = ({ log }: Run, ...pools: string[]): number[] =>
  factsOf(log, 'resource-ledger', 'slots.changed')
    .filter(({ capacity }) => capacity === slots)
    .map(({ pools: books }) =>
      pools.reduce((sum, pool) => sum + (books[pool]?.allocated ?? 0) + (books[pool]?.free ?? 0), 0),
    );
/** Tasks created from the start of an update to the end of it. */
const createdDuringUpdates = ({ log }: Run): number => {
  const ends = factsOf(log, 'inference-runner', 'ranking.updated').filter(({ older }) => older === undefined);
  const spans = factsOf(log, 'trainer', 'update.started').map(({ update, at }) => ({
    from: at.sequence,
    to: ends.find((end) => end.update === update)?.at.sequence ?? Infinity,
  }));
  return factsOf(log, 'submitter', 'task.created').filter(({ at }) =>
    spans.some(({ from, to }) => at.sequence > from && at.sequence < to),
  ).length;
};
const evenSteps = Array.from({ length: 8 }, (_, n) => initial + batch * n);

describe.each(['batch', 'batched', 'streaming', 'reallocating'])('the %s policy', (policy) => {
  it('begins with the first candidates, then ranks, and does the same again for the same seed', async () => {
    const one = await run(policy);
    const by = reasons(one);
    expect(by.slice(0, initial)).toEqual(Array.from({ length: initial }, () => 'first'));
    expect(by.filter((reason) => reason === 'ranking').length).toBeGreaterThanOrEqual(40 - initial - 2 * slots);
    const other = await run(policy);
    expect(other.history).toBe(one.history);
    expect(candidates(await run(policy, { seed: 2 }))).not.toEqual(candidates(one));
  });
});

describe('in virtual time', () => {
  it('batch fills whole rounds, each after the end of the one before and of its update', async () => {
    const stopAndWait = await run('batch');
    expect(trainedOn(stopAndWait)).toEqual(evenSteps);
    let running = 0;
    const rounds: number[] = [];
    for (const { source, event } of stopAndWait.log) {
      if (source === 'submitter' && event.type === 'task.created') {
        if (running === 0) rounds.push(0);
        rounds.push((rounds.pop() ?? 0) + 1);
        running += 1;
      } else if (source === 'result-processor' && event['topic'] === 'simulate') running -= 1;
    }
    // The first round is larger than there are slots; the others are one task a slot, and all of them end.
    expect(rounds.slice(-8)).toEqual(Array.from({ length: 8 }, () => batch));
    expect(createdDuringUpdates(stopAndWait)).toBe(0);
  });

  it('batched pauses while it updates, and trains on what ran meanwhile, too', async () => {
    const batched = await run('batched');
    expect(trainedOn(batched)).toHaveLength(8);
    expect(createdDuringUpdates(batched)).toBe(0);
    // Every slot scores.
    expect(Math.max(...sizes(batched, 'train', 'infer'))).toBe(slots);
  });

  it('streaming never pauses, borrows one slot, and updates as often as it can', async () => {
    const streaming = await run('streaming');
    expect(createdDuringUpdates(streaming)).toBeGreaterThan(20);
    expect(Math.max(...sizes(streaming, 'train', 'infer'))).toBe(1);
    expect(trainedOn(await run('streaming', { trainMs: 50, inferMs: 50 })).length).toBeGreaterThan(evenSteps.length);
    // What falls due during an update is trained on together.
    const steps = trainedOn(streaming)
      .slice(1)
      .map((count, n) => count - (trainedOn(streaming)[n] ?? 0));
    expect(Math.max(...steps)).toBeGreaterThan(1);
    const [batched, stopAndWait] = [await run('batched'), await run('batch')];
    expect(streaming.virtualMs).toBeLessThan(batched.virtualMs);
    expect(batched.virtualMs).toBeLessThan(stopAndWait.virtualMs);
  });

  it('reallocating gives scoring more slots when updates are slow, never the last that simulates, and says why', async () => {
    const usual = await run('reallocating', { trainMs: 50, inferMs: 50 });
    expect(createdDuringUpdates(usual)).toBeGreaterThan(0);
    expect(Math.max(...sizes(usual, 'train', 'infer'))).toBe(1);
    const slow = await run('reallocating', { trainMs: 1_200 });
    expect(Math.max(...sizes(slow, 'train', 'infer'))).toBe(slots / 2);
    expect(Math.min(...sizes(slow, 'simulate'))).toBeGreaterThanOrEqual(slots / 2);
    const said = factsOf(slow.log, 'allocator', 'reallocation.requested').map(({ reason }) => reason ?? '');
    expect(said.every((reason) => reason.length > 10)).toBe(true);
    expect(said).toContainEqual(expect.stringMatching(/^update 1 took \d+\.\d s, \d+ results came in meanwhile/));
    expect(said).toContainEqual(expect.stringMatching(/^2 slots of 4 to score: /));
    for (const policy of ['batch', 'batched', 'streaming']) {
      expect(factsOf((await run(policy)).log, 'allocator', 'reallocation.requested')).toEqual([]);
    }
  });

  it('lookahead keeps so many waiting, withdraws what is outranked, and leaves fewer slots idle', async () => {
    for (const policy of ['random', 'batched', 'streaming', 'reallocating']) {
      const [without, ahead] = [await run(policy), await run(policy, { lookahead: 2 })];
      const waiting = new Set<string>();
      let most = 0;
      for (const { source, event } of ahead.log) {
        const task = event['task'] as { id: string; grant: string | null } | string | undefined;
        if (source === 'submitter' && event.type === 'task.created' && typeof task === 'object') {
          if (task.grant === null) waiting.add(task.id);
        } else if (typeof task === 'string') waiting.delete(task);
        most = Math.max(most, waiting.size);
      }
      expect(most, policy).toBe(2);
      expect(waiting.size, policy).toBe(0);
      const withdrawn = factsOf(ahead.log, 'submitter', 'task.withdrawn').length;
      if (policy === 'random') expect(withdrawn, 'at the end only').toBeLessThanOrEqual(2);
      if (policy === 'batched') expect(withdrawn, policy).toBeGreaterThan(2);
      // What waits ahead does not hold up the update's own tasks.
      const updates = (log: typeof ahead.log): number => factsOf(log, 'trainer', 'model.trained').length;
      expect(updates(ahead.log), policy).toBeGreaterThanOrEqual(updates(without.log) / 3);
      expect(factsOf(without.log, 'submitter', 'task.withdrawn')).toEqual([]);
      if (policy === 'random') expect(ahead.virtualMs).toBeLessThanOrEqual(without.virtualMs);
    }
  });
});
