/**
 * The submitter decides which candidate is simulated next: a free slot and the best candidate become a task.
 *
 * In: grants of slots, decisions on results, new rankings. Out: requests for slots, tasks, withdrawals of tasks that wait. It
 * submits only on a granted slot whose making (the result that freed it) has been decided on, so that each choice knows every
 * result before it. With `pausing` it does nothing while the model is updated; with `rounds` it fills a round and waits for all
 * of it. With `lookahead` it keeps that many tasks waiting beyond the slots, and chooses again when the ranking changes.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';
import { allTaken, choose, giveBack, noChoices, rank, wouldChoose, type Choices } from './choices.ts';

const hears = [
  'campaign.campaign.started',
  'campaign.campaign.resumed',
  'campaign.drain.started',
  'resource-ledger.slots.granted',
  'resource-ledger.slots.changed',
  'result-processor.result.recorded',
  'inference-runner.ranking.updated',
  'inference-runner.scoring.failed',
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
  /** Whether the first submission waits for the ranking of first candidates (update 0), or its failure; by default not. */
  waitsForFirst?: boolean;
  /** Whether submission pauses from the result that makes an update due until the ranking that knows it; by default it does. */
  pausing?: boolean;
  /** Rounds of so many tasks, all of which end before the next: the first, and each one after an update. Null: no rounds. */
  rounds?: { initial: number; batch: number } | null;
  /** So many tasks wait beyond the slots; none by default, and none with rounds. */
  lookahead?: number;
}

interface Context extends Omit<Required<SubmitterInput>, 'candidates' | 'seed'> {
  choices: Choices;
  /** Tasks created so far. */
  created: number;
  requests: number;
  /** Grants that wait for the decision on the result that freed them; null for the room that a task ahead has left. */
  waiting: readonly { grant: string | null; freedBy: number }[];
  /** Tasks that wait for a slot, and those that were withdrawn and have not ended. */
  ahead: readonly { task: string; candidate: number }[];
  leaving: readonly string[];
  /** Free slots of the pool by the last books; one, until there are books that know of our request. */
  free: number;
  /** Sequence of the last result that was decided on, and the counts as of then. */
  decided: number;
  successes: number;
  failures: number;
  /** Successes at which the last update fell due, and those that the last update which ended knew. */
  dueAt: number;
  settledOn: number;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'submitter'>;
type Args = { context: Context; event: Event };
interface Step {
  readonly context: Context;
  readonly facts: readonly Fact[];
}

/** The request for slots that is in force. */
const requestOf = (context: Context): string => `submitter/${context.requests}`;

const momentOf = ({ successes }: Context, { at }: Event) => ({ at, successes });

/** How many tasks of the round are still to be created; Infinity without rounds. */
function missingInRound({ rounds, settledOn, created, failures }: Context): number {
  if (rounds === null) return Infinity;
  const target = settledOn === 0 ? rounds.initial : settledOn + rounds.batch;
  return Math.max(0, target - (created - failures));
}

/** The best candidate as a task with this grant, or waiting for one; null when every candidate is taken. */
function create(context: Context, grant: string | null, event: Event): Step | null {
  const choice = choose(context.choices, momentOf(context, event));
  if (choice === null) return null;
  const number = context.created + 1;
  const { method, topic, pool } = context;
  const id = `${topic}-${number}`;
  const { candidate, after } = choice;
  const ahead = grant === null ? [...context.ahead, { task: id, candidate }] : context.ahead;
  const task = { id, number, method, topic, pool, slots: 1, grant, candidate, arguments: null, choice: choice.choice };
  return { context: { ...context, choices: after, created: number, ahead }, facts: [{ type: 'task.created', task }] };
}

/** Turn the usable grants into tasks; those that no candidate is left for are given back, or wait for one that may return. */
function submit(context: Context, event: Event): Step {
  const facts: Fact[] = [];
  let now: Context = { ...context, waiting: context.waiting.filter(({ freedBy }) => freedBy > context.decided) };
  for (const { grant, freedBy } of context.waiting) {
    if (freedBy > context.decided || grant === null) continue;
    const step = create(now, grant, event);
    if (step !== null) {
      now = step.context;
      facts.push(...step.facts);
    } else if (now.ahead.length + now.leaving.length > 0) {
      // Given back it would be granted again at once, and so on.
      now = { ...now, waiting: [...now.waiting, { grant, freedBy: 0 }] };
    } else {
      facts.push({ type: 'slots.released', grant });
    }
  }
  return { context: now, facts };
}

/** Create what may wait beyond the slots: nothing as long as a slot is free or a grant waits, since the best goes there first. */
function lookAhead(context: Context, event: Event): Step {
  const facts: Fact[] = [];
  let now = context;
  const slotsAreLeft = context.free > 0 || context.waiting.some(({ grant }) => grant !== null);
  const room = context.lookahead - context.ahead.length - context.waiting.length;
  for (let n = slotsAreLeft ? 0 : room; n > 0; n -= 1) {
    const step = create(now, null, event);
    if (step === null) break;
    now = step.context;
    facts.push(...step.facts);
  }
  return { context: now, facts };
}

/** Withdraw tasks that wait: all, or those that the ranking in force would not choose now. */
function withdraw(context: Context, event: Event, which: 'all' | 'outranked'): Step {
  const { ahead, choices } = context;
  if (ahead.length === 0) return { context, facts: [] };
  const candidates = ahead.map(({ candidate }) => candidate);
  const kept = new Set(which === 'all' ? [] : wouldChoose(choices, candidates, ahead.length, momentOf(context, event)));
  const leaving = ahead.filter(({ candidate }) => !kept.has(candidate)).map(({ task }) => task);
  return {
    context: {
      ...context,
      ahead: ahead.filter(({ candidate }) => kept.has(candidate)),
      leaving: [...context.leaving, ...leaving],
    },
    facts: leaving.map((task) => ({ type: 'task.withdrawn', task, reason: whyWithdrawn(event) })),
  };
}

function whyWithdrawn(event: Event): string {
  if (event.type === 'ranking.updated') return `the ranking of update ${event.update} has others before it`;
  if (event.type === 'result.recorded') {
    return event.targetReached ? 'enough simulations succeeded' : 'an update of the model is due';
  }
  return 'the campaign drains';
}

/** One after the other, each on what the one before has left. */
const inTurn =
  (...steps: readonly ((context: Context, event: Event) => Step)[]) =>
  (context: Context, event: Event): Step =>
    steps.reduce<Step>(
      ({ context: now, facts }, step) => {
        const next = step(now, event);
        return { context: next.context, facts: [...facts, ...next.facts] };
      },
      { context, facts: [] },
    );

const isMine = ({ context, event }: Args): boolean =>
  event.type === 'slots.granted' && event.request === requestOf(context);
const isSimulation = (context: Context, event: Event): boolean =>
  event.type === 'result.recorded' && event.topic === context.topic;

const submitterMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: SubmitterInput },
  actions: {
    requestSlots: enqueueActions(({ enqueue, context }) => {
      const requests = context.requests + 1;
      const missing = missingInRound(context);
      const count = Number.isFinite(missing) ? Math.max(1, missing) : null;
      enqueue.assign({ requests, free: 1 });
      enqueue.emit({ type: 'slots.requested', request: `submitter/${requests}`, pool: context.pool, slots: 1, count });
    }),
    withdrawRequest: emit(({ context }) => ({ type: 'slots.withdrawn', request: requestOf(context) })),
    /** A grant becomes a task at once, or waits for the decision on the result that freed its slot. */
    useGrant: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'slots.granted') return;
      const waiting = [...context.waiting, { grant: event.grant, freedBy: event.freedBy ?? 0 }];
      const step = submit({ ...context, waiting }, event);
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    /** A task that waited has its slot: there is room for another once the result that freed the slot was decided on. */
    noteSlotAhead: assign(({ context, event }) => {
      if (event.type !== 'slots.granted') return {};
      const ahead = context.ahead.filter(({ task }) => task !== event.task);
      const room = { grant: null, freedBy: event.freedBy ?? 0 };
      const isOpen = ahead.length < context.ahead.length && room.freedBy > context.decided;
      return { ahead, waiting: isOpen ? [...context.waiting, room] : context.waiting };
    }),
    noteDecision: assign(({ context, event }) => {
      if (event.type !== 'result.recorded') return {};
      const { sequence, successes, failures, task, candidate } = event;
      const isBack = event.withdrawn === true && candidate !== null;
      return {
        decided: sequence,
        successes,
        failures,
        dueAt: event.updateDue ? successes : context.dueAt,
        // A worker may have started it before there was word of its slot.
        ahead: context.ahead.filter((one) => one.task !== task),
        leaving: context.leaving.filter((one) => one !== task),
        choices: isBack ? giveBack(context.choices, candidate) : context.choices,
      };
    }),
    noteBooks: assign(({ context, event }) =>
      event.type === 'slots.changed' ? { free: event.pools[context.pool]?.free ?? 0 } : {},
    ),
    useRoom: enqueueActions(({ enqueue, context, event }) => {
      const step = inTurn(submit, lookAhead)(context, event);
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    /** What waits and would not be chosen now is withdrawn, and others are chosen in its place. */
    chooseAgain: enqueueActions(({ enqueue, context, event }) => {
      const step = inTurn((now) => withdraw(now, event, 'outranked'), lookAhead)(context, event);
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    withdrawAll: enqueueActions(({ enqueue, context, event }) => {
      const step = withdraw(context, event, 'all');
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    releaseGrant: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'slots.granted' || !event.request.startsWith('submitter/')) return;
      enqueue.emit({ type: 'slots.released', grant: event.grant });
    }),
    releaseWaitingGrants: enqueueActions(({ enqueue, context }) => {
      for (const { grant } of context.waiting) if (grant !== null) enqueue.emit({ type: 'slots.released', grant });
      enqueue.assign({ waiting: [] });
    }),
    takeRanking: assign(({ context, event }) => {
      if (event.type !== 'ranking.updated') return {};
      const settledOn = event.older === undefined ? event.trainedOn : context.settledOn;
      return { choices: rank(context.choices, event), settledOn, waitsForFirst: false };
    }),
    doWithoutFirst: assign({ waitsForFirst: false }),
    noteFailedUpdate: assign(({ event }) => (event.type === 'update.failed' ? { settledOn: event.trainedOn } : {})),
    announceExhaustion: emit(({ context }) => ({ type: 'space.exhausted', submitted: context.choices.taken.size })),
    /** The ledger waits for this word in every drain: no task ahead is on its way any more. */
    createNoneAhead: enqueueActions(({ enqueue, context }) => {
      if (context.lookahead > 0) enqueue.emit({ type: 'slots.withdrawn', request: 'ahead' });
    }),
  },
  guards: {
    isMine,
    isAhead: ({ event }) => event.type === 'slots.granted' && event.task !== undefined,
    looksAhead: ({ context }) => context.lookahead > 0,
    pauses: ({ context, event }) => context.pausing && event.type === 'result.recorded' && event.updateDue,
    targetReached: ({ event }) => event.type === 'result.recorded' && event.targetReached,
    /** The update that ended knew every result that any update was due for. */
    isCurrent: ({ context, event }) =>
      ((event.type === 'ranking.updated' && event.older === undefined) || event.type === 'update.failed') &&
      event.trainedOn >= context.dueAt,
    updatePending: ({ context }) => context.pausing && context.dueAt > context.settledOn,
    firstPending: ({ context }) => context.waitsForFirst,
    isFirst: ({ event }) => event.type === 'scoring.failed' && event.update === 0,
    nothingLeft: ({ context }) => allTaken(context.choices) && context.ahead.length + context.leaving.length === 0,
    isFull: ({ context }) => missingInRound(context) === 0,
    /** One of the round failed: another takes its place. */
    isToReplace: ({ context, event }) =>
      context.rounds !== null && isSimulation(context, event) && event.type === 'result.recorded' && !event.success,
  },
}).createMachine({
  id: 'submitter',
  context: ({ input: { candidates, seed, ...input } }) => ({
    waitsForFirst: false,
    pausing: true,
    rounds: null,
    lookahead: 0,
    ...input,
    choices: noChoices(candidates, seed),
    created: 0,
    requests: 0,
    waiting: [],
    ahead: [],
    leaving: [],
    free: 1,
    decided: 0,
    successes: 0,
    failures: 0,
    dueAt: 0,
    settledOn: 0,
  }),
  initial: 'idle',
  states: {
    idle: {
      description: 'The campaign has not started; waits for it without end.',
      on: { 'campaign.started': [{ guard: 'firstPending', target: 'waitingForFirst' }, { target: 'submitting' }] },
    },
    waitingForFirst: {
      description:
        'The first candidates are being chosen; waits for them or for the failure of that, which has a time limit.',
      on: {
        'result.recorded': { actions: 'noteDecision' },
        'ranking.updated': { target: 'submitting', actions: 'takeRanking' },
        'scoring.failed': { guard: 'isFirst', target: 'submitting', actions: 'doWithoutFirst' },
        'drain.started': { target: 'closed', actions: 'createNoneAhead' },
      },
    },
    submitting: {
      description: 'Turns each granted slot into a task; waits for grants, as long as simulations take.',
      entry: 'requestSlots',
      exit: ['withdrawRequest', 'releaseWaitingGrants', 'withdrawAll'],
      always: [
        { guard: 'nothingLeft', target: 'exhausted' },
        { guard: 'isFull', target: 'waitingForRound' },
      ],
      on: {
        'slots.granted': [
          { guard: 'isMine', actions: 'useGrant' },
          { guard: 'isAhead', actions: 'noteSlotAhead' },
          { actions: 'releaseGrant' },
        ],
        'slots.changed': { guard: 'looksAhead', actions: ['noteBooks', 'useRoom'] },
        'result.recorded': [
          { guard: 'targetReached', target: 'closed', actions: 'noteDecision' },
          { guard: 'pauses', target: 'paused', actions: 'noteDecision' },
          { guard: 'isToReplace', target: 'submitting', reenter: true, actions: 'noteDecision' },
          { actions: ['noteDecision', 'useRoom'] },
        ],
        'ranking.updated': { actions: ['takeRanking', 'chooseAgain'] },
        'drain.started': { target: 'closed', actions: 'createNoneAhead' },
      },
    },
    waitingForRound: {
      description: 'Every task of the round was created; waits for their ends, as long as simulations take.',
      on: {
        'slots.granted': { actions: 'releaseGrant' },
        'result.recorded': [
          { guard: 'targetReached', target: 'closed', actions: 'noteDecision' },
          { guard: 'pauses', target: 'paused', actions: 'noteDecision' },
          { guard: 'isToReplace', target: 'submitting', actions: 'noteDecision' },
          { actions: 'noteDecision' },
        ],
        'drain.started': { target: 'closed', actions: 'createNoneAhead' },
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
        'drain.started': { target: 'closed', actions: 'createNoneAhead' },
      },
    },
    closed: {
      description: 'The campaign drains or has ended; waits to be resumed, for ever if it has ended.',
      on: {
        'slots.granted': { actions: 'releaseGrant' },
        'result.recorded': { actions: 'noteDecision' },
        'ranking.updated': { actions: 'takeRanking' },
        'scoring.failed': { guard: 'isFirst', actions: 'doWithoutFirst' },
        'update.failed': { actions: 'noteFailedUpdate' },
        'drain.started': { actions: 'createNoneAhead' },
        'campaign.resumed': [
          { guard: 'firstPending', target: 'waitingForFirst' },
          { guard: 'updatePending', target: 'paused' },
          { target: 'submitting' },
        ],
      },
    },
    exhausted: {
      description: 'Every candidate was submitted; the campaign ends when what runs has ended.',
      entry: 'announceExhaustion',
      on: {
        'slots.granted': { actions: 'releaseGrant' },
        'result.recorded': { actions: 'noteDecision' },
        'drain.started': { actions: 'createNoneAhead' },
        // A campaign that paused at this moment may not have heard it in time.
        'campaign.resumed': { actions: 'announceExhaustion' },
      },
    },
  },
});

export const submitter = defineActor({ machine: submitterMachine, hears, version: 2 });
