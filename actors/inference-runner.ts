/**
 * The inference runner decides how a new model becomes a ranking: the candidates that are left are scored in chunks, in
 * parallel, and the best of all chunks are merged.
 *
 * In: models, grants, ends of its tasks, what was submitted. Out: requests for slots, scoring tasks, the ranking. Memory is
 * bounded: a chunk returns its best few, never the whole list.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { mergeBest, rankedSchema, type Ranked } from '../src/protocol/ranking.ts';
import { defineActor } from '../src/protocol/actor.ts';

const hears = [
  'trainer.model.trained',
  'submitter.task.created',
  'resource-ledger.slots.granted',
  'worker.task.finished',
  'campaign.drain.started',
  'campaign.campaign.resumed',
  'fleet.capacity.changed',
] as const;

export interface InferenceRunnerInput {
  candidates: number;
  method: string;
  topic: string;
  pool: string;
  /** The pool that training leaves its slots in, and the one that they go back to. */
  trainPool: string;
  home: string;
  /** Arguments of every scoring task: the fingerprints. */
  arguments: Record<string, unknown>;
  /** At least this many chunks, and one for every `chunkSize` candidates that are left. */
  minChunks: number;
  chunkSize: number;
  /** Length of the merged ranking. */
  keep: number;
}

interface Chunk {
  readonly from: number;
  readonly to: number;
}

interface Context extends InferenceRunnerInput {
  /** Candidates that were submitted, in that order. */
  submitted: readonly number[];
  created: number;
  model: { ref: string; update: number; trainedOn: number } | null;
  /** Chunks that wait for a slot, and tasks that run. */
  chunks: readonly Chunk[];
  running: readonly string[];
  scored: number;
  best: Ranked;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'inference-runner'>;

const requestOf = (context: Context): string => `inference-runner/${context.model?.update ?? 0}`;

/** The candidates 0 .. n-1 in max(floor(left / chunkSize), minChunks) even ranges, never more than there are candidates. */
export function chunksOf({ candidates, submitted, chunkSize, minChunks }: Context): Chunk[] {
  const left = candidates - submitted.length;
  const count = Math.min(Math.max(Math.floor(left / chunkSize), minChunks), candidates);
  const edge = (i: number): number => Math.floor((i * candidates) / count);
  return Array.from({ length: count }, (_, i) => ({ from: edge(i), to: edge(i + 1) }));
}

/** What asks for the slots of training, and of simulations as they end. */
const callsForSlots = ({ pool, trainPool, home }: Context): Fact[] =>
  [trainPool, home].map((from) => ({ type: 'reallocation.requested', from, to: pool, slots: 'all' }));

const isMyTask = ({ context, event }: { context: Context; event: Event }): boolean =>
  event.type === 'task.finished' && context.running.includes(event.result.task.id);

/** What a scoring task returned; null if it failed or returned something else, such as candidates that do not exist. */
function scoresOf(event: Event, candidates: number): { best: Ranked; scored: number } | null {
  if (event.type !== 'task.finished' || !event.result.success) return null;
  const value = event.result.value as { best?: unknown; scored?: unknown } | null;
  const best = rankedSchema.safeParse(value?.best);
  if (!best.success || typeof value?.scored !== 'number') return null;
  if (best.data.some(([candidate]) => candidate >= candidates)) return null;
  return { best: best.data, scored: value.scored };
}

const inferenceRunnerMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: InferenceRunnerInput },
  actions: {
    noteSubmission: assign(({ context, event }) => {
      if (event.type !== 'task.created' || event.task.candidate === null) return {};
      return { submitted: [...context.submitted, event.task.candidate] };
    }),
    startScoring: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'model.trained') return;
      const { pool } = context;
      const chunks = chunksOf(context);
      const model = { ref: event.model, update: event.update, trainedOn: event.trainedOn };
      enqueue.assign({ model, chunks, running: [], scored: 0, best: [] });
      for (const fact of callsForSlots(context)) enqueue.emit(fact);
      const request = `inference-runner/${event.update}`;
      enqueue.emit({ type: 'slots.requested', request, pool, slots: 1, count: chunks.length });
    }),
    /** Slots that were to come may be lost with their worker, and new ones arrive elsewhere. */
    callSlots: enqueueActions(({ enqueue, context }) => {
      for (const fact of callsForSlots(context)) enqueue.emit(fact);
    }),
    scoreChunk: enqueueActions(({ enqueue, context, event }) => {
      const [chunk, ...chunks] = context.chunks;
      if (event.type !== 'slots.granted' || chunk === undefined || context.model === null) return;
      const number = context.created + 1;
      const { method, topic, pool, keep, submitted, model } = context;
      const id = `${topic}-${number}`;
      const exclude = submitted.filter((candidate) => candidate >= chunk.from && candidate < chunk.to);
      enqueue.assign({ created: number, chunks, running: [...context.running, id] });
      enqueue.emit({
        type: 'task.created',
        task: {
          id,
          number,
          method,
          topic,
          pool,
          slots: 1,
          grant: event.grant,
          candidate: null,
          arguments: { ...context.arguments, model: model.ref, ...chunk, exclude, keep },
          choice: { update: model.update, trainedOn: model.trainedOn },
        },
      });
    }),
    takeScores: assign(({ context, event }) => {
      const scores = scoresOf(event, context.candidates);
      if (scores === null || event.type !== 'task.finished') return {};
      return {
        running: context.running.filter((id) => id !== event.result.task.id),
        scored: context.scored + scores.scored,
        best: mergeBest([context.best, scores.best], context.keep),
      };
    }),
    publishRanking: enqueueActions(({ enqueue, context }) => {
      if (context.model === null) return;
      const { update, trainedOn } = context.model;
      const submitted = new Set(context.submitted);
      const ranking = context.best.filter(([candidate]) => !submitted.has(candidate));
      enqueue.emit({ type: 'ranking.updated', update, trainedOn, scored: context.scored, ranking });
    }),
    reportFailure: enqueueActions(({ enqueue, context, event }) => {
      if (context.model === null || event.type !== 'task.finished') return;
      const { update, trainedOn } = context.model;
      const reason = event.result.failure?.message ?? 'a scoring task returned no scores';
      enqueue.emit({ type: 'scoring.failed', update, trainedOn, reason });
    }),
    /** Slots go home, and what was asked for is no longer wanted. */
    giveBack: enqueueActions(({ enqueue, context }) => {
      enqueue.emit({ type: 'slots.withdrawn', request: requestOf(context) });
      enqueue.emit({ type: 'reallocation.requested', from: context.pool, to: context.home, slots: 'all' });
      enqueue.assign({ chunks: [], running: [] });
    }),
    releaseGrant: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'slots.granted' || !event.request.startsWith('inference-runner/')) return;
      enqueue.emit({ type: 'slots.released', grant: event.grant });
    }),
  },
  guards: {
    isWantedGrant: ({ context, event }) =>
      event.type === 'slots.granted' && event.request === requestOf(context) && context.chunks.length > 0,
    isScored: (args) => isMyTask(args) && scoresOf(args.event, args.context.candidates) !== null,
    isMyTask,
    isNewer: ({ context, event }) => event.type === 'model.trained' && event.update > (context.model?.update ?? 0),
    chunksWait: ({ context }) => context.chunks.length > 0,
    allScored: ({ context }) => context.chunks.length === 0 && context.running.length === 0,
  },
}).createMachine({
  id: 'inference-runner',
  context: ({ input }) => ({
    ...input,
    submitted: [],
    created: 0,
    model: null,
    chunks: [],
    running: [],
    scored: 0,
    best: [],
  }),
  initial: 'idle',
  on: {
    'task.created': { actions: 'noteSubmission' },
    'slots.granted': { actions: 'releaseGrant' },
  },
  states: {
    idle: {
      description: 'The ranking follows from the newest model; waits for the next one.',
      on: { 'model.trained': 'scoring', 'drain.started': 'closed' },
    },
    scoring: {
      description: 'Chunks wait for slots and are scored; each has its method’s time limit.',
      entry: 'startScoring',
      exit: 'giveBack',
      always: { guard: 'allScored', target: 'idle', actions: 'publishRanking' },
      on: {
        'slots.granted': [{ guard: 'isWantedGrant', actions: 'scoreChunk' }, { actions: 'releaseGrant' }],
        'task.finished': [
          { guard: 'isScored', actions: 'takeScores' },
          { guard: 'isMyTask', target: 'idle', actions: 'reportFailure' },
        ],
        'capacity.changed': { guard: 'chunksWait', actions: 'callSlots' },
        // The trainer has begun anew: it waits for the newest model's ranking, and for no other.
        'model.trained': { guard: 'isNewer', target: 'scoring', reenter: true },
        'drain.started': 'closed',
      },
    },
    closed: {
      description: 'The campaign drains or has ended; the trainer starts an interrupted update anew.',
      on: { 'campaign.resumed': 'idle' },
    },
  },
});

export const inferenceRunner = defineActor({ machine: inferenceRunnerMachine, hears, version: 1 });
