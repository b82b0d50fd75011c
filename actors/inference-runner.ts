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
import { mergeBest, type Ranked } from '../src/protocol/ranking.ts';
import { defineActor } from '../src/protocol/actor.ts';
import {
  candidatesIn,
  isIn,
  noCandidates,
  withCandidate,
  withoutCandidate,
  type CandidateSet,
} from './candidate-set.ts';
import { chunksOf, rankedIn, scoresOf, type Chunk } from './scoring-chunks.ts';
import { withObjects } from './wishes.ts';

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

export interface InferenceRunnerInput {
  candidates: number;
  method: string;
  topic: string;
  pool: string;
  /** The pool that training leaves its slots in, and the one that they go back to. */
  trainPool: string;
  home: string;
  /** How many slots it calls from home: all by default; none where somebody else moves them. */
  borrow?: 'all' | number;
  /** Arguments of every scoring task: the fingerprints. */
  arguments: Record<string, unknown>;
  /** At least this many chunks, and one for every `chunkSize` candidates that are left. */
  minChunks: number;
  chunkSize: number;
  /** Length of the merged ranking. */
  keep: number;
  /** Whether a ranking is published as chunks come back, where the others stand as they were; by default it is when all have. */
  inParts?: boolean;
  /** What chooses the first candidates when the campaign starts; nothing by default. */
  first?: { method: string; arguments: Record<string, unknown> } | null;
  /** What arranges the first `take` of a ranking; nothing by default. */
  arrange?: { method: string; arguments: Record<string, unknown>; take: number } | null;
}

interface Waiting {
  readonly task: string;
  readonly candidate: number;
}

/** A ranking that is complete. */
interface Whole {
  readonly update: number;
  readonly trainedOn: number;
  readonly model: string;
  readonly entries: Ranked;
}

interface Context extends Required<InferenceRunnerInput> {
  /** Candidates that have a slot or had one, and those of them whose results are not in. */
  submitted: CandidateSet;
  pending: readonly number[];
  /** Tasks that wait for a slot: they are scored with the others, since they may be withdrawn for better ones. */
  waiting: readonly Waiting[];
  created: number;
  model: { ref: string; update: number; trainedOn: number } | null;
  /** The request for slots that was made last. */
  request: string;
  /** How many chunks there are, those that wait for a slot, and tasks that run: of a chunk, or of the space as a whole. */
  chunkCount: number;
  chunks: readonly Chunk[];
  running: readonly (Chunk & { readonly id: string })[];
  scored: number;
  best: Ranked;
  /** The last complete ranking; kept only where rankings are published in parts. */
  whole: Whole | null;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'inference-runner'>;
type Args = { context: Context; event: Event };

/** So many rankings are published at most before all chunks of an update are back: each is as long as the last. */
const mostParts = 8;

/** What asks for slots: those of training, and of simulations as they end; may be said again. */
function callsForSlots({ borrow, pool: to, trainPool, home }: Context): Fact[] {
  if (borrow === 0) return [];
  const fromHome: Fact = { type: 'reallocation.requested', from: home, to, slots: borrow };
  return [
    { type: 'reallocation.requested', from: trainPool, to, slots: 'all' },
    borrow === 'all' ? fromHome : { ...fromHome, upTo: true },
  ];
}

/** What asks for one slot more than is there, if none is; slots that were here may have been lost with their worker. */
function callsForOne({ borrow, pool: to, home: from }: Context): Fact[] {
  return borrow === 0 ? [] : [{ type: 'reallocation.requested', from, to, slots: 1, upTo: true }];
}

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

/** What is left of a ranking when what was submitted meanwhile is left out. */
const unsubmitted = ({ submitted }: Context, ranking: Ranked): Ranked =>
  ranking.filter(([candidate]) => !isIn(submitted, candidate));

/** A ranking of the chunks that are back, in which the others stand as they did before; null when it is not yet time for one. */
function inPart(context: Context): Fact | null {
  const { inParts, model, chunkCount, chunks, running, whole, best, keep, scored } = context;
  const missing = [...running, ...chunks];
  const partOf = (done: number): number => Math.floor((done * mostParts) / chunkCount);
  const done = chunkCount - missing.length;
  if (!inParts || model === null || missing.length === 0 || partOf(done) === partOf(done - 1)) return null;
  const { ref, update, trainedOn } = model;
  const ranges = missing.map(({ from, to }): [number, number] => [from, to]).sort(([a], [b]) => a - b);
  const isMissing = ([candidate]: Ranked[number]): boolean =>
    ranges.some(([from, to]) => candidate >= from && candidate < to);
  const ranking = unsubmitted(context, mergeBest([best, whole?.entries.filter(isMissing) ?? []], keep));
  const { entries: _, ...before } = { entries: [], ...(whole ?? { update: 0, trainedOn: 0 }) };
  return { type: 'ranking.updated', update, trainedOn, scored, ranking, model: ref, older: { ...before, ranges } };
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

/** A candidate has its slot, and its result is not in. */
function withSlot({ submitted, pending }: Context, candidate: number): Pick<Context, 'submitted' | 'pending'> {
  return { submitted: withCandidate(submitted, candidate), pending: [...pending, candidate] };
}

export const inferenceRunner = defineActor({ machine: inferenceRunnerMachine, hears, version: 2 });
