import { describe, expect, it } from 'vitest';
import { shuffledAt } from '../../../actors/random-order.ts';
import { submitter, type SubmitterInput } from '../../../actors/submitter.ts';
import type { Says } from '../../../src/protocol/events.ts';
import type { Ranked } from '../../../src/protocol/ranking.ts';
import { DrivenActor, ofType, typesOf, type Said } from './driven-actor.ts';
import { granted, recorded } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(submitter.machine);
const input: SubmitterInput = {
  candidates: 6,
  seed: 3,
  method: 'ionization-energy',
  topic: 'simulate',
  pool: 'simulate',
};
const order = Array.from({ length: input.candidates }, (_, place) => shuffledAt(place, input.candidates, input.seed));

function submitting(change: Partial<SubmitterInput> = {}): DrivenActor {
  const actor = new DrivenActor(submitter, { ...input, ...change }, coverage);
  expect(actor.said).toEqual([]);
  actor.hear('campaign', { type: 'campaign.started' });
  return actor;
}

const grant = (actor: DrivenActor, id: string, request = 1, freedBy: number | null = null): Said[] =>
  actor.hear('resource-ledger', granted(`submitter/${request}`, id, freedBy));
/** The decision on the result at this place of the log. */
const decided = (actor: DrivenActor, sequence: number, change: Parameters<typeof recorded>[0] = {}): Said[] =>
  actor.hear('result-processor', recorded({ sequence, ...change }), sequence + 1);
const ranking = (
  ranked: Ranked,
  trainedOn: number,
): Extract<Says<'inference-runner'>, { type: 'ranking.updated' }> => ({
  type: 'ranking.updated',
  update: 1,
  trainedOn,
  scored: 6,
  ranking: ranked,
});
const failed = (trainedOn: number): Extract<Says<'trainer'>, { type: 'update.failed' }> => ({
  type: 'update.failed',
  update: 1,
  trainedOn,
  consecutive: 1,
  reason: 'x',
});
const drain = { type: 'drain.started', reason: 'x' } as const;
const resumed = { type: 'campaign.resumed' } as const;
const back = (id: string): Said => ({ type: 'slots.released', grant: id });
const candidatesOf = (said: readonly Said[]): number[] =>
  ofType(said, 'task.created').map((fact) => (fact['task'] as { candidate: number }).candidate);
const request = (number: number): Said => ({
  type: 'slots.requested',
  request: `submitter/${number}`,
  pool: 'simulate',
  slots: 1,
  count: null,
});

describe('submitter', () => {
  it('asks for slots without end when the campaign starts, and makes each the next task of the shuffled order', () => {
    const actor = submitting();
    expect(actor.said).toEqual([request(1)]);
    expect(grant(actor, 'grant-1')).toEqual([
      {
        type: 'task.created',
        task: {
          id: 'simulate-1',
          number: 1,
          method: 'ionization-energy',
          topic: 'simulate',
          pool: 'simulate',
          slots: 1,
          grant: 'grant-1',
          candidate: order[0],
          arguments: null,
          choice: { by: 'shuffle', place: 1 },
        },
      },
    ]);
    grant(actor, 'grant-2');
    grant(actor, 'grant-3');
    expect(candidatesOf(actor.said)).toEqual(order.slice(0, 3));
  });

  it('waits with a slot until the result that freed it was decided on', () => {
    const actor = submitting();
    expect(grant(actor, 'grant-1', 1, 50)).toEqual([]);
    expect(grant(actor, 'grant-2', 1, 40)).toEqual([]);
    expect(ofType(decided(actor, 40), 'task.created')).toMatchObject([{ task: { grant: 'grant-2' } }]);
    expect(decided(actor, 45)).toEqual([]);
    expect(ofType(decided(actor, 50), 'task.created')).toMatchObject([{ task: { grant: 'grant-1' } }]);
    expect(ofType(grant(actor, 'grant-3', 1, 50), 'task.created'), 'decided on before').toHaveLength(1);
  });

  it('waits for the very result that freed a slot, not for another one that was decided on since', () => {
    const actor = submitting();
    // Two simulations end at 40 and 50; both slots are granted before the first of them is decided on.
    actor.hear('resource-ledger', granted('submitter/1', 'grant-1', 40), 51);
    actor.hear('resource-ledger', granted('submitter/1', 'grant-2', 50), 52);
    const first = actor.hear('result-processor', recorded({ sequence: 40 }), 53);
    expect(ofType(first, 'task.created')).toMatchObject([{ task: { grant: 'grant-1' } }]);
    const second = actor.hear('result-processor', recorded({ sequence: 50, updateDue: true, successes: 8 }), 54);
    expect(typesOf(second)).toEqual(['slots.withdrawn', 'slots.released']);
  });

  it('pauses when an update is due, gives back what it holds, and submits the best of the new ranking first', () => {
    const actor = submitting();
    grant(actor, 'grant-1');
    expect(grant(actor, 'grant-2', 1, 50)).toEqual([]);
    expect(decided(actor, 50, { updateDue: true, successes: 8 })).toEqual([
      { type: 'slots.withdrawn', request: 'submitter/1' },
      back('grant-2'),
    ]);
    expect(grant(actor, 'grant-3', 1, 50)).toEqual([back('grant-3')]);
    const [first = 0, second = 0, third = 0, fourth = 0] = order;
    const ranked: Ranked = [
      [first, 0.9],
      [fourth, 0.8],
      [third, 0.7],
    ];
    expect(actor.hear('inference-runner', ranking(ranked, 8))).toEqual([request(2)]);
    const said = ['grant-4', 'grant-5', 'grant-6'].flatMap((id) => grant(actor, id, 2));
    // What was submitted before is passed over; behind the ranking comes the shuffled order again.
    expect(candidatesOf(said)).toEqual([fourth, third, second]);
    expect(said[0]).toMatchObject({
      task: {
        // Two facts later, a second each, on the eight results that the ranking knew.
        choice: { by: 'ranking', rank: 2, score: 0.8, update: 1, trainedOn: 8, stale: { results: 0, seconds: 1 } },
      },
    });
  });

  it('gives back a grant of a request that was withdrawn, and leaves those of others alone', () => {
    const actor = submitting();
    decided(actor, 1, { updateDue: true, successes: 8 });
    expect(actor.hear('resource-ledger', granted('trainer/1', 'grant-1'))).toEqual([]);
    actor.hear('inference-runner', ranking([], 8));
    expect(grant(actor, 'grant-2', 1)).toEqual([back('grant-2')]);
    expect(actor.hear('resource-ledger', granted('trainer/1', 'grant-3'))).toEqual([]);
  });

  it('takes a ranking that comes while it submits', () => {
    const actor = submitting();
    const last = order.at(-1) ?? 0;
    expect(actor.hear('inference-runner', ranking([[last, 1]], 8))).toEqual([]);
    expect(candidatesOf(grant(actor, 'grant-1'))).toEqual([last]);
  });

  it('stays paused when the update that ended did not know all that was due, and records decisions meanwhile', () => {
    for (const ends of ['in a ranking', 'in failure']) {
      const actor = submitting();
      decided(actor, 1, { updateDue: true, successes: 8 });
      decided(actor, 2, { successes: 9 });
      decided(actor, 3, { updateDue: true, successes: 12 });
      const tell = (trainedOn: number): Said[] =>
        ends === 'in failure'
          ? actor.hear('trainer', failed(trainedOn))
          : actor.hear('inference-runner', ranking([[5, 1]], trainedOn));
      expect(tell(8)).toEqual([]);
      expect(actor.state).toBe('paused');
      expect(tell(12)).toEqual([request(2)]);
    }
  });

  it('goes on with the last ranking when an update fails', () => {
    const actor = submitting();
    decided(actor, 1, { updateDue: true, successes: 8 });
    const [a = 0, b = 0] = order.slice(3);
    actor.hear(
      'inference-runner',
      ranking(
        [
          [a, 1],
          [b, 0.5],
        ],
        8,
      ),
    );
    expect(candidatesOf(grant(actor, 'grant-1', 2))).toEqual([a]);
    decided(actor, 2, { updateDue: true, successes: 12 });
    actor.hear('trainer', failed(12));
    expect(candidatesOf(grant(actor, 'grant-2', 3))).toEqual([b]);
  });

  it('closes at the target, also while it is paused', () => {
    const actor = submitting();
    grant(actor, 'grant-1', 1, 50);
    expect(decided(actor, 50, { targetReached: true })).toEqual([
      { type: 'slots.withdrawn', request: 'submitter/1' },
      back('grant-1'),
    ]);
    expect(actor.state).toBe('closed');
    const paused = submitting();
    decided(paused, 1, { updateDue: true, successes: 8 });
    decided(paused, 2, { targetReached: true });
    expect(paused.state).toBe('closed');
  });

  it('closes for a drain and asks anew when the campaign goes on', () => {
    const actor = submitting();
    expect(actor.hear('campaign', drain)).toEqual([{ type: 'slots.withdrawn', request: 'submitter/1' }]);
    expect(grant(actor, 'grant-1')).toEqual([back('grant-1')]);
    expect(actor.hear('resource-ledger', granted('trainer/1', 'grant-2'))).toEqual([]);
    decided(actor, 5);
    expect(actor.hear('campaign', resumed)).toEqual([request(2)]);
    expect(typesOf(grant(actor, 'grant-3', 2, 5))).toEqual(['task.created']);
  });

  it('comes back paused after a drain as long as an update is pending', () => {
    const duringPause = submitting();
    decided(duringPause, 1, { updateDue: true, successes: 8 });
    duringPause.hear('campaign', drain);
    duringPause.hear('campaign', resumed);
    expect(duringPause.state).toBe('paused');
    const duringDrain = submitting();
    duringDrain.hear('campaign', drain);
    decided(duringDrain, 1, { updateDue: true, successes: 8 });
    duringDrain.hear('campaign', resumed);
    expect(duringDrain.state).toBe('paused');
    for (const ends of ['in a ranking', 'in failure']) {
      const settled = submitting();
      decided(settled, 1, { updateDue: true, successes: 8 });
      settled.hear('campaign', drain);
      if (ends === 'in failure') settled.hear('trainer', failed(8));
      else settled.hear('inference-runner', ranking([], 8));
      settled.hear('campaign', resumed);
      expect(settled.state).toBe('submitting');
    }
  });

  it('says when every candidate was submitted, and says it again to a campaign that is resumed', () => {
    const actor = submitting({ candidates: 2 });
    grant(actor, 'grant-1');
    const exhausted = { type: 'space.exhausted', submitted: 2 };
    const last = grant(actor, 'grant-2');
    expect(typesOf(last)).toEqual(['task.created', 'slots.withdrawn', 'space.exhausted']);
    expect(last.at(-1)).toEqual(exhausted);
    expect(grant(actor, 'grant-3')).toEqual([back('grant-3')]);
    expect(decided(actor, 5, { updateDue: true, successes: 8 })).toEqual([]);
    expect(actor.hear('campaign', resumed)).toEqual([exhausted]);
  });

  it('gives back the slots that wait when there are fewer candidates than slots', () => {
    const actor = submitting({ candidates: 1 });
    grant(actor, 'grant-1', 1, 50);
    grant(actor, 'grant-2', 1, 50);
    expect(typesOf(decided(actor, 50))).toEqual([
      'task.created',
      'slots.released',
      'slots.withdrawn',
      'space.exhausted',
    ]);
  });

  it('is exhausted from the start in an empty space', () => {
    expect(typesOf(submitting({ candidates: 0 }).said)).toEqual([
      'slots.requested',
      'slots.withdrawn',
      'space.exhausted',
    ]);
  });

  it('says of a choice what was predicted, by which model, and how stale that was', () => {
    const actor = submitting({ pausing: false });
    const model = 'c'.repeat(64);
    const at = actor.sequence + 1;
    actor.hear('inference-runner', { ...ranking([[4, 0.9, 0.61, 0.02]], 8), update: 2, model });
    decided(actor, 1, { updateDue: true, successes: 11 });
    const [task] = grant(actor, 'grant-1');
    expect(task).toMatchObject({
      task: {
        candidate: 4,
        choice: {
          by: 'ranking',
          rank: 1,
          score: 0.9,
          mean: 0.61,
          deviation: 0.02,
          update: 2,
          model,
          trainedOn: 8,
          stale: { results: 3, seconds: actor.sequence - at },
        },
      },
    });
  });

  it('knows which entries of a ranking in parts an older model has scored', () => {
    const actor = submitting({ pausing: false });
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    actor.hear('inference-runner', { ...ranking([], 8), update: 1, model: a });
    const older = { update: 1, trainedOn: 8, model: a, ranges: [[0, 3]] as [number, number][] };
    const part = (ranked: Ranked) => ({ ...ranking(ranked, 12), update: 2, model: b, older });
    actor.hear('inference-runner', part([]));
    const best: Ranked = [
      [1, 0.9],
      [5, 0.8],
      [2, 0.7],
    ];
    actor.hear('inference-runner', part(best));
    decided(actor, 10, { successes: 12 });
    const said = ['grant-1', 'grant-2'].flatMap((id) => grant(actor, id));
    const choices = said.map((fact) => (fact['task'] as { choice: unknown }).choice);
    expect(choices).toMatchObject([
      { update: 1, model: a, trainedOn: 8, stale: { results: 4, seconds: 10 } },
      { update: 2, model: b, trainedOn: 12, stale: { results: 0, seconds: 9 } },
    ]);
    // An older scoring that nobody knows of here is as old as the ranking that names it.
    actor.hear('inference-runner', { ...part([[2, 1]]), older: { ...older, update: 7 } });
    expect(grant(actor, 'grant-3')).toMatchObject([{ task: { choice: { update: 7, stale: { seconds: 1 } } } }]);
  });

  it('does not take a ranking in parts for the end of an update', () => {
    const actor = submitting();
    decided(actor, 1, { updateDue: true, successes: 8 });
    actor.hear('inference-runner', { ...ranking([[5, 1]], 8), older: { update: 0, trainedOn: 0, ranges: [[0, 3]] } });
    expect(actor.state).toBe('paused');
  });

  it('waits for the first candidates, and submits these first', () => {
    const first = { ...ranking([[3, 9]], 0), update: 0 };
    const actor = submitting({ waitsForFirst: true });
    expect(actor.said).toEqual([]);
    decided(actor, 1, { topic: 'infer', task: 'infer-1', candidate: null, value: null, successes: 0 });
    expect(actor.hear('inference-runner', first)).toEqual([request(1)]);
    expect(grant(actor, 'grant-1')).toMatchObject([
      { task: { candidate: 3, choice: { by: 'first', rank: 1, score: 9, mean: null, update: 0, trainedOn: 0 } } },
    ]);
    expect(candidatesOf(grant(actor, 'grant-2')), 'then the shuffled order').toEqual([order.find((c) => c !== 3)]);
    const without = submitting({ waitsForFirst: true });
    const fails = { type: 'scoring.failed', update: 0, trainedOn: 0, reason: 'x' } as const;
    expect(without.hear('inference-runner', fails)).toEqual([request(1)]);
    expect(candidatesOf(grant(without, 'grant-1'))).toEqual([order[0]]);
  });

  it('waits for the first candidates anew after a drain, unless they came meanwhile', () => {
    const fails = { type: 'scoring.failed', update: 0, trainedOn: 0, reason: 'x' } as const;
    for (const meanwhile of ['nothing', 'failed', 'chosen']) {
      const actor = submitting({ waitsForFirst: true });
      actor.hear('campaign', drain);
      expect(actor.state).toBe('closed');
      if (meanwhile === 'failed') actor.hear('inference-runner', fails);
      if (meanwhile === 'chosen') actor.hear('inference-runner', { ...ranking([], 0), update: 0 });
      actor.hear('campaign', resumed);
      expect(actor.state).toBe(meanwhile === 'nothing' ? 'waitingForFirst' : 'submitting');
    }
  });

  it('never pauses where it is not to, and does not come back paused', () => {
    const actor = submitting({ pausing: false });
    decided(actor, 1, { updateDue: true, successes: 8 });
    expect(actor.state).toBe('submitting');
    actor.hear('campaign', drain);
    actor.hear('campaign', resumed);
    expect(actor.state).toBe('submitting');
  });

  it('fills a round and waits for all of it, trains, and fills the next; one that fails is replaced', () => {
    const actor = submitting({ candidates: 40, rounds: { initial: 2, batch: 3 } });
    const asked = (number: number, count: number): Said => ({ ...request(number), count });
    expect(actor.said).toEqual([asked(1, 2)]);
    grant(actor, 'grant-1');
    expect(typesOf(grant(actor, 'grant-2'))).toEqual(['task.created', 'slots.withdrawn']);
    expect(actor.state).toBe('waitingForRound');
    expect(grant(actor, 'grant-3')).toEqual([back('grant-3')]);
    expect(decided(actor, 1, { successes: 1 })).toEqual([]);
    expect(decided(actor, 2, { success: false, value: null, successes: 1, failures: 1 })).toEqual([asked(2, 1)]);
    expect(typesOf(grant(actor, 'grant-4', 2))).toEqual(['task.created', 'slots.withdrawn']);
    decided(actor, 3, { updateDue: true, successes: 2, failures: 1 });
    expect(actor.state).toBe('paused');
    expect(actor.hear('inference-runner', ranking([], 2))).toEqual([asked(3, 3)]);
    grant(actor, 'grant-5', 3);
    // One of the round fails before the others have a slot.
    const said = decided(actor, 4, { success: false, value: null, successes: 2, failures: 2 });
    expect(said).toEqual([{ type: 'slots.withdrawn', request: 'submitter/3' }, asked(4, 3)]);
    for (const id of ['grant-6', 'grant-7', 'grant-8']) grant(actor, id, 4);
    expect(actor.state).toBe('waitingForRound');
    expect(ofType(actor.said, 'task.created')).toHaveLength(7);
    actor.hear('campaign', drain);
    expect(actor.state).toBe('closed');
    const ended = submitting({ rounds: { initial: 1, batch: 1 } });
    grant(ended, 'grant-1');
    decided(ended, 1, { targetReached: true });
    expect(ended.state).toBe('closed');
  });

  describe('with lookahead', () => {
    const books = (free: number): Extract<Says<'resource-ledger'>, { type: 'slots.changed' }> => ({
      type: 'slots.changed',
      capacity: 2,
      pools: { simulate: { allocated: 2 - free, free } },
    });
    const full = (actor: DrivenActor): Said[] => actor.hear('resource-ledger', books(0));
    const slotFor = (actor: DrivenActor, number: number, freedBy: number | null = null): Said[] =>
      actor.hear('resource-ledger', { ...granted('ahead', `grant-a${number}`, freedBy), task: `simulate-${number}` });
    const withdrawn = (number: number, candidate: number) => ({
      task: `simulate-${number}`,
      success: false,
      withdrawn: true as const,
      candidate,
      value: null,
    });
    const taskOf = (said: readonly Said[]): unknown => said.map((fact) => fact['task']);
    const notAhead = { type: 'slots.withdrawn', request: 'ahead' };
    /** Two slots run the first two, and two more wait. */
    function ahead(change: Partial<SubmitterInput> = {}): DrivenActor {
      const actor = submitting({ candidates: 8, lookahead: 2, pausing: false, ...change });
      expect(actor.hear('resource-ledger', books(1)), 'a slot is free').toEqual([]);
      grant(actor, 'grant-1');
      grant(actor, 'grant-2');
      expect(taskOf(full(actor))).toMatchObject([
        { id: 'simulate-3', grant: null },
        { id: 'simulate-4', grant: null },
      ]);
      return actor;
    }

    it('creates as many beyond the slots, in order, when the slots are taken, and no more', () => {
      const actor = ahead();
      const eight = Array.from({ length: 8 }, (_, place) => shuffledAt(place, 8, input.seed));
      expect(candidatesOf(actor.said)).toEqual(eight.slice(0, 4));
      expect(full(actor)).toEqual([]);
      expect(decided(actor, 1)).toEqual([]);
    });

    it('creates another when one has its slot, once the result that freed it was decided on', () => {
      const actor = ahead();
      expect(slotFor(actor, 3, 50)).toEqual([]);
      expect(full(actor)).toEqual([]);
      expect(taskOf(decided(actor, 50))).toMatchObject([{ id: 'simulate-5', grant: null }]);
      // More slots came: what room there is was there before.
      expect(slotFor(actor, 4)).toEqual([]);
      expect(taskOf(full(actor))).toMatchObject([{ id: 'simulate-6' }]);
      expect(slotFor(actor, 1), 'none of those that wait').toEqual([]);
      expect(full(actor)).toEqual([]);
    });

    it('creates none while a grant waits for a decision: the better choice goes to the slot', () => {
      const actor = submitting({ candidates: 8, lookahead: 1, pausing: false });
      grant(actor, 'grant-1', 1, 50);
      expect(full(actor)).toEqual([]);
      expect(taskOf(decided(actor, 50))).toMatchObject([
        { id: 'simulate-1', grant: 'grant-1' },
        { id: 'simulate-2', grant: null },
      ]);
    });

    it('withdraws what a new ranking would not choose now, keeps the rest, and chooses others in its place', () => {
      const actor = ahead();
      const [, , third = 0, fourth = 0, fifth = 0] = candidatesOf(actor.said).concat(shuffledAt(4, 8, input.seed));
      const said = actor.hear(
        'inference-runner',
        ranking(
          [
            [fifth, 0.9],
            [third, 0.8],
            [fourth, 0.7],
          ],
          8,
        ),
      );
      expect(said[0]).toEqual({
        type: 'task.withdrawn',
        task: 'simulate-4',
        reason: 'the ranking of update 1 has others before it',
      });
      expect(taskOf(said.slice(1))).toMatchObject([{ id: 'simulate-5', candidate: fifth, grant: null }]);
      // Its candidate is free when it has ended, and is the best of those that are left then.
      expect(slotFor(actor, 4), 'too late to withdraw').toEqual([]);
      slotFor(actor, 3);
      const back = decided(actor, 60, withdrawn(4, fourth));
      expect(taskOf(back)).toMatchObject([{ id: 'simulate-6', candidate: fourth }]);
    });

    it('withdraws everything that waits when it pauses or closes, and says so in every drain', () => {
      const paused = ahead({ pausing: true });
      const due = decided(paused, 1, { updateDue: true, successes: 8 });
      expect(ofType(due, 'task.withdrawn')).toEqual(
        [3, 4].map((n) => ({ type: 'task.withdrawn', task: `simulate-${n}`, reason: 'an update of the model is due' })),
      );
      expect(paused.hear('campaign', drain)).toEqual([notAhead]);
      const reached = ahead();
      expect(ofType(decided(reached, 1, { targetReached: true }), 'task.withdrawn')[0]).toMatchObject({
        reason: 'enough simulations succeeded',
      });
      expect(reached.hear('campaign', drain)).toEqual([notAhead]);
      const drained = ahead();
      const said = drained.hear('campaign', drain);
      expect(typesOf(said)).toEqual(['slots.withdrawn', 'task.withdrawn', 'task.withdrawn', 'slots.withdrawn']);
      expect(said.at(-1)).toEqual(notAhead);
      expect(said[1]).toMatchObject({ reason: 'the campaign drains' });
      const early = submitting({ lookahead: 1, waitsForFirst: true });
      expect(early.hear('campaign', drain)).toEqual([notAhead]);
    });

    it('creates none while the model is updated, whose tasks would wait behind them, until that has ended or failed', () => {
      const started = { type: 'update.started', update: 1, trainedOn: 8 } as const;
      for (const end of ['ranked', 'failed']) {
        const actor = ahead();
        actor.hear('trainer', started);
        expect(slotFor(actor, 3)).toEqual([]);
        const part = { ...ranking([], 8), older: { update: 0, trainedOn: 0, ranges: [] } };
        expect(actor.hear('inference-runner', part), 'a part of it is no end').toEqual([]);
        const said =
          end === 'failed' ? actor.hear('trainer', failed(8)) : actor.hear('inference-runner', ranking([], 8));
        expect(taskOf(said)).toMatchObject([{ id: 'simulate-5', grant: null }]);
      }
    });

    it('drops what has ended before there was word of its slot', () => {
      const actor = ahead();
      expect(taskOf(decided(actor, 9, { task: 'simulate-3' }))).toMatchObject([{ id: 'simulate-5' }]);
    });

    it('is exhausted only when nothing waits any more, and nothing may come back', () => {
      const actor = ahead({ candidates: 4 });
      expect(actor.state).toBe('submitting');
      const third = candidatesOf(actor.said)[2] ?? 0;
      // The ranking changes nothing, as there is nothing else to choose.
      expect(actor.hear('inference-runner', ranking([[third, 1]], 8))).toEqual([]);
      expect(grant(actor, 'grant-3'), 'held: it would be granted again at once').toEqual([]);
      slotFor(actor, 3);
      expect(typesOf(slotFor(actor, 4))).toEqual(['slots.withdrawn', 'slots.released', 'space.exhausted']);
      expect(actor.hear('campaign', drain)).toEqual([notAhead]);
    });
  });

  describe('with wishes of people', () => {
    const by = 'ann@lab';
    const wish = (type: 'pinned' | 'unpinned' | 'vetoed' | 'allowed', candidate: number): Says<'operator'> => ({
      type: `candidate.${type}`,
      candidate,
      reason: 'a hunch',
      by,
    });
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0] = order;
    const added = (from: number, names: readonly string[]): Says<'operator'> => ({
      type: 'candidates.added',
      first: from,
      candidates: names.map((label) => ({ label, arguments: { smiles: label } })),
      objects: {},
      reason: '',
      by,
    });
    const taskOf = (said: readonly Said[]) => ofType(said, 'task.created').map((fact) => fact['task']);

    it('takes what is pinned before any ranking, first come first served, and says who wanted it and what the model thinks', () => {
      const actor = submitting();
      actor.hear('operator', wish('pinned', fifth));
      actor.hear('operator', wish('pinned', sixth));
      actor.hear('operator', wish('pinned', fifth));
      decided(actor, 9, { updateDue: true, successes: 8 });
      actor.hear('operator', wish('pinned', fourth));
      actor.hear('operator', wish('unpinned', sixth));
      expect(ofType(actor.said, 'task.created'), 'nothing while it pauses').toEqual([]);
      actor.hear(
        'inference-runner',
        ranking(
          [
            [third, 0.9, 0.5, 0.1],
            [fifth, 0.8, 0.4, 0.2],
          ],
          8,
        ),
      );
      const [task] = taskOf(grant(actor, 'grant-1', 2));
      expect(task).toMatchObject({
        candidate: fifth,
        choice: { by: 'pin', who: by, why: 'a hunch', rank: 2, score: 0.8, mean: 0.4, deviation: 0.2, trainedOn: 8 },
      });
      expect(taskOf(grant(actor, 'grant-2', 2))).toMatchObject([
        { candidate: fourth, choice: { by: 'pin', who: by, why: 'a hunch' } },
      ]);
      expect(taskOf(grant(actor, 'grant-3', 2))).toMatchObject([{ candidate: third, choice: { by: 'ranking' } }]);
    });

    it('never takes what is vetoed, until it is allowed again', () => {
      const actor = submitting();
      actor.hear('operator', wish('pinned', first));
      for (const candidate of [first, third, fourth]) actor.hear('operator', wish('vetoed', candidate));
      expect(actor.hear('operator', wish('pinned', third)), 'it has to be allowed first').toEqual([]);
      actor.hear('inference-runner', ranking([[fourth, 1]], 8));
      grant(actor, 'grant-1');
      grant(actor, 'grant-2');
      actor.hear('operator', wish('allowed', first));
      grant(actor, 'grant-3');
      actor.hear('operator', wish('allowed', fourth));
      grant(actor, 'grant-4');
      expect(candidatesOf(actor.said)).toEqual([second, fifth, first, fourth]);
      // A veto of what has run changes nothing, and what was never there is nothing.
      actor.hear('operator', wish('vetoed', second));
      actor.hear('operator', wish('vetoed', 99));
      expect(actor.state).toBe('submitting');
      expect(typesOf(grant(actor, 'grant-5')), 'the third stays vetoed').toContain('space.exhausted');
      expect(candidatesOf(actor.said).at(-1)).toBe(sixth);
    });

    it('chooses again what waits: a pin takes its place, a veto withdraws it, and a pinned one stays before a better ranking', () => {
      const actor = submitting({ lookahead: 1, pausing: false });
      grant(actor, 'grant-1');
      const books = { type: 'slots.changed', capacity: 1, pools: { simulate: { allocated: 1, free: 0 } } } as const;
      expect(taskOf(actor.hear('resource-ledger', books))).toMatchObject([{ candidate: second }]);
      const said = actor.hear('operator', wish('pinned', sixth));
      expect(ofType(said, 'task.withdrawn')).toMatchObject([
        { task: 'simulate-2', reason: 'people want others before it' },
      ]);
      expect(taskOf(said)).toMatchObject([{ candidate: sixth, choice: { by: 'pin' } }]);
      expect(actor.hear('inference-runner', ranking([[third, 1]], 8))).toEqual([]);
      const vetoed = actor.hear('operator', wish('vetoed', sixth));
      expect(ofType(vetoed, 'task.withdrawn')).toMatchObject([{ task: 'simulate-3' }]);
      expect(taskOf(vetoed)).toMatchObject([{ candidate: third, choice: { by: 'ranking' } }]);
      expect(actor.hear('operator', wish('unpinned', sixth)), 'it is not pinned any more').toEqual([]);
    });

    it('keeps a pin until the simulation has ended, since its task may come back', () => {
      const actor = submitting({ lookahead: 1, pausing: false });
      actor.hear('operator', wish('pinned', sixth));
      grant(actor, 'grant-1');
      const context = (): unknown =>
        (actor.context as { choices: { wishes: { pinned: unknown } } }).choices.wishes.pinned;
      expect(context()).toHaveLength(1);
      decided(actor, 9, { candidate: sixth, withdrawn: true, success: false });
      expect(taskOf(grant(actor, 'grant-2'))).toMatchObject([{ candidate: sixth, choice: { by: 'pin' } }]);
      decided(actor, 12, { candidate: sixth, task: 'simulate-2' });
      expect(context()).toEqual([]);
    });

    it('takes added candidates behind all others, with the arguments that came with them, and an addition that came too late not at all', () => {
      const actor = submitting();
      actor.hear('operator', added(6, ['C', 'CC']));
      actor.hear('operator', added(6, ['CCC']));
      for (let n = 1; n <= 7; n += 1) grant(actor, `grant-${n}`);
      expect(candidatesOf(actor.said)).toEqual([...order, 6]);
      expect(taskOf(actor.said).at(-1)).toMatchObject({ candidate: 6, arguments: { smiles: 'C' } });
      actor.hear('operator', wish('pinned', 7));
      expect(taskOf(grant(actor, 'grant-8'))).toMatchObject([{ arguments: { smiles: 'CC' }, choice: { by: 'pin' } }]);
      expect(actor.state).toBe('exhausted');
      decided(actor, 40, { candidate: 7, task: 'simulate-8' });
      expect((actor.context as { added: object }).added).toEqual({ 6: { smiles: 'C' } });
    });

    it('notes wishes while nothing is submitted', () => {
      const actor = new DrivenActor(submitter, input, coverage);
      actor.hear('operator', added(6, ['C']));
      actor.hear('operator', wish('vetoed', first));
      actor.hear('operator', wish('allowed', first));
      actor.hear('operator', wish('pinned', second));
      actor.hear('operator', wish('unpinned', second));
      actor.hear('operator', wish('pinned', 6));
      actor.hear('campaign', { type: 'campaign.started' });
      expect(taskOf(grant(actor, 'grant-1'))).toMatchObject([{ candidate: 6 }]);
      expect(taskOf(grant(actor, 'grant-2'))).toMatchObject([{ candidate: first }]);
    });
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
