/**
 * The fleet decides which workers count: capacity is the sum of the slots of those that live.
 *
 * In: what the host's watch of the workers' registrations sees. Out: joins, departures and the capacity after each. A list of
 * all workers, written when a watch starts, drops those that vanished while nobody looked. Watchers may tell late or twice:
 * whatever is older than what is known of a worker changes nothing.
 */
import { emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';

const hears = ['host.workers.listed', 'host.worker.seen', 'host.worker.gone'] as const;

/** Slots of a worker that lives, and the place of the registration that says so. */
type Living = readonly [slots: number, asOf: number];

interface Context {
  capacity: number;
  /** Workers that live, by a part of their ids and their ids: with thousands of them, an event copies a small part. */
  workers: Readonly<Record<string, Readonly<Record<string, Living>>>>;
  /** The last that went, and as of when: what is older of one of them comes late. */
  gone: readonly (readonly [worker: string, asOf: number])[];
  /** As of here nobody lived that is not known: the place of the last list, or of one that went and was forgotten. */
  floor: number;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'fleet'>;

/** How many of those that went are remembered by name. */
const mostGone = 128;

export const capacityOf = ({ capacity }: Context): number => capacity;

const partOf = (worker: string): string => `-${worker.slice(-2)}`;

/** Books of who lives, opened for one event: parts are copied when they change. */
class Muster {
  readonly facts: Fact[] = [];
  #capacity: number;
  readonly #workers: Record<string, Readonly<Record<string, Living>>>;
  readonly #copied = new Map<string, Record<string, Living>>();
  readonly #gone: Map<string, number>;
  #floor: number;

  constructor({ capacity, workers, gone, floor }: Context) {
    this.#capacity = capacity;
    this.#workers = { ...workers };
    this.#gone = new Map(gone);
    this.#floor = floor;
  }

  seen({ worker, host, slots, asOf }: { worker: string; host: string; slots: number; asOf: number }): void {
    const known = this.#living(worker);
    if (asOf <= (known?.[1] ?? this.#gone.get(worker) ?? this.#floor)) return;
    this.#gone.delete(worker);
    this.#part(worker)[worker] = [slots, asOf];
    if (known?.[0] === slots) return;
    this.#capacity += slots - (known?.[0] ?? 0);
    this.facts.push({ type: 'worker.joined', worker, host, slots });
  }

  left(worker: string, reason: 'left' | 'lost', asOf: number): void {
    const known = this.#living(worker);
    if (asOf < (known?.[1] ?? this.#gone.get(worker) ?? this.#floor)) return;
    this.#gone.set(worker, asOf);
    // Told before its arrival was: that will be old when it comes.
    if (known === null) return;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of our own, keyed by worker
    delete this.#part(worker)[worker];
    this.#capacity -= known[0];
    this.facts.push({ type: 'worker.left', worker, reason });
  }

  listed({ workers, asOf }: Extract<Event, { type: 'workers.listed' }>): void {
    const names = new Set(workers.map(({ worker }) => worker));
    for (const worker of Object.values(this.#workers).flatMap((part) => Object.keys(part))) {
      if (!names.has(worker)) this.left(worker, 'lost', asOf);
    }
    workers.forEach((worker) => this.seen(worker));
    this.#floor = Math.max(this.#floor, asOf);
  }

  close(): Context {
    for (const [part, workers] of this.#copied) {
      if (Object.keys(workers).length > 0) this.#workers[part] = workers;
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of our own
      else delete this.#workers[part];
    }
    for (const [worker, asOf] of this.#gone) {
      if (asOf > this.#floor && this.#gone.size <= mostGone) continue;
      this.#gone.delete(worker);
      this.#floor = Math.max(this.#floor, asOf);
    }
    return { capacity: this.#capacity, workers: this.#workers, gone: [...this.#gone], floor: this.#floor };
  }

  #living(worker: string): Living | null {
    const part = this.#copied.get(partOf(worker)) ?? this.#workers[partOf(worker)] ?? {};
    return Object.hasOwn(part, worker) ? (part[worker] ?? null) : null;
  }

  #part(worker: string): Record<string, Living> {
    const name = partOf(worker);
    const part = this.#copied.get(name) ?? { ...this.#workers[name] };
    this.#copied.set(name, part);
    return part;
  }
}

/** The books after an event, and what there is to say of it. */
function muster(context: Context, event: Event): { context: Context; facts: readonly Fact[] } {
  const books = new Muster(context);
  if (event.type === 'worker.seen') books.seen(event);
  else if (event.type === 'worker.gone') books.left(event.worker, event.reason, event.asOf);
  else books.listed(event);
  return { context: books.close(), facts: books.facts };
}

const fleetMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: Record<string, never> },
  actions: {
    muster: enqueueActions(({ enqueue, context, event }) => {
      const after = muster(context, event);
      enqueue.assign(after.context);
      if (after.facts.length === 0) return;
      for (const fact of after.facts) enqueue.emit(fact);
      enqueue.emit({ type: 'capacity.changed', capacity: after.context.capacity });
    }),
    reportNobody: emit({ type: 'workers.missing' }),
  },
  guards: { isStaffed: ({ context }) => context.capacity > 0, isEmpty: ({ context }) => context.capacity === 0 },
  delays: { patience: 30_000 },
}).createMachine({
  id: 'fleet',
  context: { capacity: 0, workers: {}, gone: [], floor: 0 },
  initial: 'empty',
  on: {
    'workers.listed': { actions: 'muster' },
    'worker.seen': { actions: 'muster' },
    'worker.gone': { actions: 'muster' },
  },
  states: {
    empty: {
      description: 'No worker lives; says so when that lasts.',
      always: { guard: 'isStaffed', target: 'staffed' },
      after: { patience: { actions: 'reportNobody' } },
    },
    staffed: {
      description: 'At least one worker lives; waits for changes, as long as the campaign runs.',
      always: { guard: 'isEmpty', target: 'empty' },
    },
  },
});

export const fleet = defineActor({ machine: fleetMachine, hears, version: 2 });
