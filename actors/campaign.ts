/**
 * The campaign decides when the whole starts, drains, pauses and ends.
 *
 * In: what people ask for, the result processor's counts, what goes wrong for good, the end of the last task. Out: the start,
 * the drain with its reason, the pause or the end. A drain lets what runs finish and keeps it.
 */
import { assign, emit, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';

const hears = [
  'operator.run.requested',
  'operator.drain.requested',
  'operator.stop.requested',
  'result-processor.result.recorded',
  'result-processor.failures.persisted',
  'result-processor.results.complete',
  'submitter.space.exhausted',
  'trainer.updates.exhausted',
] as const;

interface Context {
  /** Why it drains, is paused or has ended; empty while it runs. */
  reason: string;
}

type Event = HeardEvent<(typeof hears)[number]>;

function reasonOf(event: Event): string {
  switch (event.type) {
    case 'result.recorded':
      return `${event.successes} simulations succeeded`;
    case 'space.exhausted':
      return `the search space has run out: all ${event.submitted} candidates were submitted`;
    case 'drain.requested':
    case 'stop.requested':
      return event.reason;
    case 'updates.exhausted':
      return `${event.consecutive} updates of the model failed in a row, the last one because: ${event.reason}`;
    case 'failures.persisted':
      return `${event.failures} simulations failed in a row, the last one because: ${event.reason}`;
    case 'run.requested':
    case 'results.complete':
      return '';
  }
}

const campaignMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Says<'campaign'>; input: Record<string, never> },
  actions: {
    noteReason: assign({ reason: ({ event }) => reasonOf(event) }),
    announceStart: emit({ type: 'campaign.started' }),
    announceResumption: emit({ type: 'campaign.resumed' }),
    announceDrain: emit(({ context }) => ({ type: 'drain.started', reason: context.reason })),
    announcePause: emit(({ context }) => ({ type: 'campaign.paused', reason: context.reason })),
    announceEnd: emit(({ context }) => ({ type: 'campaign.ended', reason: context.reason })),
  },
  guards: { targetReached: ({ event }) => event.type === 'result.recorded' && event.targetReached },
}).createMachine({
  id: 'campaign',
  context: { reason: '' },
  initial: 'created',
  states: {
    created: {
      description: 'Everything is in place; waits for somebody to start it.',
      on: {
        'run.requested': { target: 'running', actions: 'announceStart' },
        'stop.requested': { target: 'ended', actions: 'noteReason' },
      },
    },
    running: {
      description: 'Candidates are simulated; ends when enough succeeded or none are left.',
      on: {
        'result.recorded': { guard: 'targetReached', target: 'draining.toEnd', actions: 'noteReason' },
        'space.exhausted': { target: 'draining.toEnd', actions: 'noteReason' },
        'drain.requested': { target: 'draining.toPause', actions: 'noteReason' },
        'stop.requested': { target: 'draining.toEnd', actions: 'noteReason' },
        'updates.exhausted': { target: 'draining.toPause', actions: 'noteReason' },
        'failures.persisted': { target: 'draining.toPause', actions: 'noteReason' },
      },
    },
    draining: {
      description: 'Nothing new is started; waits for what runs to finish, as long as the methods allow.',
      entry: 'announceDrain',
      initial: 'toPause',
      states: {
        toPause: {
          description: 'To go on later from here.',
          on: {
            'result.recorded': { guard: 'targetReached', target: 'toEnd', actions: 'noteReason' },
            'space.exhausted': { target: 'toEnd', actions: 'noteReason' },
            'stop.requested': { target: 'toEnd', actions: 'noteReason' },
            'run.requested': 'toResume',
            'results.complete': '#campaign.paused',
          },
        },
        toResume: {
          description: 'Somebody asked to go on before the drain was over: it goes on right after.',
          on: {
            'result.recorded': { guard: 'targetReached', target: 'toEnd', actions: 'noteReason' },
            'space.exhausted': { target: 'toEnd', actions: 'noteReason' },
            'stop.requested': { target: 'toEnd', actions: 'noteReason' },
            'drain.requested': { target: 'toPause', actions: 'noteReason' },
            'results.complete': { target: '#campaign.running', actions: 'announceResumption' },
          },
        },
        toEnd: {
          description: 'For good: there is nothing left to do.',
          on: { 'results.complete': '#campaign.ended' },
        },
      },
    },
    paused: {
      description: 'Nothing runs; waits for somebody to resume it, without end.',
      entry: 'announcePause',
      on: {
        'run.requested': { target: 'running', actions: 'announceResumption' },
        'stop.requested': { target: 'ended', actions: 'noteReason' },
      },
    },
    ended: {
      description: 'The campaign is over.',
      type: 'final',
      entry: 'announceEnd',
    },
  },
});

export const campaign = defineActor({ machine: campaignMachine, hears, version: 2 });
