/**
 * The inference runner decides how a new model becomes a ranking: the candidates that are left are scored in chunks, in
 * parallel, the best of all chunks are merged, and the first of them may be arranged so that near-copies do not run together. With
 * `first` it also has the first candidates chosen, before there is a model.
 *
 * In: the start, models, grants, ends of its tasks, what was submitted and what came of it, additions to the space. Out: requests for slots, its tasks,
 * rankings. Memory is bounded: a chunk returns its best few, never the whole list, and what was submitted is a set of bits.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { mergeBest } from '../src/protocol/ranking.ts';
import { defineActor } from '../src/protocol/actor.ts';
import { candidatesIn, isIn, noCandidates, withCandidate, withoutCandidate } from './candidate-set.ts';
import {
  callsForOne,
  callsForSlots,
  inPart,
  unsubmitted,
  withSlot,
  type InferenceRunnerInput,
  type RankingWork,
} from './ranking-work.ts';
import { chunksOf, rankedIn, scoresOf, type Chunk } from './scoring-chunks.ts';
import { withObjects } from './wishes.ts';

export type { InferenceRunnerInput };

const hears = [
  'campaign.campaign.started',
  'campaign.campaign.resumed',
  'campaign.drain.started',
  'trainer.model.trained',
  'submitter.task.created',
  'resource-ledger.slots.granted',
  'result-processor.result.recorded',
  'worker.task.finished',
  'fleet.capacity.changed',
  'operator.candidates.added',
  'operator.reallocation.requested',
] as const;

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'inference-runner'>;
type Context = RankingWork;
type Args = { context: Context; event: Event };

const isMyTask = ({ context, event }: Args): boolean =>
  event.type === 'task.finished' && context.running.some(({ id }) => id === event.result.task.id);

/** One of this actor's tasks, which runs on this grant over these candidates. */
function start(
  context: Context,
  event: Event,
  { method, over, ...rest }: { method: string; over: Chunk; arguments: Record<string, unknown> },
): { change: Pick<Context, 'created' | 'running'>; facts: Fact[] } {
  if (event.type !== 'slots.granted') return { change: context, facts: [] };
  const { topic, pool, model } = context;
  const number = context.created + 1;
  const id = `${topic}-${number}`;
  const { grant } = event;
  const choice = { update: model?.update ?? 0, trainedOn: model?.trainedOn ?? 0 };
  const task = { id, number, method, topic, pool, slots: 1, grant, candidate: null, arguments: rest.arguments, choice };
  return {
    change: { created: number, running: [...context.running, { id, ...over }] },
    facts: [{ type: 'task.created', task }],
  };
}

const inferenceRunnerMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: InferenceRunnerInput },
  actions: {
    noteSubmission: assign(({ context, event }) => {
      if (event.type !== 'task.created' || event.task.candidate === null) return {};
      const { id: task, candidate, grant } = event.task;
      // After a crash a creation may be stored behind its result: it would be pending for ever.
      if (isIn(context.submitted, candidate)) return {};
      if (grant === null) return { waiting: [...context.waiting, { task, candidate }] };
      return withSlot(context, candidate);
    }),
    /** What waited has its slot. */
    noteSlotAhead: assign(({ context, event }) => {
      const one = event.type === 'slots.granted' ? context.waiting.find(({ task }) => task === event.task) : undefined;
      if (one === undefined) return {};
      return { ...withSlot(context, one.candidate), waiting: context.waiting.filter((other) => other !== one) };
    }),
    noteResult: assign(({ context, event }) => {
      if (event.type !== 'result.recorded' || event.candidate === null) return {};
      const { candidate, task, withdrawn = false } = event;
      const change = withdrawn ? withoutCandidate : withCandidate;
      return {
        submitted: change(context.submitted, candidate),
        pending: context.pending.filter((other) => other !== candidate),
        waiting: context.waiting.filter((other) => other.task !== task),
      };
    }),
    /** The next model scores them, too. */
    takeAddition: assign(({ context, event }) => {
      if (event.type !== 'candidates.added' || event.first !== context.candidates) return {};
      const { arrange } = context;
      return {
        candidates: event.first + event.candidates.length,
        arguments: withObjects(context.arguments, event),
        arrange: arrange === null ? null : { ...arrange, arguments: withObjects(arrange.arguments, event) },
      };
    }),
    requestFirst: enqueueActions(({ enqueue, context }) => {
      const request = 'inference-runner/0';
      enqueue.assign({ request });
      for (const fact of callsForOne(context)) enqueue.emit(fact);
      enqueue.emit({ type: 'slots.requested', request, pool: context.pool, slots: 1, count: 1 });
    }),
    chooseFirst: enqueueActions(({ enqueue, context, event }) => {
      const { first, candidates } = context;
      if (first === null) return;
      const { change, facts } = start(context, event, { ...first, over: { from: 0, to: candidates } });
      enqueue.assign(change);
      for (const fact of facts) enqueue.emit(fact);
    }),
    publishFirst: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'task.finished') return;
      const ranking = rankedIn(event.result, 'ranking', context.candidates) ?? [];
      enqueue.assign({ first: null });
      enqueue.emit({ type: 'ranking.updated', update: 0, trainedOn: 0, scored: ranking.length, ranking });
    }),
    startScoring: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'model.trained') return;
      const { pool } = context;
      const chunks = chunksOf(context);
      const model = { ref: event.model, update: event.update, trainedOn: event.trainedOn };
      const request = `inference-runner/${event.update}`;
      // First candidates that are still being chosen come too late.
      enqueue.assign({
        model,
        request,
        chunks,
        chunkCount: chunks.length,
        running: [],
        scored: 0,
        best: [],
        first: null,
      });
      for (const fact of callsForSlots(context)) enqueue.emit(fact);
      enqueue.emit({ type: 'slots.requested', request, pool, slots: 1, count: chunks.length });
    }),
    /** Slots that were to come may be lost with their worker, or moved away by a person, and new ones arrive elsewhere. */
    callSlots: enqueueActions(({ enqueue, context }) => {
      for (const fact of callsForSlots(context)) enqueue.emit(fact);
    }),
    callOne: enqueueActions(({ enqueue, context }) => {
      for (const fact of callsForOne(context)) enqueue.emit(fact);
    }),
    scoreChunk: enqueueActions(({ enqueue, context, event }) => {
      const [chunk, ...chunks] = context.chunks;
      if (chunk === undefined || context.model === null) return;
      const { method, keep, submitted, model } = context;
      const exclude = candidatesIn(submitted, chunk.from, chunk.to);
      const args = { ...context.arguments, model: model.ref, ...chunk, exclude, keep, update: model.update };
      const { change, facts } = start(context, event, { method, arguments: args, over: chunk });
      enqueue.assign({ ...change, chunks });
      for (const fact of facts) enqueue.emit(fact);
    }),
    takeScores: enqueueActions(({ enqueue, context, event }) => {
      const scores = event.type === 'task.finished' ? scoresOf(event.result, context.candidates) : null;
      if (scores === null || event.type !== 'task.finished') return;
      const change = {
        running: context.running.filter(({ id }) => id !== event.result.task.id),
        scored: context.scored + scores.scored,
        best: mergeBest([context.best, scores.best], context.keep),
      };
      enqueue.assign(change);
      const part = inPart({ ...context, ...change });
      if (part !== null) enqueue.emit(part);
      // Where few slots were borrowed, the one that this chunk had may have gone with its worker.
      if (context.borrow === 'all' || context.chunks.length === 0) return;
      for (const fact of callsForOne(context)) enqueue.emit(fact);
    }),
    requestArrangement: enqueueActions(({ enqueue, context }) => {
      const request = `inference-runner/${context.model?.update ?? 0}/arrange`;
      enqueue.assign({ request });
      // The last chunk has left one, unless its worker has gone or a person has moved it.
      for (const fact of callsForOne(context)) enqueue.emit(fact);
      enqueue.emit({ type: 'slots.requested', request, pool: context.pool, slots: 1, count: 1 });
    }),
    arrange: enqueueActions(({ enqueue, context, event }) => {
      const { arrange, model, best, pending, candidates } = context;
      if (arrange === null || model === null) return;
      const { method, take } = arrange;
      const ranking = unsubmitted(context, best);
      const args = { ...arrange.arguments, model: model.ref, ranking, pending, take, update: model.update };
      const { change, facts } = start(context, event, { method, arguments: args, over: { from: 0, to: candidates } });
      enqueue.assign(change);
      for (const fact of facts) enqueue.emit(fact);
    }),
    /** The ranking as it is: arranged, or merged only, with the reason where it was to be arranged. */
    publishRanking: enqueueActions(({ enqueue, context, event }) => {
      const { model, scored, arrange, inParts } = context;
      if (model === null) return;
      const { ref, update, trainedOn } = model;
      const result = event.type === 'task.finished' ? event.result : null;
      const arranged = arrange === null || result === null ? null : rankedIn(result, 'ranking', context.candidates);
      const ranking = unsubmitted(context, arranged ?? context.best);
      const why = result?.failure?.message;
      const unarranged = arrange === null || arranged !== null ? null : (why ?? 'the task returned no ranking');
      if (inParts) enqueue.assign({ whole: { update, trainedOn, model: ref, entries: context.best } });
      enqueue.emit({
        type: 'ranking.updated',
        update,
        trainedOn,
        scored,
        ranking,
        model: ref,
        ...(unarranged === null ? {} : { unarranged }),
      });
    }),
    reportFailure: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'task.finished') return;
      const { update, trainedOn } = context.model ?? { update: 0, trainedOn: 0 };
      const reason = event.result.failure?.message ?? 'a scoring task returned no scores';
      enqueue.assign({ first: null });
      enqueue.emit({ type: 'scoring.failed', update, trainedOn, reason });
    }),
    /** Slots go home, and what was asked for is no longer wanted. */
    giveBack: enqueueActions(({ enqueue, context }) => {
      enqueue.emit({ type: 'slots.withdrawn', request: context.request });
      if (context.borrow !== 0) {
        enqueue.emit({ type: 'reallocation.requested', from: context.pool, to: context.home, slots: 'all' });
      }
      enqueue.assign({ chunks: [], running: [] });
    }),
    releaseGrant: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'slots.granted' || !event.request.startsWith('inference-runner/')) return;
      enqueue.emit({ type: 'slots.released', grant: event.grant });
    }),
  },
  guards: {
    isAhead: ({ event }) => event.type === 'slots.granted' && event.task !== undefined,
    isMyGrant: ({ context, event }) => event.type === 'slots.granted' && event.request === context.request,
    isChunkGrant: ({ context, event }) =>
      event.type === 'slots.granted' && event.request === context.request && context.chunks.length > 0,
    isRanked: ({ context, event }) =>
      event.type === 'task.finished' &&
      isMyTask({ context, event }) &&
      rankedIn(event.result, 'ranking', context.candidates) !== null,
    isScored: ({ context, event }) =>
      event.type === 'task.finished' &&
      isMyTask({ context, event }) &&
      scoresOf(event.result, context.candidates) !== null,
    isMyTask,
    isNewer: ({ context, event }) => event.type === 'model.trained' && event.update > (context.model?.update ?? 0),
    firstPending: ({ context }) => context.first !== null,
    chunksWait: ({ context }) => context.chunks.length > 0,
    allScored: ({ context }) => context.chunks.length === 0 && context.running.length === 0,
    allScoredToArrange: ({ context }) =>
      context.chunks.length === 0 &&
      context.running.length === 0 &&
      context.arrange !== null &&
      context.best.length > 0,
  },
}).createMachine({
  id: 'inference-runner',
  context: ({ input }) => ({
    borrow: 'all',
    inParts: false,
    first: null,
    arrange: null,
    ...input,
    submitted: noCandidates,
    pending: [],
    waiting: [],
    created: 0,
    model: null,
    request: '',
    chunkCount: 0,
    chunks: [],
    running: [],
    scored: 0,
    best: [],
    whole: null,
  }),
  initial: 'idle',
  on: {
    'task.created': { actions: 'noteSubmission' },
    'result.recorded': { actions: 'noteResult' },
    'slots.granted': [{ guard: 'isAhead', actions: 'noteSlotAhead' }, { actions: 'releaseGrant' }],
    'candidates.added': { actions: 'takeAddition' },
  },
  states: {
    idle: {
      description: 'The ranking follows from the newest model; waits for the next one.',
      on: {
        'campaign.started': { guard: 'firstPending', target: 'choosingFirst' },
        'model.trained': 'scoring',
        'drain.started': 'closed',
      },
    },
    choosingFirst: {
      description: 'There is no model: the first candidates are chosen without one.',
      entry: 'requestFirst',
      exit: 'giveBack',
      initial: 'waitingForSlot',
      on: { 'model.trained': 'scoring', 'drain.started': 'closed' },
      states: {
        waitingForSlot: {
          description: 'Waits for a slot, as long as there is no worker.',
          on: {
            'slots.granted': { guard: 'isMyGrant', target: 'choosing', actions: 'chooseFirst' },
            'capacity.changed': { actions: 'callOne' },
            'reallocation.requested': { actions: 'callOne' },
          },
        },
        choosing: {
          description: 'Waits for the task that chooses, whose time limit is its method’s.',
          on: {
            'task.finished': [
              { guard: 'isRanked', target: '#inference-runner.idle', actions: 'publishFirst' },
              { guard: 'isMyTask', target: '#inference-runner.idle', actions: 'reportFailure' },
            ],
          },
        },
      },
    },
    scoring: {
      description: 'A model becomes a ranking.',
      entry: 'startScoring',
      exit: 'giveBack',
      initial: 'chunks',
      on: {
        // The trainer has begun anew: it waits for the newest model's ranking, and for no other.
        'model.trained': { guard: 'isNewer', target: 'scoring', reenter: true },
        'drain.started': 'closed',
      },
      states: {
        chunks: {
          description: 'Chunks wait for slots and are scored; each has its method’s time limit.',
          always: [
            { guard: 'allScoredToArrange', target: 'waitingToArrange' },
            { guard: 'allScored', target: '#inference-runner.idle', actions: 'publishRanking' },
          ],
          on: {
            'slots.granted': { guard: 'isChunkGrant', actions: 'scoreChunk' },
            'task.finished': [
              { guard: 'isScored', actions: 'takeScores' },
              { guard: 'isMyTask', target: '#inference-runner.idle', actions: 'reportFailure' },
            ],
            'capacity.changed': { guard: 'chunksWait', actions: 'callSlots' },
            'reallocation.requested': { guard: 'chunksWait', actions: 'callSlots' },
          },
        },
        waitingToArrange: {
          description: 'Waits for a slot; the last chunk has left one, unless that is gone.',
          entry: 'requestArrangement',
          on: {
            'slots.granted': { guard: 'isMyGrant', target: 'arranging', actions: 'arrange' },
            'capacity.changed': { actions: 'callSlots' },
            'reallocation.requested': { actions: 'callSlots' },
          },
        },
        arranging: {
          description:
            'Waits for the arranged ranking, with its method’s time limit; takes the other one if that fails.',
          on: { 'task.finished': { guard: 'isMyTask', target: '#inference-runner.idle', actions: 'publishRanking' } },
        },
      },
    },
    closed: {
      description: 'The campaign drains or has ended; the trainer starts an interrupted update anew.',
      on: { 'campaign.resumed': [{ guard: 'firstPending', target: 'choosingFirst' }, { target: 'idle' }] },
    },
  },
});

export const inferenceRunner = defineActor({ machine: inferenceRunnerMachine, hears, version: 2 });
