import { describe, expect, it } from 'vitest';
import { allocator, type AllocatorInput } from '../../../actors/allocator.ts';
import type { Says } from '../../../src/protocol/events.ts';
import { DrivenActor, ofType, type Said } from './driven-actor.ts';
import { recorded } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(allocator.machine);
const input: AllocatorInput = { home: 'simulate', trainPool: 'train', inferPool: 'infer', batch: 4, chunks: 8 };
const drain = { type: 'drain.started', reason: 'x' } as const;
const resumed = { type: 'campaign.resumed' } as const;

function open(capacity: number, change: Partial<AllocatorInput> = {}): DrivenActor {
  const actor = new DrivenActor(allocator, { ...input, ...change }, coverage);
  actor.hear('fleet', { type: 'capacity.changed', capacity });
  return actor;
}

const request = (name: string, pool: string, count = 1) =>
  ({ type: 'slots.requested', request: name, pool, slots: 1, count }) as const;
const results = (actor: DrivenActor, successes: number, updateDue = false): Said[] =>
  actor.hear('result-processor', recorded({ successes, updateDue }));
const ranked = (update: number, trainedOn: number): Extract<Says<'inference-runner'>, { type: 'ranking.updated' }> => ({
  type: 'ranking.updated',
  update,
  trainedOn,
  scored: 10,
  ranking: [],
});
const failed = (update: number, trainedOn: number) =>
  ({ type: 'update.failed', update, trainedOn, consecutive: 1, reason: 'x' }) as const;

function train(actor: DrivenActor, update: number, trainedOn: number): Said[] {
  actor.hear('trainer', { type: 'update.started', update, trainedOn });
  return actor.hear('trainer', request(`trainer/${update}`, 'train'));
}
const score = (actor: DrivenActor, update: number): Said[] =>
  actor.hear('inference-runner', request(`inference-runner/${update}`, 'infer', 8));
/** A whole update during which so many results come in; what is said at its end. */
function update(actor: DrivenActor, number: number, from: number, came: number): Said[] {
  results(actor, from);
  train(actor, number, from);
  score(actor, number);
  results(actor, from + came);
  return actor.hear('inference-runner', ranked(number, from));
}
/** What moves, without the reasons. */
const moves = (said: readonly Said[]): string[] =>
  ofType(said, 'reallocation.requested').map((fact) => {
    expect(fact['reason']).toMatch(/\w/);
    expect(fact['upTo'], 'what may be asked again is asked as a number to reach').toBe(
      fact['slots'] === 'all' ? undefined : true,
    );
    return `${String(fact['slots'])} ${String(fact['from'])}-${String(fact['to'])}`;
  });
const reasons = (said: readonly Said[]): unknown[] => said.map((fact) => fact['reason']);

describe('allocator', () => {
  it('gives training one slot, scoring that one, and sends all home when the ranking is there', () => {
    const actor = open(4);
    results(actor, 8, true);
    const training = train(actor, 1, 8);
    expect(moves(training)).toEqual(['1 simulate-train']);
    expect(reasons(training)).toEqual(['update 1 is due on 8 results: one slot trains it']);
    const scoring = score(actor, 1);
    expect(moves(scoring)).toEqual(['all train-infer', '1 simulate-infer']);
    expect(reasons(scoring)[1]).toBe('one slot of 4 to score: updates keep up with batches of 4');
    results(actor, 9);
    expect(
      actor.hear('inference-runner', { ...ranked(1, 8), older: { update: 0, trainedOn: 0, ranges: [[0, 5]] } }),
      'in part',
    ).toEqual([]);
    const over = actor.hear('inference-runner', ranked(1, 8));
    expect(moves(over)).toEqual(['all train-simulate', 'all infer-simulate']);
    expect(reasons(over)[0]).toBe('update 1 took 5.0 s, one result came in meanwhile: nothing is to be trained');
    expect(actor.state).toEqual({ open: 'simulating' });
  });

  it('keeps one slot where the next update is due already', () => {
    const actor = open(4);
    train(actor, 1, 8);
    score(actor, 1);
    results(actor, 12, true);
    expect(moves(actor.hear('inference-runner', ranked(1, 8)))).toEqual(['1 infer-train', 'all infer-simulate']);
  });

  it('gives scoring more when rankings are stale twice in a row, up to half the slots, and takes it back', () => {
    const actor = open(6);
    const share = (number: number, came: number): unknown => {
      update(actor, number, 100 * number, came);
      return (actor.context as { share: number }).share;
    };
    expect(
      [9, 2, 9, 9].map((came, n) => share(n + 1, came)),
      'one quick update between',
    ).toEqual([1, 1, 1, 2]);
    expect(
      [9, 9, 9, 9].map((came, n) => share(n + 5, came)),
      'never more than half',
    ).toEqual([2, 3, 3, 3]);
    expect(moves(score(actor, 9))).toEqual(['all train-infer', '3 simulate-infer']);
    expect(reasons(score(actor, 9))[1]).toBe('3 slots of 6 to score: 3 were needed so far');
    expect([1, 1, 1, 1, 1].map((came, n) => share(n + 9, came))).toEqual([3, 2, 2, 1, 1]);
    share(14, 5);
    train(actor, 15, 1_500);
    expect(reasons(score(actor, 15))[1]).toBe('one slot of 6 to score: more than 4 results come in during an update');
  });

  it('never gives more than there is to score side by side, and leaves one to simulate where there are two', () => {
    for (const [capacity, chunks, most] of [
      [1, 8, 1],
      [2, 8, 1],
      [3, 8, 1],
      [16, 2, 2],
    ] as const) {
      const actor = open(capacity, { chunks });
      for (let number = 1; number <= 8; number += 1) update(actor, number, 100 * number, 50);
      expect(moves(score(actor, 9)).at(-1)).toBe(`${most} simulate-infer`);
    }
  });

  it('gives one slot to the choice of the first candidates, and takes it back however that ends', () => {
    for (const outcome of ['chosen', 'failed']) {
      const actor = open(4);
      const said = actor.hear('inference-runner', request('inference-runner/0', 'infer'));
      expect(moves(said)).toEqual(['1 simulate-infer']);
      expect(moves(actor.hear('fleet', { type: 'capacity.changed', capacity: 3 }))).toEqual(['1 simulate-infer']);
      const end =
        outcome === 'chosen'
          ? ranked(0, 0)
          : ({ type: 'scoring.failed', update: 0, trainedOn: 0, reason: 'x' } as const);
      expect(moves(actor.hear('inference-runner', end))).toEqual(['all infer-simulate']);
      expect(actor.state).toEqual({ open: 'simulating' });
    }
  });

  it('sends slots home when an update fails, in training or in scoring', () => {
    const training = open(4);
    train(training, 1, 8);
    expect(moves(training.hear('trainer', failed(1, 8)))).toEqual(['all train-simulate', 'all infer-simulate']);
    const scoring = open(4);
    train(scoring, 1, 8);
    score(scoring, 1);
    const end = { type: 'scoring.failed', update: 1, trainedOn: 8, reason: 'x' } as const;
    expect(moves(scoring.hear('inference-runner', end))).toEqual(['all train-simulate', 'all infer-simulate']);
    expect(scoring.hear('trainer', failed(1, 8)), 'which the trainer says, too').toEqual([]);
  });

  it('asks again when the fleet changes, and after each result when it has shrunk: the slots that go may be these', () => {
    const actor = open(4);
    train(actor, 1, 8);
    expect(moves(actor.hear('fleet', { type: 'capacity.changed', capacity: 5 }))).toEqual(['1 simulate-train']);
    expect(results(actor, 9)).toEqual([]);
    actor.hear('fleet', { type: 'capacity.changed', capacity: 2 });
    expect(moves(results(actor, 10))).toEqual(['1 simulate-train']);
    score(actor, 1);
    expect(moves(results(actor, 11))).toEqual(['all train-infer', '1 simulate-infer']);
    expect(moves(actor.hear('fleet', { type: 'capacity.changed', capacity: 3 }))).toHaveLength(2);
    actor.hear('inference-runner', ranked(1, 8));
    train(actor, 2, 12);
    expect(results(actor, 13), 'the next update has its own').toEqual([]);
    score(actor, 2);
    expect(results(actor, 14)).toEqual([]);
  });

  it('asks again for the slots of an update when a person has moved slots, and else leaves them where they are', () => {
    const byHand = { type: 'reallocation.requested', from: 'train', to: 'simulate', slots: 1, reason: '' } as const;
    const actor = open(4);
    actor.hear('inference-runner', request('inference-runner/0', 'infer'));
    expect(moves(actor.hear('operator', byHand))).toEqual(['1 simulate-infer']);
    actor.hear('inference-runner', ranked(0, 0));
    expect(actor.hear('operator', byHand)).toEqual([]);
    train(actor, 1, 8);
    expect(moves(actor.hear('operator', byHand))).toEqual(['1 simulate-train']);
    score(actor, 1);
    expect(moves(actor.hear('operator', byHand))).toEqual(['all train-infer', '1 simulate-infer']);
  });

  it('moves nothing while the campaign drains, and counts on', () => {
    const actor = open(4);
    train(actor, 1, 8);
    expect(actor.hear('campaign', drain)).toEqual([]);
    actor.hear('fleet', { type: 'capacity.changed', capacity: 3 });
    results(actor, 12, true);
    expect(actor.context).toMatchObject({ capacity: 3, successes: 12, dueAt: 12 });
    actor.hear('campaign', resumed);
    expect(moves(train(actor, 2, 12))).toEqual(['1 simulate-train']);
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
