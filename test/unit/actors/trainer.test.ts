import { describe, expect, it } from 'vitest';
import { trainer, type TrainerInput } from '../../../actors/trainer.ts';
import type { Says } from '../../../src/protocol/events.ts';
import { DrivenActor, ofType, typesOf } from './driven-actor.ts';
import { finished, granted, modelRef, recorded } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(trainer.machine);
const input: TrainerInput = {
  method: 'train-model',
  topic: 'train',
  pool: 'train',
  from: 'simulate',
  arguments: { model: 'knn' },
  failuresInARow: 3,
};
const drain = { type: 'drain.started', reason: 'interrupted' } as const;
const resumed = { type: 'campaign.resumed' } as const;
const ranked = (update: number, trainedOn: number): Extract<Says<'inference-runner'>, { type: 'ranking.updated' }> => ({
  type: 'ranking.updated',
  update,
  trainedOn,
  scored: 10,
  ranking: [[4, 0.9]],
});

/** A trainer that has heard of successes 1 .. n, candidates 10 + n, the last of which makes an update due. */
function due(successes: number, actor = new DrivenActor(trainer, input, coverage), from = 1): DrivenActor {
  for (let n = from; n <= successes; n += 1) {
    const fact = { candidate: 10 + n, value: n / 10, successes: n, updateDue: n === successes };
    actor.hear('result-processor', recorded(fact));
  }
  return actor;
}

const end = (number: number, outcome: { value: unknown } | { failure: string }) =>
  finished({ topic: 'train', source: 'trainer', candidate: null, number, pool: 'train' }, outcome);

/** The same with the update's training done, waiting for its ranking. */
function ranking(successes: number): DrivenActor {
  const actor = due(successes);
  actor.hear('resource-ledger', granted('trainer/1', 'grant-5'));
  actor.hear('worker', end(1, { value: { model: modelRef } }));
  expect(actor.state).toEqual({ updating: 'ranking' });
  return actor;
}

describe('trainer', () => {
  it('starts an update when one is due: slots move over, one is asked for, and all successes are trained on', () => {
    const actor = due(2);
    expect(actor.said).toEqual([
      { type: 'update.started', update: 1, trainedOn: 2 },
      { type: 'reallocation.requested', from: 'simulate', to: 'train', slots: 'all' },
      { type: 'slots.requested', request: 'trainer/1', pool: 'train', slots: 1, count: 1 },
    ]);
    // A success after the start belongs to the next update.
    actor.hear('result-processor', recorded({ candidate: 99, value: 9, successes: 3 }));
    expect(actor.hear('resource-ledger', granted('trainer/1', 'grant-5'))).toEqual([
      {
        type: 'task.created',
        task: {
          id: 'train-1',
          number: 1,
          method: 'train-model',
          topic: 'train',
          pool: 'train',
          slots: 1,
          grant: 'grant-5',
          candidate: null,
          arguments: { model: 'knn', previous: null, candidates: [11, 12], values: [0.1, 0.2] },
          choice: { update: 1, trainedOn: 2 },
        },
      },
    ]);
  });

  it('learns from simulations that succeeded, and from nothing else', () => {
    const actor = new DrivenActor(trainer, input, coverage);
    actor.hear('result-processor', recorded({ success: false, value: null, successes: 0, failures: 1 }));
    actor.hear('result-processor', recorded({ topic: 'train', candidate: null, value: null, successes: 0 }));
    expect(actor.context).toMatchObject({ candidates: [], values: [], dueAt: 0 });
    expect(actor.state).toBe('idle');
  });

  it('passes the model on, and is done with the update when its ranking is there', () => {
    const actor = due(2);
    actor.hear('resource-ledger', granted('trainer/1', 'grant-5'));
    expect(actor.hear('worker', finished({ number: 1 }, { value: { ie: 1 } }))).toEqual([]);
    expect(actor.hear('worker', end(1, { value: { model: modelRef } }))).toEqual([
      { type: 'model.trained', update: 1, trainedOn: 2, model: modelRef },
    ]);
    expect(actor.hear('worker', end(1, { value: { model: modelRef } })), 'a duplicate').toEqual([]);
    expect(actor.hear('inference-runner', ranked(7, 2)), 'the ranking of another update').toEqual([]);
    expect(actor.state).toEqual({ updating: 'ranking' });
    expect(actor.hear('inference-runner', ranked(1, 2))).toEqual([]);
    expect(actor.state).toBe('idle');
  });

  it('starts the next update at once when it fell due meanwhile, and only one of them', () => {
    const actor = ranking(2);
    due(4, actor, 3);
    due(6, actor, 5);
    expect(actor.state).toEqual({ updating: 'ranking' });
    const said = actor.hear('inference-runner', ranked(1, 2));
    expect(said[0]).toEqual({ type: 'update.started', update: 2, trainedOn: 6 });
    expect(actor.state).toEqual({ updating: 'waitingForSlot' });
  });

  it('reports a failed training with its reason, gives the slots back and waits for the next update', () => {
    const actor = due(2);
    actor.hear('resource-ledger', granted('trainer/1', 'grant-5'));
    expect(actor.hear('worker', end(1, { failure: 'singular matrix' }))).toEqual([
      { type: 'update.failed', update: 1, trainedOn: 2, consecutive: 1, reason: 'singular matrix' },
      { type: 'reallocation.requested', from: 'train', to: 'simulate', slots: 'all' },
    ]);
    expect(actor.state).toBe('idle');
    due(4, actor, 3);
    actor.hear('resource-ledger', granted('trainer/2', 'grant-6'));
    const [failed] = actor.hear('worker', end(2, { value: { model: 'no reference' } }));
    expect(failed).toMatchObject({ update: 2, consecutive: 2, reason: 'the training task returned no model' });
  });

  it('says when three updates in a row failed, in training or in scoring, and counts anew after a good one', () => {
    const actor = due(1);
    const round = (update: number, outcome: 'trains' | 'scores' | 'fails') => {
      if (update > 1) due(update, actor, update);
      actor.hear('resource-ledger', granted(`trainer/${update}`, `grant-${update}`));
      if (outcome === 'trains') return actor.hear('worker', end(update, { failure: 'in training' }));
      actor.hear('worker', end(update, { value: { model: modelRef } }));
      if (outcome === 'scores') return actor.hear('inference-runner', ranked(update, update));
      return actor.hear('inference-runner', {
        type: 'scoring.failed',
        update,
        trainedOn: update,
        reason: 'in scoring',
      });
    };
    const outcomes = ['trains', 'fails', 'scores', 'fails', 'trains', 'fails', 'trains'] as const;
    const said = outcomes.map((outcome, i) => round(i + 1, outcome));
    expect(said.map((facts) => ofType(facts, 'update.failed')[0]?.['consecutive'])).toEqual([
      1,
      2,
      undefined,
      1,
      2,
      3,
      1,
    ]);
    expect(said.map((facts) => ofType(facts, 'updates.exhausted').length)).toEqual([0, 0, 0, 0, 0, 1, 0]);
    expect(said[5]).toContainEqual({ type: 'updates.exhausted', consecutive: 3, reason: 'in scoring' });
  });

  it('gives back grants that it has no use for, and leaves those of others alone', () => {
    const actor = new DrivenActor(trainer, input, coverage);
    expect(actor.hear('resource-ledger', granted('submitter/1', 'grant-1'))).toEqual([]);
    const back = (grant: string) => [{ type: 'slots.released', grant }];
    expect(actor.hear('resource-ledger', granted('trainer/0', 'grant-2'))).toEqual(back('grant-2'));
    due(1, actor);
    expect(actor.hear('resource-ledger', granted('trainer/0', 'grant-3'))).toEqual(back('grant-3'));
    actor.hear('resource-ledger', granted('trainer/1', 'grant-4'));
    expect(actor.hear('resource-ledger', granted('trainer/1', 'grant-5'))).toEqual(back('grant-5'));
  });

  it('asks again for the slots of the pool when the fleet has changed while it waits for one', () => {
    const actor = due(1);
    // The slots that were to move were lost with their worker; new ones arrive where simulations are.
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 0 })).toEqual([
      { type: 'reallocation.requested', from: 'simulate', to: 'train', slots: 'all' },
    ]);
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 2 })).toEqual([
      { type: 'reallocation.requested', from: 'simulate', to: 'train', slots: 'all' },
    ]);
    actor.hear('resource-ledger', granted('trainer/1', 'grant-1'));
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 3 })).toEqual([]);
  });

  it('asks again for the slots that scoring gives back after it was asked for all there were', () => {
    const actor = due(1);
    const giveBack = { type: 'reallocation.requested', from: 'infer', to: 'simulate', slots: 'all' } as const;
    expect(actor.hear('inference-runner', giveBack)).toEqual([
      { type: 'reallocation.requested', from: 'simulate', to: 'train', slots: 'all' },
    ]);
    expect(actor.hear('inference-runner', { ...giveBack, from: 'simulate', to: 'infer' })).toEqual([]);
    actor.hear('resource-ledger', granted('trainer/1', 'grant-1'));
    expect(actor.hear('inference-runner', giveBack)).toEqual([]);
  });

  it('stops for a drain in each state, and starts an interrupted update anew when the campaign goes on', () => {
    const waiting = due(2);
    expect(waiting.hear('campaign', drain)).toEqual([{ type: 'slots.withdrawn', request: 'trainer/1' }]);
    const training = due(2);
    training.hear('resource-ledger', granted('trainer/1', 'grant-5'));
    expect(training.hear('campaign', drain)).toEqual([]);
    const inRanking = ranking(2);
    inRanking.hear('campaign', drain);
    for (const actor of [waiting, training, inRanking]) {
      expect(actor.state).toBe('closed');
      expect(actor.hear('resource-ledger', granted('trainer/1', 'grant-9'))).toEqual([
        { type: 'slots.released', grant: 'grant-9' },
      ]);
      expect(typesOf(actor.hear('campaign', resumed))).toContain('update.started');
    }
    const idle = new DrivenActor(trainer, input, coverage);
    idle.hear('campaign', drain);
    expect(idle.hear('campaign', resumed)).toEqual([]);
    expect(idle.state).toBe('idle');
  });

  it('starts the update that falls due during a drain when the campaign goes on', () => {
    const actor = new DrivenActor(trainer, input, coverage);
    actor.hear('campaign', drain);
    due(3, actor);
    expect(actor.said).toEqual([]);
    expect(actor.hear('campaign', resumed)[0]).toEqual({ type: 'update.started', update: 1, trainedOn: 3 });
  });

  it('takes a ranking that was on its way when the drain began, and does not make that update again', () => {
    const actor = ranking(2);
    actor.hear('campaign', drain);
    expect(actor.hear('inference-runner', ranked(7, 1)), 'of another update').toEqual([]);
    expect(actor.hear('inference-runner', ranked(1, 2))).toEqual([]);
    expect(actor.hear('campaign', resumed)).toEqual([]);
    expect(actor.state).toBe('idle');
  });

  it('keeps only what is newer than the last model, and trains on from that', () => {
    const actor = ranking(2);
    expect(actor.context).toMatchObject({ model: { ref: modelRef, trainedOn: 2 }, candidates: [], values: [] });
    due(3, actor, 3);
    actor.hear('inference-runner', ranked(1, 2));
    actor.hear('result-processor', recorded({ candidate: 99, value: 9, successes: 4 }));
    const [task] = actor.hear('resource-ledger', granted('trainer/2', 'grant-6'));
    expect(task).toMatchObject({
      task: { arguments: { previous: modelRef, candidates: [13], values: [0.3] }, choice: { trainedOn: 3 } },
    });
    // What was new is kept when an update fails.
    actor.hear('worker', end(2, { failure: 'no memory' }));
    due(5, actor, 5);
    const [again] = actor.hear('resource-ledger', granted('trainer/3', 'grant-7'));
    expect(again).toMatchObject({
      task: { arguments: { previous: modelRef, candidates: [13, 99, 15], values: [0.3, 9, 0.5] } },
    });
    const next = 'b'.repeat(64);
    actor.hear('worker', end(3, { value: { model: next } }));
    expect(actor.context).toMatchObject({ model: { ref: next, trainedOn: 5 }, candidates: [] });
  });

  it('does not train again when only the ranking was interrupted', () => {
    const actor = ranking(2);
    actor.hear('campaign', drain);
    expect(actor.hear('campaign', resumed)).toEqual([
      { type: 'update.started', update: 2, trainedOn: 2 },
      { type: 'model.trained', update: 2, trainedOn: 2, model: modelRef },
    ]);
    expect(actor.state).toEqual({ updating: 'ranking' });
    actor.hear('inference-runner', ranked(2, 2));
    expect(actor.state).toBe('idle');
  });

  it('waits for the whole ranking, not for a part of it', () => {
    const actor = ranking(2);
    actor.hear('inference-runner', { ...ranked(1, 2), older: { update: 0, trainedOn: 0, ranges: [[0, 5]] } });
    expect(actor.state).toEqual({ updating: 'ranking' });
  });

  it('borrows as many slots as it was told, none where somebody else moves them', () => {
    const one = due(1, new DrivenActor(trainer, { ...input, borrow: 1 }, coverage));
    const call = { type: 'reallocation.requested', from: 'simulate', to: 'train', slots: 1, upTo: true };
    expect(one.said[1]).toEqual(call);
    expect(one.hear('fleet', { type: 'capacity.changed', capacity: 2 })).toEqual([call]);
    const none = due(1, new DrivenActor(trainer, { ...input, borrow: 0 }, coverage));
    none.hear('fleet', { type: 'capacity.changed', capacity: 2 });
    none.hear('resource-ledger', granted('trainer/1', 'grant-1'));
    expect(typesOf(none.hear('worker', end(1, { failure: 'x' })))).toEqual(['update.failed']);
    expect(ofType(none.said, 'reallocation.requested')).toEqual([]);
  });

  it('calls slots again that a person has moved while it waits for one', () => {
    const actor = due(1, new DrivenActor(trainer, { ...input, borrow: 1 }, coverage));
    const byHand = { type: 'reallocation.requested', from: 'train', to: 'infer', slots: 1, reason: '' } as const;
    expect(actor.hear('operator', byHand)).toMatchObject([{ from: 'simulate', to: 'train', slots: 1, upTo: true }]);
    actor.hear('resource-ledger', granted('trainer/1', 'grant-1'));
    expect(actor.hear('operator', byHand)).toEqual([]);
  });

  it('trains over the objects of a space that has grown, as far as it has them', () => {
    const actor = new DrivenActor(trainer, { ...input, arguments: { features: 'old', seed: 1 } }, coverage);
    actor.hear('operator', {
      type: 'candidates.added',
      first: 6,
      candidates: [{ label: 'C', arguments: {} }],
      objects: { features: modelRef, other: modelRef },
      reason: '',
    });
    due(1, actor);
    const [task] = actor.hear('resource-ledger', granted('trainer/1', 'grant-1'));
    const { arguments: given } = task?.['task'] as { arguments: unknown };
    expect(given).toMatchObject({ features: modelRef, seed: 1, previous: null });
    expect(given).not.toHaveProperty('other');
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
