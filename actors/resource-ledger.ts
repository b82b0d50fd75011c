/**
 * The resource ledger decides who may compute: it owns the slots of every pool and grants each to one task at a time.
 *
 * In: requests, withdrawals and releases of slots, tasks that wait ahead of a slot, reallocations by actors and people, the capacity of the fleet,
 * ends of tasks. Out: grants, moves, and the books after every change. The ledger is the truth about slots: a grant is ended by
 * the end of its task or by its holder, once. A task that waits ahead gets the next slot of its pool before any request; a worker
 * may have started it by then, and even ended it, in which case it needs none.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';
import { noteCreated, noteWithdrawn } from './ahead-tasks.ts';
import {
  aheadRequest,
  balance,
  endAhead,
  lackingIn,
  nothingOut,
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
  'submitter.task.created',
  'submitter.task.withdrawn',
  'trainer.slots.requested',
  'trainer.slots.withdrawn',
  'trainer.slots.released',
  'trainer.reallocation.requested',
  'inference-runner.slots.requested',
  'inference-runner.slots.withdrawn',
  'inference-runner.slots.released',
  'inference-runner.reallocation.requested',
  'allocator.reallocation.requested',
  'operator.reallocation.requested',
  'worker.task.finished',
] as const;

export interface ResourceLedgerInput {
  /** Names of the pools; capacity arrives in the first. */
  pools: readonly string[];
  /**
   * Whether the submitter creates tasks ahead of their slots (default: no). It may be behind, and create some because of what was
   * before a drain: so a drain is over only once it has said `slots.withdrawn` of the request `ahead`, that none comes any more.
   */
  lookahead?: boolean;
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
    case 'task.created':
      return { ...books, ahead: noteCreated(books.ahead, event.task) };
    case 'task.withdrawn':
      return { ...books, ahead: noteWithdrawn(books.ahead, event.task) };
    case 'task.finished': {
      const { grant, source, number } = event.result.task;
      if (grant !== null) return release(books, grant);
      return source === 'submitter' ? endAhead(books, number) : books;
    }
    case 'reallocation.requested': {
      const { from, to, slots, upTo = false, source } = event;
      // A person may misspell the name of a pool; an actor may bring one along.
      if (source === 'operator' && ![from, to].every((pool) => Object.hasOwn(books.pools, pool))) return books;
      const moved = upTo && slots !== 'all' ? lackingIn(books, to, slots) : slots;
      return moved === 0 ? books : reallocate(books, from, to, moved);
    }
    case 'capacity.changed':
      return setCapacity(books, event.capacity);
    case 'drain.started':
      return sendHome(books);
    case 'campaign.resumed':
      return { ...books, ahead: { ...books.ahead, isOpen: books.lookahead } };
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
    closeAhead: assign(({ context }) => ({ ahead: { ...context.ahead, isOpen: false } })),
    announceDrained: enqueueActions(({ enqueue }) => enqueue.emit({ type: 'slots.drained' })),
  },
  guards: {
    nothingOut: ({ context }) => nothingOut(context),
    noneComesAhead: ({ event }) => event.type === 'slots.withdrawn' && event.request === aheadRequest,
  },
}).createMachine({
  id: 'resource-ledger',
  // XState asks for a first context at every pure transition, without an input: an exception there costs 25 µs each.
  context: ({ input }) => {
    const { pools = [], lookahead = false } = (input as ResourceLedgerInput | undefined) ?? {};
    return openBooks(pools, lookahead);
  },
  initial: 'open',
  states: {
    open: {
      description:
        'Grants slots as they fall free; waits for requests and ends of tasks, as long as the campaign runs.',
      on: {
        'slots.requested': { actions: 'book' },
        'slots.withdrawn': { actions: 'book' },
        'slots.released': { actions: 'book' },
        'task.created': { actions: 'book' },
        'task.withdrawn': { actions: 'book' },
        'task.finished': { actions: 'book' },
        'reallocation.requested': { actions: 'book' },
        'capacity.changed': { actions: 'book' },
        'drain.started': { target: 'draining', actions: 'book' },
      },
    },
    draining: {
      description:
        'Grants nothing more to requests; waits for what runs, or waits ahead, to end, however long the methods allow it to take.',
      always: { guard: 'nothingOut', target: 'drained' },
      on: {
        'slots.withdrawn': { guard: 'noneComesAhead', actions: 'closeAhead' },
        'slots.released': { actions: 'book' },
        'task.created': { actions: 'book' },
        'task.withdrawn': { actions: 'book' },
        'task.finished': { actions: 'book' },
        'capacity.changed': { actions: 'book' },
      },
    },
    drained: {
      description: 'Nobody holds a slot; waits for the campaign to be resumed, for ever if it has ended.',
      entry: 'announceDrained',
      on: {
        'capacity.changed': { actions: 'book' },
        // After a crash a creation may be stored behind its result.
        'task.created': { actions: 'book' },
        'campaign.resumed': { target: 'open', actions: 'book' },
      },
    },
  },
});

export const resourceLedger = defineActor({ machine: resourceLedgerMachine, hears, version: 3 });
