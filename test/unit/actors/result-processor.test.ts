import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultProcessor, type ResultProcessorInput } from '../../../actors/result-processor.ts';
import { DrivenActor, ofType, typesOf } from './driven-actor.ts';
import { finished, modelRef } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(resultProcessor.machine);
const input: ResultProcessorInput = {
  topic: 'simulate',
  objective: 'ie',
  total: 10,
  updates: { initial: 3, batch: 2 },
  failuresInARow: 3,
};
const start = (change: Partial<ResultProcessorInput> = {}): DrivenActor =>
  new DrivenActor(resultProcessor, { ...input, ...change }, coverage);
const success = (number: number) => finished({ number, candidate: number }, { value: { ie: number / 10 } });
const failure = (number: number) => finished({ number, candidate: number }, { failure: 'no energy' });

describe('result-processor', () => {
  it('records a success with its value, and a failure without', () => {
    const actor = start();
    expect(actor.hear('worker', success(1))).toEqual([
      {
        type: 'result.recorded',
        task: 'simulate-1',
        topic: 'simulate',
        sequence: 1,
        success: true,
        candidate: 1,
        value: 0.1,
        successes: 1,
        failures: 0,
        updateDue: false,
        targetReached: false,
      },
    ]);
    expect(actor.hear('worker', failure(2))).toMatchObject([
      { success: false, value: null, candidate: 2, successes: 1, failures: 1 },
    ]);
  });

  it('counts each task once, whatever arrives twice or late, and the tasks of each source apart', () => {
    const actor = start();
    actor.hear('worker', success(2));
    expect(actor.hear('worker', failure(2))).toEqual([]);
    expect(actor.hear('worker', success(1))).toMatchObject([{ successes: 2 }]);
    expect(actor.hear('worker', success(1))).toEqual([]);
    const training = finished({ number: 1, source: 'trainer', topic: 'train', candidate: null }, { value: modelRef });
    expect(actor.hear('worker', training)).toMatchObject([
      { topic: 'train', success: true, value: null, successes: 2 },
    ]);
    expect(actor.hear('worker', training)).toEqual([]);
  });

  it('counts the tasks of a source that is called like something that every object has', () => {
    const actor = start();
    const task = { number: 1, source: 'constructor' };
    expect(actor.hear('worker', finished(task, { value: { ie: 1 } }))).toMatchObject([{ successes: 1 }]);
    expect(actor.hear('worker', finished(task, { value: { ie: 1 } }))).toEqual([]);
  });

  it('takes a simulation without a finite number as a failure', () => {
    const actor = start({ failuresInARow: 100 });
    const values = [null, 'text', 7, {}, { ie: null }, { ie: '0.5' }, []];
    values.forEach((value, index) => {
      expect(actor.hear('worker', finished({ number: index + 1 }, { value }))).toMatchObject([
        { success: false, value: null, successes: 0, failures: index + 1 },
      ]);
    });
  });

  it('says that an update is due at the initial successes and after every batch, but never at the end', () => {
    const actor = start();
    const due = Array.from({ length: 12 }, (_, i) => actor.hear('worker', success(i + 1))[0]?.['updateDue']);
    expect(due.flatMap((isDue, i) => (isDue === true ? [i + 1] : []))).toEqual([3, 5, 7, 9]);
    const never = start({ updates: null });
    for (let n = 1; n <= 12; n += 1) expect(never.hear('worker', success(n))[0]?.['updateDue']).toBe(false);
  });

  it('never says so twice: a failure, and an end of training, at such a count are not due', () => {
    const actor = start();
    for (let n = 1; n <= 3; n += 1) actor.hear('worker', success(n));
    expect(actor.hear('worker', failure(4))).toMatchObject([{ successes: 3, updateDue: false }]);
    const training = finished({ number: 1, source: 'trainer', topic: 'train' }, { value: { ie: 1 } });
    expect(actor.hear('worker', training)).toMatchObject([{ successes: 3, updateDue: false, targetReached: false }]);
  });

  it('says at the target, and at every success beyond it, that it is reached', () => {
    const actor = start({ total: 2 });
    const reached = [1, 2, 3].map((n) => actor.hear('worker', success(n))[0]?.['targetReached']);
    expect(reached).toEqual([false, true, true]);
    expect(actor.hear('worker', failure(4))).toMatchObject([{ targetReached: false }]);
  });

  it('says when so many simulations failed in a row, with the reason of the last, and begins to count anew', () => {
    const actor = start();
    actor.hear('worker', failure(1));
    actor.hear('worker', failure(2));
    actor.hear('worker', success(3));
    actor.hear('worker', failure(4));
    const failedTraining = finished({ number: 1, source: 'trainer', topic: 'train' }, { failure: 'no' });
    expect(ofType(actor.hear('worker', failedTraining), 'failures.persisted')).toEqual([]);
    expect(ofType(actor.hear('worker', failure(5)), 'failures.persisted')).toEqual([]);
    const persisted = ofType(actor.hear('worker', finished({ number: 6 }, { value: {} })), 'failures.persisted');
    expect(persisted).toEqual([{ type: 'failures.persisted', failures: 3, reason: 'no number "ie" in the result' }]);
    const next = [7, 8, 9].map((n) => ofType(actor.hear('worker', failure(n)), 'failures.persisted').length);
    expect(next).toEqual([0, 0, 1]);
  });

  it('records a task that was cancelled as not successful, and takes it for no sign that something is wrong', () => {
    const actor = start();
    const cancelled = (number: number) => finished({ number }, { failure: 'not wanted', code: 'task.cancelled' });
    expect(actor.hear('worker', cancelled(1))).toMatchObject([{ success: false, value: null, failures: 1 }]);
    const facts = [2, 3, 4, 5].flatMap((n) => actor.hear('worker', cancelled(n)));
    expect(facts.map(({ type }) => type)).toEqual(Array.from({ length: 4 }, () => 'result.recorded'));
    // Nor for a sign that all is well.
    const persisted = [failure(6), failure(7), cancelled(8), failure(9)].map(
      (fact) => ofType(actor.hear('worker', fact), 'failures.persisted').length,
    );
    expect(persisted).toEqual([0, 0, 0, 1]);
  });

  it('says when everything is recorded, records what comes after all, and counts on after a resumption', () => {
    const actor = start();
    actor.hear('worker', success(1));
    expect(actor.hear('resource-ledger', { type: 'slots.drained' })).toEqual([
      { type: 'results.complete', recorded: 1 },
    ]);
    expect(actor.hear('worker', success(1))).toEqual([]);
    expect(actor.hear('campaign', { type: 'campaign.resumed' })).toEqual([]);
    expect(actor.hear('worker', success(2))).toMatchObject([{ successes: 2 }]);
    expect(actor.hear('resource-ledger', { type: 'slots.drained' })).toEqual([
      { type: 'results.complete', recorded: 2 },
    ]);
    expect(actor.hear('worker', failure(3))).toMatchObject([{ failures: 1 }]);
  });

  it('counts as a plain count does, for any ends of tasks in any order', () => {
    const end = fc.record({ number: fc.integer({ min: 1, max: 30 }), ok: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(end, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 20 }),
        (ends, initial, batch, total) => {
          const actor = new DrivenActor(resultProcessor, { ...input, total, updates: { initial, batch } });
          const counted = new Set<number>();
          let successes = 0;
          for (const { number, ok } of ends) {
            const said = ofType(actor.hear('worker', ok ? success(number) : failure(number)), 'result.recorded');
            expect(said).toHaveLength(counted.has(number) ? 0 : 1);
            if (counted.has(number)) continue;
            counted.add(number);
            successes += ok ? 1 : 0;
            const past = successes - initial;
            expect(said[0]).toMatchObject({
              task: `simulate-${number}`,
              sequence: actor.sequence,
              successes,
              failures: counted.size - successes,
              updateDue: ok && past >= 0 && past % batch === 0 && successes < total,
              targetReached: ok && successes >= total,
            });
          }
        },
      ),
    );
  });

  it('counts a task that was withdrawn before it started neither as a success nor as a failure', () => {
    const actor = new DrivenActor(resultProcessor, { ...input, failuresInARow: 2 }, coverage);
    actor.hear('worker', finished({ number: 1 }, { failure: 'x' }));
    const said = actor.hear('worker', finished({ number: 2, candidate: 7 }, { failure: 'x', code: 'task.withdrawn' }));
    expect(said).toMatchObject([
      {
        type: 'result.recorded',
        success: false,
        withdrawn: true,
        candidate: 7,
        value: null,
        successes: 0,
        failures: 1,
      },
    ]);
    // It neither adds to a row of failures nor breaks it.
    const next = actor.hear('worker', finished({ number: 3 }, { failure: 'x' }));
    expect(typesOf(next)).toEqual(['result.recorded', 'failures.persisted']);
    expect(next[0]).not.toHaveProperty('withdrawn');
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
