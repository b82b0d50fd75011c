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
      task: { choice: { by: 'ranking', rank: 2, score: 0.8, update: 1, trainedOn: 8 } },
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

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
