import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOf, fleet } from '../../../actors/fleet.ts';
import type { Says } from '../../../src/protocol/events.ts';
import { DrivenActor, ofType } from './driven-actor.ts';
import { TransitionCoverage } from './transition-coverage.ts';

const coverage = new TransitionCoverage(fleet.machine);
const start = (): DrivenActor => new DrivenActor(fleet, {}, coverage);
const capacityIn = (actor: DrivenActor): number => capacityOf(actor.context as Parameters<typeof capacityOf>[0]);
const worker = (name: string, slots: number) => ({ worker: name, host: `host-of-${name}`, slots });
const seen = (name: string, slots: number) => ({ type: 'worker.seen', ...worker(name, slots) }) as const;

describe('fleet', () => {
  it('counts the slots of the workers that live', () => {
    const actor = start();
    expect(actor.hear('host', seen('a', 2))).toEqual([
      { type: 'worker.joined', ...worker('a', 2) },
      { type: 'capacity.changed', capacity: 2 },
    ]);
    expect(actor.hear('host', seen('b', 3))).toContainEqual({ type: 'capacity.changed', capacity: 5 });
    expect(actor.hear('host', { type: 'worker.gone', worker: 'a', reason: 'left' })).toEqual([
      { type: 'worker.left', worker: 'a', reason: 'left' },
      { type: 'capacity.changed', capacity: 3 },
    ]);
    expect(actor.state).toBe('staffed');
    actor.hear('host', { type: 'worker.gone', worker: 'b', reason: 'lost' });
    expect(actor.state).toBe('empty');
    expect(capacityIn(actor)).toBe(0);
  });

  it('says nothing when nothing changed, and the new capacity when a worker did', () => {
    const actor = start();
    actor.hear('host', seen('a', 2));
    expect(actor.hear('host', seen('a', 2))).toEqual([]);
    expect(actor.hear('host', { type: 'worker.gone', worker: 'nobody', reason: 'lost' })).toEqual([]);
    expect(actor.hear('host', { type: 'workers.listed', workers: [worker('a', 2)] })).toEqual([]);
    expect(actor.hear('host', seen('a', 4))).toEqual([
      { type: 'worker.joined', ...worker('a', 4) },
      { type: 'capacity.changed', capacity: 4 },
    ]);
  });

  it('drops those that vanished while nobody looked, and takes in those that came', () => {
    const actor = start();
    actor.hear('host', seen('a', 2));
    actor.hear('host', seen('b', 2));
    expect(actor.hear('host', { type: 'workers.listed', workers: [worker('b', 2), worker('c', 1)] })).toEqual([
      { type: 'worker.left', worker: 'a', reason: 'lost' },
      { type: 'worker.joined', ...worker('c', 1) },
      { type: 'capacity.changed', capacity: 3 },
    ]);
  });

  it('says so when no worker is there for half a minute, and only then', () => {
    const actor = start();
    expect([...actor.timers.values()].map(({ delayMs }) => delayMs)).toEqual([30_000]);
    const [id = ''] = actor.timers.keys();
    expect(actor.fire(id)).toEqual([{ type: 'workers.missing' }]);
    actor.hear('host', seen('a', 1));
    expect(actor.timers.size).toBe(0);
    actor.hear('host', { type: 'worker.gone', worker: 'a', reason: 'lost' });
    expect(actor.timers.size).toBe(1);
  });

  it('holds the same workers as a list that is kept by hand, after any history', () => {
    // Names that every JavaScript object answers to are names like any other.
    const name = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString');
    const slots = fc.integer({ min: 1, max: 4 });
    const event: fc.Arbitrary<Says<'host'>> = fc.oneof(
      fc.record({ type: fc.constant('worker.seen' as const), worker: name, host: fc.constant('h'), slots }),
      fc.record({
        type: fc.constant('worker.gone' as const),
        worker: name,
        reason: fc.constantFrom('left' as const, 'lost' as const),
      }),
      fc.record({
        type: fc.constant('workers.listed' as const),
        workers: fc.uniqueArray(fc.record({ worker: name, host: fc.constant('h'), slots }), {
          selector: (listed) => listed.worker,
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const actor = new DrivenActor(fleet, {});
        const model = new Map<string, number>();
        for (const event of events) {
          const before = new Map(model);
          if (event.type === 'worker.seen') model.set(event.worker, event.slots);
          else if (event.type === 'worker.gone') model.delete(event.worker);
          else {
            model.clear();
            for (const listed of event.workers) model.set(listed.worker, listed.slots);
          }
          const said = actor.hear('host', event);
          const capacity = [...model.values()].reduce((total, n) => total + n, 0);
          expect(capacityIn(actor)).toBe(capacity);
          expect(actor.state).toBe(capacity > 0 ? 'staffed' : 'empty');
          const changed = JSON.stringify([...before].sort()) !== JSON.stringify([...model].sort());
          expect(ofType(said, 'capacity.changed')).toEqual(changed ? [{ type: 'capacity.changed', capacity }] : []);
        }
      }),
    );
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
