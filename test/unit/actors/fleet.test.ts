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
let place = 0;
const seen = (name: string, slots: number, asOf = ++place) =>
  ({ type: 'worker.seen', ...worker(name, slots), asOf }) as const;
const gone = (name: string, reason: 'left' | 'lost', asOf = ++place) =>
  ({ type: 'worker.gone', worker: name, reason, asOf }) as const;
const listed = (...workers: ReturnType<typeof worker>[]) => {
  const asOf = ++place;
  return { type: 'workers.listed', workers: workers.map((one) => ({ ...one, asOf })), asOf } as const;
};

describe('fleet', () => {
  it('counts the slots of the workers that live', () => {
    const actor = start();
    expect(actor.hear('host', seen('a', 2))).toEqual([
      { type: 'worker.joined', ...worker('a', 2) },
      { type: 'capacity.changed', capacity: 2 },
    ]);
    expect(actor.hear('host', seen('b', 3))).toContainEqual({ type: 'capacity.changed', capacity: 5 });
    expect(actor.hear('host', gone('a', 'left'))).toEqual([
      { type: 'worker.left', worker: 'a', reason: 'left' },
      { type: 'capacity.changed', capacity: 3 },
    ]);
    expect(actor.state).toBe('staffed');
    actor.hear('host', gone('b', 'lost'));
    expect(actor.state).toBe('empty');
    expect(capacityIn(actor)).toBe(0);
  });

  it('says nothing when nothing changed, and the new capacity when a worker did', () => {
    const actor = start();
    actor.hear('host', seen('a', 2));
    expect(actor.hear('host', seen('a', 2))).toEqual([]);
    expect(actor.hear('host', gone('nobody', 'lost'))).toEqual([]);
    expect(actor.hear('host', listed(worker('a', 2)))).toEqual([]);
    expect(actor.hear('host', seen('a', 4))).toEqual([
      { type: 'worker.joined', ...worker('a', 4) },
      { type: 'capacity.changed', capacity: 4 },
    ]);
  });

  it('drops those that vanished while nobody looked, and takes in those that came', () => {
    const actor = start();
    actor.hear('host', seen('a', 2));
    actor.hear('host', seen('b', 2));
    expect(actor.hear('host', listed(worker('b', 2), worker('c', 1)))).toEqual([
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
    actor.hear('host', gone('a', 'lost'));
    expect(actor.timers.size).toBe(1);
  });

  it('takes nothing that is older than what it knows, whoever tells it, and however late', () => {
    const actor = start();
    actor.hear('host', seen('a', 2, 10));
    actor.hear('host', gone('a', 'lost', 20));
    expect(actor.hear('host', seen('a', 2, 15))).toEqual([]);
    expect(actor.hear('host', seen('a', 2, 21))).toHaveLength(2);
    expect(actor.hear('host', gone('a', 'left', 20))).toEqual([]);
    // A list that was read earlier knows nothing of those that came later, and those that it knows may be gone.
    expect(
      actor.hear('host', { type: 'workers.listed', workers: [{ ...worker('b', 1), asOf: 12 }], asOf: 14 }),
    ).toEqual([
      { type: 'worker.joined', ...worker('b', 1) },
      { type: 'capacity.changed', capacity: 3 },
    ]);
    expect(actor.hear('host', seen('c', 1, 13))).toEqual([]);
    // Told dead by its registration of the same place: that one does not bring it back, the next one does.
    actor.hear('host', gone('b', 'lost', 12));
    expect(actor.hear('host', seen('b', 1, 12))).toEqual([]);
    expect(actor.hear('host', seen('b', 1, 22))).toContainEqual({ type: 'capacity.changed', capacity: 3 });
  });

  it('remembers only so many of those that went', () => {
    const actor = start();
    for (let n = 1; n <= 400; n++) {
      actor.hear('host', seen(`w${n}`, 1, 2 * n));
      actor.hear('host', gone(`w${n}`, 'lost', 2 * n + 1));
    }
    expect(JSON.stringify(actor.context).length).toBeLessThan(5_000);
    expect(actor.hear('host', seen('w400', 1, 800))).toEqual([]);
    expect(actor.hear('host', seen('w1', 1, 2))).toEqual([]);
    expect(actor.state).toBe('empty');
  });

  it('takes in ten thousand workers at once', () => {
    const actor = start();
    const workers = Array.from({ length: 10_000 }, (_, n) => ({ ...worker(`node-${n}-0abcdefg`, 8), asOf: n + 1 }));
    const said = actor.hear('host', { type: 'workers.listed', workers, asOf: 10_000 });
    expect(said).toHaveLength(10_001);
    expect(said.at(-1)).toEqual({ type: 'capacity.changed', capacity: 80_000 });
    expect(JSON.stringify(actor.context).length).toBeLessThan(500_000);
  });

  it('holds the same workers as the bucket, in whatever order it is told of them, and how often', () => {
    // Names that every JavaScript object answers to are names like any other.
    const name = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString');
    const change = fc.record({ name, slots: fc.option(fc.integer({ min: 1, max: 4 })), isListed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (changes, dice) => {
        const bucket = new Map<string, { slots: number; asOf: number }>();
        const told: Says<'host'>[] = [];
        changes.forEach(({ name, slots, isListed }, index) => {
          const asOf = index + 1;
          if (slots !== null) {
            bucket.set(name, { slots, asOf });
            told.push(seen(name, slots, asOf));
          } else if (bucket.delete(name)) told.push(gone(name, 'lost', asOf));
          if (!isListed) return;
          const workers = [...bucket].map(([id, { slots, asOf }]) => ({ ...worker(id, slots), asOf }));
          told.push({ type: 'workers.listed', workers, asOf });
        });
        const shuffled = [...told, ...told.filter(() => Number(dice.next().value) % 3 === 0)]
          .map((event) => ({ event, at: Number(dice.next().value) }))
          .sort((one, other) => one.at - other.at)
          .map(({ event }) => event);
        const actor = new DrivenActor(fleet, {});
        let capacity = 0;
        for (const event of shuffled) {
          const changed = ofType(actor.hear('host', event), 'capacity.changed');
          const now = capacityIn(actor);
          expect(actor.state).toBe(now > 0 ? 'staffed' : 'empty');
          if (now !== capacity) expect(changed).toEqual([{ type: 'capacity.changed', capacity: now }]);
          capacity = now;
        }
        expect(capacity).toBe([...bucket.values()].reduce((total, { slots }) => total + slots, 0));
      }),
    );
  });

  it('has every state and transition reached above', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
