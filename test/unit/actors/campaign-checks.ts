import { expect } from 'vitest';
import { placeInShuffle } from '../../../actors/random-order.ts';
import type { SlotBooks } from '../../../actors/slot-books.ts';
import type { Says, Source } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import type { SimulatedCampaign } from './simulated-campaign.ts';

/** What a campaign was asked for. */
export interface Asked {
  readonly candidates: number;
  readonly seed: number;
  readonly total: number;
  /** Null without a model. */
  readonly updates: { readonly initial: number; readonly batch: number } | null;
}

type Fact<S extends Source, T extends Says<S>['type']> = Extract<Says<S>, { type: T }> & { at: StoredFact };

/** Facts of one type, with their places in the log. */
export function factsOf<S extends Source, T extends Says<S>['type']>(
  log: readonly StoredFact[],
  source: S,
  type: T,
): Fact<S, T>[] {
  return log.flatMap((at) =>
    at.source === source && at.event.type === type ? [{ ...at.event, at } as unknown as Fact<S, T>] : [],
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

/** Slots: the books balance at every change, and never more tasks are out than there are slots. */
export function checkSlots(log: readonly StoredFact[]): void {
  let capacity = 0;
  const out = new Set<string>();
  const ahead = new Map<string, string>();
  const ended = new Set<string>();
  for (const { source, event } of log) {
    if (event.type === 'slots.changed') {
      const changed = event as unknown as Fact<'resource-ledger', 'slots.changed'>;
      capacity = changed.capacity;
      expect(out.size, 'tasks that have a slot').toBeLessThanOrEqual(capacity);
      expect(sum(Object.values(changed.pools).map(({ allocated, free }) => allocated + free))).toBe(capacity);
    } else if (event.type === 'task.created') {
      const { task } = event as unknown as Fact<'submitter', 'task.created'>;
      if (task.grant === null) continue;
      expect(out.has(task.grant), `grant ${task.grant} used twice by ${source}`).toBe(false);
      out.add(task.grant);
      expect(out.size, 'tasks that are out').toBeLessThanOrEqual(capacity);
    } else if (event.type === 'slots.granted' && typeof event['task'] === 'string') {
      const { grant, task } = event as unknown as Fact<'resource-ledger', 'slots.granted'>;
      ahead.set(task ?? '', grant);
      // It may have ended before there was word of its slot.
      if (!ended.has(task ?? '')) out.add(grant);
    } else if (event.type === 'task.finished') {
      const { task } = (event as unknown as Fact<'worker', 'task.finished'>).result;
      ended.add(task.id);
      out.delete(task.grant ?? ahead.get(task.id) ?? '');
    }
  }
}

/** Counts: what ran is recorded once, the counts are right, and no candidate is simulated twice. */
export function checkCounts(log: readonly StoredFact[], { total, updates, candidates }: Asked): void {
  const finishedTasks = new Set(factsOf(log, 'worker', 'task.finished').map(({ result }) => result.task.id));
  const recorded = factsOf(log, 'result-processor', 'result.recorded');
  expect(recorded.map(({ task }) => task).sort()).toEqual([...finishedTasks].sort());
  let successes = 0;
  let failures = 0;
  for (const fact of recorded) {
    const isSimulation = fact.topic === 'simulate';
    const counts = isSimulation && fact.success;
    if (counts) successes += 1;
    if (isSimulation && !fact.success && fact.withdrawn !== true) failures += 1;
    const past = successes - (updates?.initial ?? 0);
    const isDue = counts && updates !== null && past >= 0 && past % updates.batch === 0 && successes < total;
    expect(fact).toMatchObject({ successes, failures, updateDue: isDue, targetReached: counts && successes >= total });
  }
  const withdrawn = new Set(recorded.filter((fact) => fact.withdrawn === true).map(({ task }) => task));
  const created = factsOf(log, 'submitter', 'task.created');
  const submitted = created.filter(({ task }) => !withdrawn.has(task.id)).map(({ task }) => task.candidate ?? -1);
  expect(new Set(submitted).size).toBe(submitted.length);
  expect(created.every(({ task: { candidate } }) => (candidate ?? -1) >= 0 && (candidate ?? -1) < candidates)).toBe(
    true,
  );
  const asked = new Set(factsOf(log, 'submitter', 'task.withdrawn').map(({ task }) => task));
  expect([...withdrawn].filter((task) => !asked.has(task))).toEqual([]);
}

/** Choices: each is the best of the newest ranking that was not submitted yet, then the next of the shuffled order. */
export function checkChoices(log: readonly StoredFact[], { candidates, seed }: Asked): void {
  const rankings = factsOf(log, 'inference-runner', 'ranking.updated');
  const back = factsOf(log, 'result-processor', 'result.recorded').filter((fact) => fact.withdrawn === true);
  const submitted = new Set<number>();
  for (const { task, at } of factsOf(log, 'submitter', 'task.created')) {
    while (back[0] !== undefined && back[0].at.sequence <= (at.cause ?? 0))
      submitted.delete(back.shift()?.candidate ?? -1);
    const known = rankings.filter((ranking) => ranking.at.sequence <= (at.cause ?? 0)).at(-1);
    const best = known?.ranking.find(([candidate]) => !submitted.has(candidate))?.[0];
    if (best !== undefined) {
      expect(task).toMatchObject({ candidate: best, choice: reasonOf(known, best) });
    } else {
      expect(task.choice).toMatchObject({ by: 'shuffle' });
      const places = Array.from({ length: candidates }, (_, i) => i)
        .filter((candidate) => !submitted.has(candidate))
        .map((candidate) => placeInShuffle(candidate, candidates, seed));
      expect(placeInShuffle(task.candidate ?? -1, candidates, seed)).toBe(Math.min(...places));
    }
    submitted.add(task.candidate ?? -1);
  }
}

function reasonOf(ranking: Fact<'inference-runner', 'ranking.updated'> | undefined, candidate: number): object {
  const { update = -1, trainedOn = -1, older } = ranking ?? {};
  const isOlder = older?.ranges.some(([from, to]) => candidate >= from && candidate < to) === true;
  return {
    by: update === 0 ? 'first' : 'ranking',
    update: isOlder ? older.update : update,
    trainedOn: isOlder ? older.trainedOn : trainedOn,
  };
}

/**
 * Updates: each for a reason, on all successes that were known, and trained on what is newer than the last model. Where submission
 * pauses, nothing is submitted between the reason and the outcome.
 */
export function checkUpdates(log: readonly StoredFact[], pauses = true): void {
  const recorded = factsOf(log, 'result-processor', 'result.recorded').filter(({ topic }) => topic === 'simulate');
  const rankings = factsOf(log, 'inference-runner', 'ranking.updated').filter(({ older }) => older === undefined);
  const outcomes = [...rankings, ...factsOf(log, 'trainer', 'update.failed')];
  const upTo = <F extends { at: StoredFact }>(facts: readonly F[], sequence: number | null): F[] =>
    facts.filter(({ at }) => at.sequence <= (sequence ?? 0));
  const dueAt = (cause: number | null): number =>
    upTo(recorded, cause)
      .filter((fact) => fact.updateDue)
      .at(-1)?.successes ?? 0;
  const settledOn = (cause: number | null): number =>
    Math.max(0, ...upTo(outcomes, cause).map(({ trainedOn }) => trainedOn));

  const started = factsOf(log, 'trainer', 'update.started');
  started.forEach(({ update, trainedOn, at }, index) => {
    expect(update).toBe(index + 1);
    expect(trainedOn, `update ${update}`).toBe(upTo(recorded, at.cause).at(-1)?.successes);
    expect(dueAt(at.cause), `update ${update} was due`).toBeGreaterThan(
      // A failure is the trainer's own decision at the same moment.
      Math.max(0, ...upTo(outcomes, at.cause).map((outcome) => outcome.trainedOn)),
    );
  });
  for (const { task, at } of pauses ? factsOf(log, 'submitter', 'task.created') : []) {
    expect(settledOn(at.cause), `${task.id} at ${at.sequence} while an update was due`).toBeGreaterThanOrEqual(
      dueAt(at.cause),
    );
  }
  const models = factsOf(log, 'trainer', 'model.trained');
  for (const { task, at } of factsOf(log, 'trainer', 'task.created')) {
    const { previous, candidates, values } = task.arguments as {
      previous: string | null;
      candidates: number[];
      values: number[];
    };
    const last = upTo(models, at.cause).at(-1);
    expect(previous).toBe(last?.model ?? null);
    const trainedOn = task.choice?.['trainedOn'] as number;
    const known = recorded.filter(({ success }) => success).slice(last?.trainedOn ?? 0, trainedOn);
    expect(known).not.toEqual([]);
    expect(candidates).toEqual(known.map(({ candidate }) => candidate));
    expect(values).toEqual(known.map(({ value }) => value));
  }
  for (const { ranking, at } of rankings) {
    const created = upTo(factsOf(log, 'submitter', 'task.created'), at.cause);
    // What waits beyond the slots may be ranked again.
    const submitted = created.filter(({ task }) => task.grant !== null).map(({ task }) => task.candidate);
    expect(ranking.some(([candidate]) => submitted.includes(candidate))).toBe(false);
  }
}

/** At a quiet moment: something runs unless there is a reason, and slots that no update needs are where simulations are. */
export function checkQuiet(campaign: SimulatedCampaign): void {
  const state = campaign.stateOf('campaign');
  if (state === 'running' && campaign.slots > 0 && campaign.outstanding === 0) {
    throw new Error(`nothing runs, for ever: ${campaign.describe()}`);
  }
  if (typeof state === 'object' && campaign.outstanding === 0)
    throw new Error(`a drain without end: ${campaign.describe()}`);
  const atRest = ['idle', 'closed', undefined];
  if (
    !atRest.includes(campaign.stateOf('trainer') as string) ||
    !atRest.includes(campaign.stateOf('inference-runner') as string)
  )
    return;
  const books = campaign.contextOf('resource-ledger') as SlotBooks;
  if (homeless(books) !== 0)
    throw new Error(`${homeless(books)} slots are not on their way home: ${campaign.describe()}`);
}

/** How many slots will not be in the home pool when everything is released. */
function homeless({ pools, moves, home, capacity }: SlotBooks): number {
  const into = sum(moves.filter(({ to }) => to === home).map(({ slots }) => slots));
  const out = sum(moves.filter(({ from }) => from === home).map(({ slots }) => slots));
  const { allocated, free } = pools[home] ?? { allocated: 0, free: 0 };
  return capacity - (allocated + free + into - out);
}

/** At the end: enough succeeded or no candidate is left, nothing runs, and no slot is held or away from home. */
export function checkEnd(campaign: SimulatedCampaign, { total, candidates }: Asked): void {
  expect(campaign.stateOf('campaign'), campaign.describe()).toBe('ended');
  expect(campaign.outstanding).toBe(0);
  const [end] = factsOf(campaign.log, 'campaign', 'campaign.ended');
  const recorded = factsOf(campaign.log, 'result-processor', 'result.recorded');
  const successes = Math.max(0, ...recorded.map((fact) => fact.successes));
  const submitted = factsOf(campaign.log, 'submitter', 'task.created').length;
  const created = submitted - recorded.filter((fact) => fact.withdrawn === true).length;
  if (end?.reason.includes('run out') === true) expect(created).toBe(candidates);
  else expect(end?.reason).toMatch(/^\d+ simulations succeeded$/);
  expect(successes >= total || created === candidates, campaign.describe()).toBe(true);
  const tasks = campaign.log.filter(({ event }) => event.type === 'task.created');
  expect(recorded).toHaveLength(tasks.length);
  const books = campaign.contextOf('resource-ledger') as SlotBooks;
  expect(books).toMatchObject({ capacity: campaign.slots, retiring: 0, held: {}, requests: {}, moves: [] });
  expect(books.pools[books.home]).toEqual({ allocated: 0, free: campaign.slots });
}

/** Decisions: a slot is filled only when the result whose end freed it was decided on. */
export function checkDecisions(log: readonly StoredFact[]): void {
  const freedBy = new Map(factsOf(log, 'resource-ledger', 'slots.granted').map((fact) => [fact.grant, fact.freedBy]));
  const decidedAt = new Map(
    factsOf(log, 'result-processor', 'result.recorded').map((fact) => [fact.sequence, fact.at.sequence]),
  );
  for (const { task, at } of factsOf(log, 'submitter', 'task.created')) {
    const freed = (task.grant === null ? null : freedBy.get(task.grant)) ?? null;
    if (freed === null) continue;
    expect(decidedAt.get(freed), `${task.id} at ${at.sequence}, on the slot freed at ${freed}`).toBeLessThanOrEqual(
      at.cause ?? 0,
    );
  }
}
