import { describe, expect, it } from 'vitest';
import { resourceLedger } from '../../../actors/resource-ledger.ts';
import { DrivenActor, ofType, typesOf, type Said } from './driven-actor.ts';
import { finished } from './sample-facts.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(resourceLedger.machine);
const pools = ['simulate', 'train', 'infer'];

/** A ledger over so many slots, where the submitter wants them all. */
function open(capacity: number, wanted: number | null = null): DrivenActor {
  const actor = new DrivenActor(resourceLedger, { pools }, coverage);
  actor.hear('submitter', slots('submitter/1', 'simulate', wanted));
  actor.hear('fleet', { type: 'capacity.changed', capacity });
  return actor;
}

const slots = (request: string, pool: string, count: number | null) =>
  ({ type: 'slots.requested', request, pool, slots: 1, count }) as const;
const end = (grant: string | null) => finished({ grant }, { value: null });
const move = (from: string, to: string) => ({ type: 'reallocation.requested', from, to, slots: 'all' }) as const;
const drain = { type: 'drain.started', reason: 'x' } as const;
/** Allocated and free slots of the pools, as the last `slots.changed` had them. */
const balance = (actor: DrivenActor): unknown => ofType(actor.said, 'slots.changed').at(-1)?.['pools'];

describe('resource-ledger', () => {
  it('grants slots when they appear, and says what the books hold', () => {
    const actor = new DrivenActor(resourceLedger, { pools }, coverage);
    expect(typesOf(actor.hear('submitter', slots('submitter/1', 'simulate', null)))).toEqual(['slots.changed']);
    const grant = { type: 'slots.granted', request: 'submitter/1', pool: 'simulate', slots: 1, freedBy: null };
    expect(actor.hear('fleet', { type: 'capacity.changed', capacity: 2 })).toEqual([
      { ...grant, grant: 'grant-1' },
      { ...grant, grant: 'grant-2' },
      {
        type: 'slots.changed',
        capacity: 2,
        pools: {
          simulate: { allocated: 2, free: 0 },
          train: { allocated: 0, free: 0 },
          infer: { allocated: 0, free: 0 },
        },
      },
    ]);
  });

  it('frees a slot at the end of its task, once, and names the result that made room', () => {
    const actor = open(1);
    const said = actor.hear('worker', end('grant-1'));
    expect(said[0]).toMatchObject({ type: 'slots.granted', grant: 'grant-2', freedBy: actor.sequence });
    expect(actor.hear('worker', end('grant-1'))).toEqual([]);
    expect(actor.hear('worker', end(null))).toEqual([]);
    expect(actor.hear('worker', end('constructor')), 'a grant that never was').toEqual([]);
    expect(actor.hear('submitter', { type: 'slots.released', grant: 'grant-2' })[0]).toMatchObject({
      grant: 'grant-3',
      freedBy: null,
    });
    expect(actor.hear('submitter', { type: 'slots.released', grant: 'grant-2' })).toEqual([]);
  });

  it('moves slots to the pool that asks for them as they fall free, and back', () => {
    const actor = open(2);
    actor.hear('trainer', move('simulate', 'train'));
    actor.hear('trainer', slots('trainer/1', 'train', 1));
    expect(actor.hear('worker', end('grant-1'))).toMatchObject([
      { type: 'slots.moved', from: 'simulate', to: 'train', slots: 1 },
      { type: 'slots.granted', request: 'trainer/1', pool: 'train' },
      { type: 'slots.changed' },
    ]);
    expect(typesOf(actor.hear('worker', end('grant-2')))).toEqual(['slots.moved', 'slots.changed']);
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 0, free: 0 }, train: { allocated: 1, free: 1 } });
    actor.hear('inference-runner', move('train', 'infer'));
    actor.hear('inference-runner', move('simulate', 'infer'));
    expect(balance(actor)).toMatchObject({ train: { allocated: 1, free: 0 }, infer: { allocated: 0, free: 1 } });
    actor.hear('inference-runner', move('infer', 'simulate'));
    actor.hear('worker', end('grant-3'));
    expect(balance(actor)).toEqual({
      simulate: { allocated: 2, free: 0 },
      train: { allocated: 0, free: 0 },
      infer: { allocated: 0, free: 0 },
    });
  });

  it('brings a pool up to so many slots, however often it is asked', () => {
    const actor = open(3);
    const upTo = (count: number) =>
      ({ type: 'reallocation.requested', from: 'simulate', to: 'infer', slots: count, upTo: true }) as const;
    expect(actor.hear('allocator', { ...upTo(1), reason: 'one is wanted' })).toMatchObject([{ type: 'slots.changed' }]);
    expect(actor.hear('inference-runner', upTo(1)), 'one is on its way').toEqual([]);
    actor.hear('worker', end('grant-1'));
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 2 }, infer: { free: 1 } });
    expect(actor.hear('inference-runner', upTo(1)), 'one is there').toEqual([]);
    actor.hear('inference-runner', { type: 'reallocation.requested', from: 'infer', to: 'train', slots: 'all' });
    actor.hear('inference-runner', upTo(1));
    actor.hear('worker', end('grant-2'));
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 1 }, train: { free: 1 }, infer: { free: 1 } });
  });

  it('grants nothing more to a request that was withdrawn', () => {
    const actor = open(1);
    actor.hear('submitter', { type: 'slots.withdrawn', request: 'submitter/1' });
    expect(typesOf(actor.hear('worker', end('grant-1')))).toEqual(['slots.changed']);
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 0, free: 1 } });
  });

  it('drains: grants nothing more, sends slots home, and says when nobody holds one', () => {
    const actor = open(3);
    actor.hear('trainer', move('simulate', 'train'));
    actor.hear('trainer', slots('trainer/1', 'train', 1));
    actor.hear('worker', end('grant-1'));
    actor.hear('campaign', drain);
    expect(actor.state).toBe('draining');
    expect(ofType(actor.hear('fleet', { type: 'capacity.changed', capacity: 4 }), 'slots.granted')).toEqual([]);
    expect(typesOf(actor.hear('submitter', { type: 'slots.released', grant: 'grant-2' }))).toEqual(['slots.changed']);
    actor.hear('worker', end('grant-3'));
    // Whoever has not heard of the drain yet asks in vain.
    expect(actor.hear('trainer', slots('trainer/2', 'train', 1))).toEqual([]);
    const last = actor.hear('worker', end('grant-4'));
    expect(typesOf(last)).toEqual(['slots.moved', 'slots.changed', 'slots.drained']);
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 0, free: 4 }, train: { allocated: 0, free: 0 } });
  });

  it('is drained at once when nobody holds a slot, follows the fleet meanwhile, and opens again', () => {
    const actor = open(2, 1);
    actor.hear('worker', end('grant-1'));
    expect(typesOf(actor.hear('campaign', drain))).toContain('slots.drained');
    actor.hear('fleet', { type: 'capacity.changed', capacity: 1 });
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 0, free: 1 } });
    expect(actor.hear('campaign', { type: 'campaign.resumed' })).toEqual([]);
    expect(typesOf(actor.hear('submitter', slots('submitter/2', 'simulate', null)))).toContain('slots.granted');
  });

  it('takes slots away as they fall free when the fleet shrinks', () => {
    const actor = open(2);
    actor.hear('fleet', { type: 'capacity.changed', capacity: 1 });
    expect(typesOf(actor.hear('worker', end('grant-1')))).toEqual(['slots.changed']);
    expect(balance(actor)).toMatchObject({ simulate: { allocated: 1, free: 0 } });
    expect(typesOf(actor.hear('worker', end('grant-2')))).toContain('slots.granted');
  });

  describe('with tasks that wait ahead of a slot', () => {
    /** A ledger over so many slots, which the submitter's tasks 1, 2, ... hold. */
    function full(capacity: number): DrivenActor {
      const actor = new DrivenActor(resourceLedger, { pools, lookahead: true }, coverage);
      actor.hear('submitter', slots('submitter/1', 'simulate', null));
      actor.hear('fleet', { type: 'capacity.changed', capacity });
      for (let n = 1; n <= capacity; n += 1) actor.hear('submitter', created(n, `grant-${n}`));
      return actor;
    }
    const created = (number: number, grant: string | null = null) => {
      const { id, method, topic, pool, slots: taken, candidate, choice } = taskOf(number);
      const task = { id, number, method, topic, pool, slots: taken, grant, candidate, arguments: null, choice };
      return { type: 'task.created', task } as const;
    };
    const taskOf = (number: number) => finished({ number, id: `simulate-${number}` }, { value: null }).result.task;
    const withdrawn = (number: number) =>
      ({ type: 'task.withdrawn', task: `simulate-${number}`, reason: 'a new ranking' }) as const;
    const ended = (number: number, grant: string | null = null) =>
      finished({ number, id: `simulate-${number}`, grant }, { value: null });
    const none = { type: 'slots.withdrawn', request: 'ahead' } as const;

    it('gives a slot that falls free to the oldest of them, before any request', () => {
      const actor = full(1);
      expect(actor.hear('submitter', created(2))).toEqual([]);
      expect(actor.hear('submitter', created(3))).toEqual([]);
      const ahead = { type: 'slots.granted', request: 'ahead', pool: 'simulate', slots: 1 };
      const first = actor.hear('worker', ended(1, 'grant-1'));
      expect(first[0]).toEqual({ ...ahead, grant: 'grant-2', task: 'simulate-2', freedBy: actor.sequence });
      expect(typesOf(first)).toEqual(['slots.granted', 'slots.changed']);
      expect(actor.hear('worker', ended(2))[0]).toMatchObject({ ...ahead, grant: 'grant-3', task: 'simulate-3' });
      expect(actor.hear('worker', ended(2)), 'a second time').toEqual([]);
      expect(actor.hear('worker', ended(3))[0]).toMatchObject({ request: 'submitter/1', grant: 'grant-4' });
    });

    it('gives none to one that was withdrawn, or has ended before it could be given one', () => {
      const actor = full(2);
      for (const number of [3, 4, 5, 6]) actor.hear('submitter', created(number));
      expect(actor.hear('submitter', withdrawn(3))).toEqual([]);
      // A worker had room for it sooner than is known here.
      expect(actor.hear('worker', ended(4))).toEqual([]);
      expect(actor.hear('worker', ended(1, 'grant-1'))[0]).toMatchObject({ task: 'simulate-5' });
      // It has its slot: that it is not wanted any more comes too late.
      expect(actor.hear('submitter', withdrawn(5))).toEqual([]);
      expect(actor.hear('worker', ended(5))[0]).toMatchObject({ task: 'simulate-6' });
      expect(actor.hear('worker', ended(3))).toEqual([]);
      expect(balance(actor)).toMatchObject({ simulate: { allocated: 2, free: 0 } });
    });

    it('knows of one that has ended before it knows of its creation, and of the second end of any other', () => {
      const actor = full(1);
      expect(actor.hear('worker', ended(3))).toEqual([]);
      expect(actor.hear('worker', ended(3))).toEqual([]);
      expect(actor.hear('worker', finished({ number: 2, grant: null, source: 'trainer' }, { value: null }))).toEqual(
        [],
      );
      actor.hear('submitter', created(2));
      actor.hear('submitter', created(3));
      expect(actor.hear('worker', ended(1, 'grant-1'))[0]).toMatchObject({ task: 'simulate-2' });
      expect(actor.hear('worker', ended(3))).toEqual([]);
      expect(actor.hear('worker', ended(2))[0]).toMatchObject({ request: 'submitter/1' });
    });

    it('moves and retires slots before it gives one to any', () => {
      const actor = full(2);
      actor.hear('submitter', created(3));
      actor.hear('trainer', { type: 'reallocation.requested', from: 'simulate', to: 'train', slots: 1 });
      expect(typesOf(actor.hear('worker', ended(1, 'grant-1')))).toEqual(['slots.moved', 'slots.changed']);
      actor.hear('fleet', { type: 'capacity.changed', capacity: 1 });
      expect(actor.hear('worker', ended(2, 'grant-2'))[0]).toMatchObject({ task: 'simulate-3' });
    });

    it('is drained when they have ended, withdrawn or not, and the submitter has said that none comes any more', () => {
      const actor = full(1);
      for (const number of [2, 3]) actor.hear('submitter', created(number));
      // What was said before the drain says nothing of what comes.
      actor.hear('submitter', none);
      actor.hear('campaign', drain);
      actor.hear('submitter', created(4));
      actor.hear('submitter', withdrawn(3));
      actor.hear('submitter', withdrawn(4));
      expect(actor.hear('worker', ended(1, 'grant-1'))[0]).toMatchObject({ task: 'simulate-2' });
      actor.hear('submitter', { type: 'slots.withdrawn', request: 'submitter/1' });
      for (const number of [2, 3, 4])
        expect(typesOf(actor.hear('worker', ended(number)))).not.toContain('slots.drained');
      expect(typesOf(actor.hear('submitter', none))).toEqual(['slots.drained']);
      expect(actor.hear('submitter', created(5, 'grant-9')), 'stored behind its result').toEqual([]);
      actor.hear('campaign', { type: 'campaign.resumed' });
      actor.hear('campaign', drain);
      expect(actor.state).toBe('draining');
      expect(typesOf(actor.hear('submitter', none))).toEqual(['slots.drained']);
    });
  });

  it('moves slots for people as for actors: no more than there are, at once those that are free, and none to a pool that is not', () => {
    const actor = new DrivenActor(resourceLedger, { pools: ['simulate', 'train'] }, coverage);
    const move = (from: string, to: string, slots: number): Said[] =>
      actor.hear('operator', { type: 'reallocation.requested', from, to, slots, reason: 'a hunch', by: 'ann@lab' });
    actor.hear('fleet', { type: 'capacity.changed', capacity: 3 });
    expect(move('simulate', 'trian', 2)).toEqual([]);
    expect(move('nowhere', 'train', 2)).toEqual([]);
    expect(move('simulate', 'train', 2)[0]).toEqual({ type: 'slots.moved', from: 'simulate', to: 'train', slots: 2 });
    expect(move('simulate', 'train', 9)[0]).toEqual({ type: 'slots.moved', from: 'simulate', to: 'train', slots: 1 });
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
