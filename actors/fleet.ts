/**
 * The fleet decides which workers count: capacity is the sum of the slots of those that live.
 *
 * In: what the host's watch of the workers' registrations sees. Out: joins, departures and the capacity after each. A list of
 * all workers, written when a watch starts, drops those that vanished while nobody looked.
 */
import { emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';

const hears = ['host.workers.listed', 'host.worker.seen', 'host.worker.gone'] as const;

interface Worker {
  worker: string;
  host: string;
  slots: number;
}

interface Context {
  /** Workers that live, by their ids. */
  workers: Readonly<Record<string, Worker>>;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'fleet'>;

export const capacityOf = ({ workers }: Context): number =>
  Object.values(workers).reduce((slots, worker) => slots + worker.slots, 0);

/** Workers after an event, and who joined and left by it. */
function muster(context: Context, event: Event): { workers: Record<string, Worker>; facts: Fact[] } {
  const workers = { ...context.workers };
  const facts: Fact[] = [];
  const join = ({ worker, host, slots }: Worker): void => {
    if (workers[worker]?.slots === slots) return;
    workers[worker] = { worker, host, slots };
    facts.push({ type: 'worker.joined', worker, host, slots });
  };
  const leave = (worker: string, reason: 'left' | 'lost'): void => {
    if (!Object.hasOwn(workers, worker)) return;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of our own, keyed by worker
    delete workers[worker];
    facts.push({ type: 'worker.left', worker, reason });
  };
  switch (event.type) {
    case 'worker.seen':
      join(event);
      break;
    case 'worker.gone':
      leave(event.worker, event.reason);
      break;
    case 'workers.listed': {
      const listed = new Set(event.workers.map(({ worker }) => worker));
      for (const worker of Object.keys(context.workers)) if (!listed.has(worker)) leave(worker, 'lost');
      event.workers.forEach(join);
      break;
    }
  }
  return { workers, facts };
}

const fleetMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: Record<string, never> },
  actions: {
    muster: enqueueActions(({ enqueue, context, event }) => {
      const { workers, facts } = muster(context, event);
      if (facts.length === 0) return;
      enqueue.assign({ workers });
      for (const fact of facts) enqueue.emit(fact);
      enqueue.emit({ type: 'capacity.changed', capacity: capacityOf({ workers }) });
    }),
    reportNobody: emit({ type: 'workers.missing' }),
  },
  guards: { isStaffed: ({ context }) => capacityOf(context) > 0, isEmpty: ({ context }) => capacityOf(context) === 0 },
  delays: { patience: 30_000 },
}).createMachine({
  id: 'fleet',
  context: { workers: {} },
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

export const fleet = defineActor({ machine: fleetMachine, hears, version: 1 });
