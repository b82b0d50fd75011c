/**
 * The trainer decides when and on what a model is trained, and whether an update of the model as a whole went well.
 *
 * In: recorded results, grants, the end of its task, the inference runner's ranking, additions to the space. Out: the start of each update, requests
 * for slots, the training task, the trained model. One update at a time: what falls due meanwhile follows at once. A model
 * holds its whole training set: the trainer keeps only what is newer than the last one, and sends that with its reference.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { objectRefSchema } from '../src/protocol/object-ref.ts';
import { defineActor } from '../src/protocol/actor.ts';
import { withObjects } from './wishes.ts';

const hears = [
  'result-processor.result.recorded',
  'resource-ledger.slots.granted',
  'worker.task.finished',
  'inference-runner.ranking.updated',
  'inference-runner.scoring.failed',
  'inference-runner.reallocation.requested',
  'campaign.drain.started',
  'campaign.campaign.resumed',
  'fleet.capacity.changed',
  'operator.candidates.added',
  'operator.reallocation.requested',
] as const;

export interface TrainerInput {
  method: string;
  topic: string;
  pool: string;
  /** The pool that gives up its slots for an update, and how many: all by default; none where somebody else moves them. */
  from: string;
  borrow?: 'all' | number;
  /** Arguments of the training task beside the data: the kind of model, the fingerprints. */
  arguments: Record<string, unknown>;
  /** So many failed updates in a row pause the campaign. */
  failuresInARow: number;
}

interface Context extends Required<TrainerInput> {
  /** The last model that was trained, and on how many successes. */
  model: { ref: string; trainedOn: number } | null;
  /** The successes since: candidates and values, in the order in which they were recorded. */
  candidates: readonly number[];
  values: readonly number[];
  updates: number;
  created: number;
  /** Successes at which the last update fell due, those of the update under way, and those of the last that ended. */
  dueAt: number;
  trainedOn: number;
  settledOn: number;
  failedInARow: number;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'trainer'>;

const requestOf = (context: Context): string => `trainer/${context.updates}`;
const taskOf = (context: Context): string => `${context.topic}-${context.created}`;

/** How many successes were recorded. */
const known = ({ model, candidates }: Context): number => (model?.trainedOn ?? 0) + candidates.length;

/** What asks for the slots of an update; may be said again. */
function callsForSlots({ borrow, from, pool: to }: Context): Fact[] {
  if (borrow === 0) return [];
  return [{ type: 'reallocation.requested', from, to, slots: borrow, ...(borrow === 'all' ? {} : { upTo: true }) }];
}

/** The reference of the model in the end of our task; null if the task failed. */
function modelOf(event: Event): string | null {
  if (event.type !== 'task.finished' || !event.result.success) return null;
  const value = event.result.value as { model?: unknown } | null;
  const parsed = objectRefSchema.safeParse(value?.model);
  return parsed.success ? parsed.data : null;
}

const trainerMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: TrainerInput },
  actions: {
    learn: assign(({ context, event }) => {
      if (event.type !== 'result.recorded' || event.candidate === null || event.value === null) return {};
      return {
        candidates: [...context.candidates, event.candidate],
        values: [...context.values, event.value],
        dueAt: event.updateDue ? event.successes : context.dueAt,
      };
    }),
    takeObjects: assign(({ context, event }) =>
      event.type === 'candidates.added' ? { arguments: withObjects(context.arguments, event) } : {},
    ),
    startUpdate: enqueueActions(({ enqueue, context }) => {
      const update = context.updates + 1;
      const trainedOn = known(context);
      enqueue.assign({ updates: update, trainedOn });
      enqueue.emit({ type: 'update.started', update, trainedOn });
    }),
    requestSlot: enqueueActions(({ enqueue, context }) => {
      for (const fact of callsForSlots(context)) enqueue.emit(fact);
      const { pool } = context;
      enqueue.emit({ type: 'slots.requested', request: requestOf(context), pool, slots: 1, count: 1 });
    }),
    /** Slots that were to come may be lost with their worker, and new ones arrive elsewhere. */
    callSlots: enqueueActions(({ enqueue, context }) => {
      for (const fact of callsForSlots(context)) enqueue.emit(fact);
    }),
    train: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'slots.granted') return;
      const number = context.created + 1;
      const { method, topic, pool, model, trainedOn, candidates, values } = context;
      const news = trainedOn - (model?.trainedOn ?? 0);
      enqueue.assign({ created: number });
      enqueue.emit({
        type: 'task.created',
        task: {
          id: `${topic}-${number}`,
          number,
          method,
          topic,
          pool,
          slots: 1,
          grant: event.grant,
          candidate: null,
          arguments: {
            ...context.arguments,
            previous: model?.ref ?? null,
            candidates: candidates.slice(0, news),
            values: values.slice(0, news),
          },
          choice: { update: context.updates, trainedOn },
        },
      });
    }),
    publishModel: enqueueActions(({ enqueue, context, event }) => {
      const ref = modelOf(event);
      if (ref === null) return;
      const { updates: update, trainedOn, model, candidates, values } = context;
      const news = trainedOn - (model?.trainedOn ?? 0);
      enqueue.assign({ model: { ref, trainedOn }, candidates: candidates.slice(news), values: values.slice(news) });
      enqueue.emit({ type: 'model.trained', update, trainedOn, model: ref });
    }),
    /** What follows from the last model was interrupted, and nothing is newer. */
    publishAgain: enqueueActions(({ enqueue, context: { updates: update, trainedOn, model } }) => {
      if (model !== null) enqueue.emit({ type: 'model.trained', update, trainedOn, model: model.ref });
    }),
    settle: assign({ settledOn: ({ context }) => context.trainedOn, failedInARow: 0 }),
    /** The last ranking stays in force, and what was new is still to be trained on; slots that were meant for this go back. */
    fail: enqueueActions(({ enqueue, context, event }) => {
      const consecutive = context.failedInARow + 1;
      const { updates: update, trainedOn } = context;
      const reason =
        event.type === 'scoring.failed'
          ? event.reason
          : event.type === 'task.finished'
            ? (event.result.failure?.message ?? 'the training task returned no model')
            : 'the update failed';
      const exhausted = consecutive >= context.failuresInARow;
      enqueue.assign({ failedInARow: exhausted ? 0 : consecutive, settledOn: trainedOn });
      enqueue.emit({ type: 'update.failed', update, trainedOn, consecutive, reason });
      if (context.borrow !== 0) {
        enqueue.emit({ type: 'reallocation.requested', from: context.pool, to: context.from, slots: 'all' });
      }
      if (exhausted) enqueue.emit({ type: 'updates.exhausted', consecutive, reason });
    }),
    releaseGrant: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'slots.granted' || !event.request.startsWith('trainer/')) return;
      enqueue.emit({ type: 'slots.released', grant: event.grant });
    }),
    withdrawRequest: emit(({ context }) => ({ type: 'slots.withdrawn', request: requestOf(context) })),
  },
  guards: {
    isDue: ({ context }) => context.dueAt > context.settledOn,
    isTrainedAlready: ({ context }) => context.model?.trainedOn === context.trainedOn,
    isMyGrant: ({ context, event }) => event.type === 'slots.granted' && event.request === requestOf(context),
    isTrained: ({ context, event }) =>
      event.type === 'task.finished' && event.result.task.id === taskOf(context) && modelOf(event) !== null,
    isMyTask: ({ context, event }) => event.type === 'task.finished' && event.result.task.id === taskOf(context),
    /** Or a person has moved slots, ours perhaps. */
    isGivingBack: ({ context, event }) =>
      event.type === 'reallocation.requested' && (event.to === context.from || event.source === 'operator'),
    /** A ranking that stands in part is followed by another. */
    isThisUpdate: ({ context, event }) =>
      ((event.type === 'ranking.updated' && event.older === undefined) || event.type === 'scoring.failed') &&
      event.update === context.updates,
  },
}).createMachine({
  id: 'trainer',
  context: ({ input }) => ({
    borrow: 'all',
    ...input,
    model: null,
    candidates: [],
    values: [],
    updates: 0,
    created: 0,
    dueAt: 0,
    trainedOn: 0,
    settledOn: 0,
    failedInARow: 0,
  }),
  initial: 'idle',
  on: {
    'result.recorded': { actions: 'learn' },
    'slots.granted': { actions: 'releaseGrant' },
    'candidates.added': { actions: 'takeObjects' },
  },
  states: {
    idle: {
      description: 'The model is as new as it should be; waits for an update to fall due.',
      always: { guard: 'isDue', target: 'updating' },
      on: { 'drain.started': 'closed' },
    },
    updating: {
      description: 'An update is under way: a slot, then the training, then the ranking that follows from it.',
      entry: 'startUpdate',
      initial: 'starting',
      on: { 'drain.started': 'closed' },
      states: {
        starting: {
          description: 'An update is begun; nothing is trained anew where only the ranking was interrupted.',
          always: [
            { guard: 'isTrainedAlready', target: 'ranking', actions: 'publishAgain' },
            { target: 'waitingForSlot' },
          ],
        },
        waitingForSlot: {
          description: 'Waits for a slot, as long as the shortest running simulation takes.',
          entry: 'requestSlot',
          on: {
            'slots.granted': [
              { guard: 'isMyGrant', target: 'training', actions: 'train' },
              { actions: 'releaseGrant' },
            ],
            'capacity.changed': { actions: 'callSlots' },
            // After a broken connection, what the scoring gives back may arrive only after we called for all there is.
            'reallocation.requested': { guard: 'isGivingBack', actions: 'callSlots' },
            'drain.started': { target: '#trainer.closed', actions: 'withdrawRequest' },
          },
        },
        training: {
          description: 'Waits for the training task, whose time limit is its method’s.',
          on: {
            'task.finished': [
              { guard: 'isTrained', target: 'ranking', actions: 'publishModel' },
              { guard: 'isMyTask', target: '#trainer.idle', actions: 'fail' },
            ],
          },
        },
        ranking: {
          description: 'Waits for the inference runner, whose tasks have time limits.',
          on: {
            'ranking.updated': { guard: 'isThisUpdate', target: '#trainer.idle', actions: 'settle' },
            'scoring.failed': { guard: 'isThisUpdate', target: '#trainer.idle', actions: 'fail' },
          },
        },
      },
    },
    closed: {
      description: 'The campaign drains or has ended; an update that was under way starts anew when it is resumed.',
      on: {
        'campaign.resumed': 'idle',
        // The ranking was on its way when the drain began: the submitter has it, and the update is done.
        'ranking.updated': { guard: 'isThisUpdate', actions: 'settle' },
      },
    },
  },
});

export const trainer = defineActor({ machine: trainerMachine, hears, version: 2 });
