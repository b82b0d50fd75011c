/**
 * The resource ledger decides who may compute: it owns the slots of every pool and grants each to one task at a time.
 *
 * In: requests, withdrawals and releases of slots, reallocations, the capacity of the fleet, ends of tasks. Out: grants,
 * moves, and the books after every change. The ledger is the truth about slots: a grant is ended by the end of its task or
 * by its holder, once.
 */
import { enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';
import {
  allocatedSlots,
  balance,
  openBooks,
  reallocate,
  release,
  request,
  sendHome,
  setCapacity,
  settle,
  withdraw,
  type SlotBooks,
} from './slot-books.ts';

const hears = [
  'campaign.drain.started',
  'campaign.campaign.resumed',
  'fleet.capacity.changed',
  'submitter.slots.requested',
  'submitter.slots.withdrawn',
  'submitter.slots.released',
  'trainer.slots.requested',
  'trainer.slots.withdrawn',
  'trainer.slots.released',
  'trainer.reallocation.requested',
  'inference-runner.slots.requested',
  'inference-runner.slots.withdrawn',
  'inference-runner.slots.released',
  'inference-runner.reallocation.requested',
  'worker.task.finished',
] as const;

export interface ResourceLedgerInput {
  /** Names of the pools; capacity arrives in the first. */
  pools: readonly string[];
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'resource-ledger'>;

/** The books after an event, before free slots are put to use. */
function enter(books: SlotBooks, event: Event): SlotBooks {
  switch (event.type) {
    case 'slots.requested': {
      const { request: id, pool, slots, count } = event;
      return request(books, { request: id, pool, slots, count });
    }
    case 'slots.withdrawn':
      return withdraw(books, event.request);
    case 'slots.released':
      return release(books, event.grant);
    case 'task.finished':
      return event.result.task.grant === null ? books : release(books, event.result.task.grant);
    case 'reallocation.requested':
      return reallocate(books, event.from, event.to, event.slots);
    case 'capacity.changed':
      return setCapacity(books, event.capacity);
    case 'drain.started':
      return sendHome(books);
    case 'campaign.resumed':
      return books;
  }
}

const resourceLedgerMachine = setup({
  types: {} as { context: SlotBooks; events: Event; emitted: Fact; input: ResourceLedgerInput },
  actions: {
    /** Enter the event into the books, put free slots to use, and publish the books if they changed. */
    book: enqueueActions(({ enqueue, context, event }) => {
      const freedBy = event.type === 'task.finished' ? event.sequence : null;
      const entered = enter(context, event);
      const { books, facts } = settle(entered, freedBy);
      enqueue.assign(books);
      for (const fact of facts) enqueue.emit(fact);
      if (books.pools !== context.pools) enqueue.emit(balance(books));
    }),
    announceDrained: enqueueActions(({ enqueue }) => enqueue.emit({ type: 'slots.drained' })),
  },
  guards: { nothingHeld: ({ context }) => allocatedSlots(context) === 0 },
}).createMachine({
  id: 'resource-ledger',
  // XState asks for a first context at every pure transition, without an input: an exception there costs 25 µs each.
  context: ({ input }) => openBooks((input as ResourceLedgerInput | undefined)?.pools ?? []),
  initial: 'open',
  states: {
    open: {
      description:
        'Grants slots as they fall free; waits for requests and ends of tasks, as long as the campaign runs.',
      on: {
        'slots.requested': { actions: 'book' },
        'slots.withdrawn': { actions: 'book' },
        'slots.released': { actions: 'book' },
        'task.finished': { actions: 'book' },
        'reallocation.requested': { actions: 'book' },
        'capacity.changed': { actions: 'book' },
        'drain.started': { target: 'draining', actions: 'book' },
      },
    },
    draining: {
      description: 'Grants nothing more; waits for what runs to end, however long the methods allow it to take.',
      always: { guard: 'nothingHeld', target: 'drained' },
      on: {
        'slots.released': { actions: 'book' },
        'task.finished': { actions: 'book' },
        'capacity.changed': { actions: 'book' },
      },
    },
    drained: {
      description: 'Nobody holds a slot; waits for the campaign to be resumed, for ever if it has ended.',
      entry: 'announceDrained',
      on: {
        'capacity.changed': { actions: 'book' },
        'campaign.resumed': 'open',
      },
    },
  },
});

export const resourceLedger = defineActor({ machine: resourceLedgerMachine, hears, version: 2 });
