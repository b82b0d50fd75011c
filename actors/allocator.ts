/**
 * The allocator decides how many slots the model gets: enough to keep the ranking fresh, and no more than simulations can spare.
 *
 * In: requests for slots of training and scoring, counts of results, ends of updates, the fleet, moves by people. Out: moves of slots, each with
 * its reason in words. The rule: training gets one slot, since it is one task; scoring gets `share` slots. `share` begins at one,
 * grows by one when in two updates running more results came in than `batch`, and shrinks by one when in two running fewer
 * than half of that came; it never exceeds half the slots, nor what there is to score in parallel. When an update is over its slots go
 * home, but for one that stays if the next update is due already. What people move away from an update is asked for again.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';

const hears = [
  'trainer.slots.requested',
  'trainer.update.started',
  'trainer.update.failed',
  'inference-runner.slots.requested',
  'inference-runner.ranking.updated',
  'inference-runner.scoring.failed',
  'result-processor.result.recorded',
  'fleet.capacity.changed',
  'campaign.drain.started',
  'campaign.campaign.resumed',
  'operator.reallocation.requested',
] as const;

export interface AllocatorInput {
  /** The pools of simulation, of training and of scoring. */
  home: string;
  trainPool: string;
  inferPool: string;
  /** Results that may come in during an update before its ranking counts as stale. */
  batch: number;
  /** Chunks that can be scored side by side. */
  chunks: number;
}

interface Context extends AllocatorInput {
  capacity: number;
  /** Slots that scoring gets. */
  share: number;
  /** Updates in a row during which too many results came in (above 0), or few (below). */
  trend: number;
  successes: number;
  /** Successes at which the last update fell due. */
  dueAt: number;
  /** When the update under way began (the log's clock, ms), and at how many successes. */
  began: { update: number; at: number; successes: number };
  /** Whether the fleet has shrunk since: the slots that go may be ours, so they are asked for again. */
  shrunk: boolean;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'allocator'>;

/** So many updates in a row must say the same before the share changes. */
const patience = 2;

const slotsText = (slots: number): string => (slots === 1 ? 'one slot' : `${slots} slots`);
const resultsText = (results: number): string => (results === 1 ? 'one result' : `${results} results`);

/** The most that scoring may hold: half, and one simulates wherever there are two. */
const mostShare = ({ capacity, chunks }: Context): number => Math.max(1, Math.min(chunks, Math.floor(capacity / 2)));

const move = (from: string, to: string, slots: number | 'all', reason: string): Fact => ({
  type: 'reallocation.requested',
  from,
  to,
  slots,
  ...(slots === 'all' ? {} : { upTo: true }),
  reason,
});

const toTrain = ({ home, trainPool, successes, began }: Context): Fact =>
  move(home, trainPool, 1, `update ${began.update} is due on ${resultsText(successes)}: one slot trains it`);

/** Training's slot goes on to scoring, and as many more as its share has. */
function toScore(context: Context): Fact[] {
  const { home, trainPool, inferPool, share, capacity } = context;
  const slots = Math.min(share, mostShare(context));
  const why = `${slotsText(slots)} of ${capacity} to score: ${shareText(context)}`;
  return [move(trainPool, inferPool, 'all', 'training has ended'), move(home, inferPool, slots, why)];
}

function shareText({ share, trend, batch }: Context): string {
  if (share === 1 && trend <= 0) return `updates keep up with batches of ${batch}`;
  return trend > 0 ? `more than ${resultsText(batch)} come in during an update` : `${share} were needed so far`;
}

/** What the update that ended says of the share. */
function learn(context: Context): Pick<Context, 'share' | 'trend'> {
  const { batch, successes, began, share } = context;
  const came = successes - began.successes;
  const trend = came > batch ? Math.max(0, context.trend) + 1 : 2 * came < batch ? Math.min(0, context.trend) - 1 : 0;
  if (Math.abs(trend) < patience) return { share, trend };
  return { share: Math.max(1, Math.min(mostShare(context), share + Math.sign(trend))), trend: 0 };
}

/** Slots go home, but for one if another update is due. */
function away(context: Context, event: Event, trainedOn: number): Fact[] {
  const { home, trainPool, inferPool, dueAt, successes, began } = context;
  const seconds = Math.max(0, (event.at - began.at) / 1_000).toFixed(1);
  const over = `update ${began.update} took ${seconds} s, ${resultsText(successes - began.successes)} came in meanwhile`;
  if (dueAt > trainedOn) {
    return [
      move(inferPool, trainPool, 1, `${over}, and the next is due: one slot stays`),
      move(inferPool, home, 'all', `${over}: the others simulate`),
    ];
  }
  return [trainPool, inferPool].map((from) => move(from, home, 'all', `${over}: nothing is to be trained`));
}

const allocatorMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: AllocatorInput },
  actions: {
    noteResult: assign(({ context, event }) => {
      if (event.type !== 'result.recorded') return {};
      return { successes: event.successes, dueAt: event.updateDue ? event.successes : context.dueAt };
    }),
    noteCapacity: assign(({ context, event }) => {
      if (event.type !== 'capacity.changed') return {};
      return { capacity: event.capacity, shrunk: context.shrunk || event.capacity < context.capacity };
    }),
    noteStart: assign(({ context, event }) => {
      if (event.type !== 'update.started') return {};
      return { began: { update: event.update, at: event.at, successes: context.successes }, shrunk: false };
    }),
    moveToTrain: enqueueActions(({ enqueue, context }) => enqueue.emit(toTrain(context))),
    moveToScore: enqueueActions(({ enqueue, context }) => {
      for (const fact of toScore(context)) enqueue.emit(fact);
    }),
    moveToChoose: enqueueActions(({ enqueue, context: { home, inferPool } }) =>
      enqueue.emit(move(home, inferPool, 1, 'the first candidates are to be chosen: one slot')),
    ),
    moveFirstHome: enqueueActions(({ enqueue, context: { home, inferPool } }) =>
      enqueue.emit(move(inferPool, home, 'all', 'there is nothing to train yet: every slot simulates')),
    ),
    moveHome: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'ranking.updated' && event.type !== 'scoring.failed' && event.type !== 'update.failed') return;
      for (const fact of away(context, event, event.trainedOn)) enqueue.emit(fact);
    }),
    learn: assign(({ context }) => learn(context)),
  },
  guards: {
    /** A ranking that stands in part is followed by another. */
    isWhole: ({ event }) => event.type === 'ranking.updated' && event.older === undefined,
    isFirst: ({ event }) => event.type === 'slots.requested' && event.request === 'inference-runner/0',
    toTrain: ({ context, event }) => event.type === 'slots.requested' && event.pool === context.trainPool,
    hasShrunk: ({ context }) => context.shrunk,
  },
}).createMachine({
  id: 'allocator',
  context: ({ input }) => ({
    ...input,
    capacity: 0,
    share: 1,
    trend: 0,
    successes: 0,
    dueAt: 0,
    began: { update: 0, at: 0, successes: 0 },
    shrunk: false,
  }),
  initial: 'open',
  states: {
    open: {
      description: 'Slots go where the model or simulations need them.',
      initial: 'simulating',
      on: {
        'result.recorded': { actions: 'noteResult' },
        'capacity.changed': { actions: 'noteCapacity' },
        'update.started': { actions: 'noteStart' },
        'slots.requested': [
          { guard: 'toTrain', target: '.training' },
          { guard: 'isFirst', target: '.choosing' },
          { target: '.scoring' },
        ],
        'drain.started': 'closed',
      },
      states: {
        simulating: { description: 'Every slot simulates; waits for an update.' },
        choosing: {
          description: 'The first candidates are being chosen; the inference runner says when that has ended.',
          entry: 'moveToChoose',
          on: {
            'capacity.changed': { actions: ['noteCapacity', 'moveToChoose'] },
            'reallocation.requested': { actions: 'moveToChoose' },
            'ranking.updated': { target: 'simulating', actions: 'moveFirstHome' },
            'scoring.failed': { target: 'simulating', actions: 'moveFirstHome' },
          },
        },
        training: {
          description: 'One slot trains; the trainer, whose task has a time limit, says when that has failed.',
          entry: 'moveToTrain',
          on: {
            'capacity.changed': { actions: ['noteCapacity', 'moveToTrain'] },
            'reallocation.requested': { actions: 'moveToTrain' },
            'result.recorded': [
              { guard: 'hasShrunk', actions: ['noteResult', 'moveToTrain'] },
              { actions: 'noteResult' },
            ],
            'update.failed': { target: 'simulating', actions: 'moveHome' },
          },
        },
        scoring: {
          description:
            'Some slots score; the inference runner, whose tasks have time limits, says when that has ended.',
          entry: 'moveToScore',
          on: {
            'capacity.changed': { actions: ['noteCapacity', 'moveToScore'] },
            'reallocation.requested': { actions: 'moveToScore' },
            'result.recorded': [
              { guard: 'hasShrunk', actions: ['noteResult', 'moveToScore'] },
              { actions: 'noteResult' },
            ],
            'ranking.updated': { guard: 'isWhole', target: 'simulating', actions: ['moveHome', 'learn'] },
            'scoring.failed': { target: 'simulating', actions: 'moveHome' },
          },
        },
      },
    },
    closed: {
      description: 'The campaign drains or has ended, and the ledger sends every slot home; waits to be resumed.',
      on: {
        'result.recorded': { actions: 'noteResult' },
        'capacity.changed': { actions: 'noteCapacity' },
        'campaign.resumed': 'open',
      },
    },
  },
});

export const allocator = defineActor({ machine: allocatorMachine, hears, version: 1 });
