/**
 * The submitter decides which candidate is simulated next: a free slot and the best candidate become a task.
 *
 * In: grants of slots, decisions on results, new rankings. Out: requests for slots, tasks. It submits only on a granted slot
 * whose making (the result that freed it) has been decided on, so that each choice knows every result before it; and never
 * while the model is being updated. The order of candidates is the ranking in force, then a seeded shuffle.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';
import type { Ranked } from '../src/protocol/ranking.ts';
import { placeInShuffle, shuffledAt } from './random-order.ts';

const hears = [
  'campaign.campaign.started',
  'campaign.campaign.resumed',
  'campaign.drain.started',
  'resource-ledger.slots.granted',
  'result-processor.result.recorded',
  'inference-runner.ranking.updated',
  'trainer.update.failed',
] as const;

export interface SubmitterInput {
  /** How many candidates the space has; they are numbered 0 .. candidates - 1. */
  candidates: number;
  /** Of the shuffled order. */
  seed: number;
  method: string;
  topic: string;
  pool: string;
}

interface Ranking {
  /** Best first. */
  entries: Readonly<Ranked>;
  /** The entry to take next. */
  next: number;
  update: number;
  /** How many successes its model knew. */
  trainedOn: number;
}

interface Context extends SubmitterInput {
  /** Tasks created so far. */
  created: number;
  /** Places of the shuffled order that were passed. */
  passed: number;
  ranking: Ranking;
  /** Candidates that were taken from rankings, in that order. */
  chosen: readonly number[];
  requests: number;
  /** Grants that wait for the decision on the result that freed them. */
  waiting: readonly { grant: string; freedBy: number }[];
  /** Sequence of the last result that was decided on. */
  decided: number;
  /** Successes at which the last update fell due, and those that the last update which ended knew. */
  dueAt: number;
  settledOn: number;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'submitter'>;
interface Choice {
  candidate: number;
  choice: Record<string, unknown>;
  context: Context;
}

/** The request for slots that is in force. */
const requestOf = (context: Context): string => `submitter/${context.requests}`;

/** The best candidate that was not submitted yet, and the context after taking it; null when the space has run out. */
function choose(context: Context): Choice | null {
  const { ranking, candidates, seed } = context;
  const isTaken = (candidate: number): boolean =>
    placeInShuffle(candidate, candidates, seed) < context.passed || context.chosen.includes(candidate);
  for (let rank = ranking.next; rank < ranking.entries.length; rank += 1) {
    const [candidate, score] = ranking.entries[rank] ?? [0, 0];
    if (isTaken(candidate)) continue;
    const choice = { by: 'ranking', rank: rank + 1, score, update: ranking.update, trainedOn: ranking.trainedOn };
    const after = { ...context, ranking: { ...ranking, next: rank + 1 }, chosen: [...context.chosen, candidate] };
    return { candidate, choice, context: after };
  }
  for (let place = context.passed; place < candidates; place += 1) {
    const candidate = shuffledAt(place, candidates, seed);
    if (context.chosen.includes(candidate)) continue;
    const after = { ...context, ranking: { ...ranking, next: ranking.entries.length }, passed: place + 1 };
    return { candidate, choice: { by: 'shuffle', place: place + 1 }, context: after };
  }
  return null;
}

/** Turn as many of the usable grants into tasks as there are candidates, and give back the others. */
function submit(context: Context, grants: readonly string[]): { context: Context; facts: Fact[] } {
  const facts: Fact[] = [];
  let now = context;
  for (const grant of grants) {
    const choice = choose(now);
    if (choice === null) {
      facts.push({ type: 'slots.released', grant });
      continue;
    }
    const number = now.created + 1;
    now = { ...choice.context, created: number };
    const { method, topic, pool } = context;
    facts.push({
      type: 'task.created',
      task: {
        id: `${topic}-${number}`,
        number,
        method,
        topic,
        pool,
        slots: 1,
        grant,
        candidate: choice.candidate,
        arguments: null,
        choice: choice.choice,
      },
    });
  }
  return { context: now, facts };
}

const isMine = ({ context, event }: { context: Context; event: Event }): boolean =>
  event.type === 'slots.granted' && event.request === requestOf(context);

const submitterMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: SubmitterInput },
  actions: {
    requestSlots: enqueueActions(({ enqueue, context }) => {
      const requests = context.requests + 1;
      enqueue.assign({ requests });
      enqueue.emit({
        type: 'slots.requested',
        request: `submitter/${requests}`,
        pool: context.pool,
        slots: 1,
        count: null,
      });
    }),
    withdrawRequest: emit(({ context }) => ({ type: 'slots.withdrawn', request: requestOf(context) })),
    /** A grant becomes a task at once, or waits for the decision on the result that freed its slot. */
    useGrant: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'slots.granted') return;
      const { grant, freedBy } = event;
      if (freedBy !== null && freedBy > context.decided) {
        enqueue.assign({ waiting: [...context.waiting, { grant, freedBy }] });
        return;
      }
      const step = submit(context, [grant]);
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    noteDecision: assign(({ context, event }) => {
      if (event.type !== 'result.recorded') return {};
      return { decided: event.sequence, dueAt: event.updateDue ? event.successes : context.dueAt };
    }),
    useWaitingGrants: enqueueActions(({ enqueue, context }) => {
      const usable = context.waiting.filter(({ freedBy }) => freedBy <= context.decided);
      if (usable.length === 0) return;
      const waiting = context.waiting.filter(({ freedBy }) => freedBy > context.decided);
      const step = submit(
        { ...context, waiting },
        usable.map(({ grant }) => grant),
      );
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    releaseGrant: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'slots.granted' || !event.request.startsWith('submitter/')) return;
      enqueue.emit({ type: 'slots.released', grant: event.grant });
    }),
    releaseWaitingGrants: enqueueActions(({ enqueue, context }) => {
      for (const { grant } of context.waiting) enqueue.emit({ type: 'slots.released', grant });
      enqueue.assign({ waiting: [] });
    }),
    takeRanking: assign(({ event }) => {
      if (event.type !== 'ranking.updated') return {};
      const { ranking: entries, update, trainedOn } = event;
      return { ranking: { entries, next: 0, update, trainedOn }, settledOn: trainedOn };
    }),
    noteFailedUpdate: assign(({ event }) => (event.type === 'update.failed' ? { settledOn: event.trainedOn } : {})),
    announceExhaustion: emit(({ context }) => ({ type: 'space.exhausted', submitted: context.created })),
  },
  guards: {
    isMine,
    updateDue: ({ event }) => event.type === 'result.recorded' && event.updateDue,
    targetReached: ({ event }) => event.type === 'result.recorded' && event.targetReached,
    /** The update that ended knew every result that any update was due for. */
    isCurrent: ({ context, event }) =>
      (event.type === 'ranking.updated' || event.type === 'update.failed') && event.trainedOn >= context.dueAt,
    updatePending: ({ context }) => context.dueAt > context.settledOn,
    nothingLeft: ({ context }) => choose(context) === null,
  },
}).createMachine({
  id: 'submitter',
  context: ({ input }) => ({
    ...input,
    created: 0,
    passed: 0,
    ranking: { entries: [], next: 0, update: 0, trainedOn: 0 },
    chosen: [],
    requests: 0,
    waiting: [],
    decided: 0,
    dueAt: 0,
    settledOn: 0,
  }),
  initial: 'idle',
  states: {
    idle: {
      description: 'The campaign has not started; waits for it without end.',
      on: { 'campaign.started': 'submitting' },
    },
    submitting: {
      description: 'Turns each granted slot into a task; waits for grants, as long as simulations take.',
      entry: 'requestSlots',
      exit: ['withdrawRequest', 'releaseWaitingGrants'],
      always: { guard: 'nothingLeft', target: 'exhausted' },
      on: {
        'slots.granted': [{ guard: 'isMine', actions: 'useGrant' }, { actions: 'releaseGrant' }],
        'result.recorded': [
          { guard: 'targetReached', target: 'closed', actions: 'noteDecision' },
          { guard: 'updateDue', target: 'paused', actions: 'noteDecision' },
          { actions: ['noteDecision', 'useWaitingGrants'] },
        ],
        'ranking.updated': { actions: 'takeRanking' },
        'drain.started': 'closed',
      },
    },
    paused: {
      description: 'The model is being updated; waits for the new ranking or the failure of the update.',
      on: {
        'slots.granted': { actions: 'releaseGrant' },
        'result.recorded': [
          { guard: 'targetReached', target: 'closed', actions: 'noteDecision' },
          { actions: 'noteDecision' },
        ],
        'ranking.updated': [
          { guard: 'isCurrent', target: 'submitting', actions: 'takeRanking' },
          { actions: 'takeRanking' },
        ],
        'update.failed': [
          { guard: 'isCurrent', target: 'submitting', actions: 'noteFailedUpdate' },
          { actions: 'noteFailedUpdate' },
        ],
        'drain.started': 'closed',
      },
    },
    closed: {
      description: 'The campaign drains or has ended; waits to be resumed, for ever if it has ended.',
      on: {
        'slots.granted': { actions: 'releaseGrant' },
        'result.recorded': { actions: 'noteDecision' },
        'ranking.updated': { actions: 'takeRanking' },
        'update.failed': { actions: 'noteFailedUpdate' },
        'campaign.resumed': [{ guard: 'updatePending', target: 'paused' }, { target: 'submitting' }],
      },
    },
    exhausted: {
      description: 'Every candidate was submitted; the campaign ends when what runs has ended.',
      entry: 'announceExhaustion',
      on: {
        'slots.granted': { actions: 'releaseGrant' },
        'result.recorded': { actions: 'noteDecision' },
        // A campaign that paused at this moment may not have heard it in time.
        'campaign.resumed': { actions: 'announceExhaustion' },
      },
    },
  },
});

export const submitter = defineActor({ machine: submitterMachine, hears, version: 1 });
