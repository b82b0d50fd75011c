/**
 * The submitter decides which candidate is simulated next: a free slot and the best candidate become a task.
 *
 * In: grants of slots, decisions on results, updates and new rankings, what people wish of candidates. Out: requests for slots,
 * tasks, withdrawals of tasks that wait. It submits only on a granted slot whose making (the result that freed it) has been
 * decided on, so that each choice knows every result before it. With `pausing` it does nothing while the model is updated; with
 * `rounds` it fills a round and waits for all of it. With `lookahead` it keeps that many tasks waiting beyond the slots, none but
 * those that are there while the model is updated, and chooses again when the ranking changes.
 */
import { assign, emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { defineActor } from '../src/protocol/actor.ts';
import { giveBack, heed, noChoices, noneLeft, rank } from './choices.ts';
import {
  inTurn,
  lookAhead,
  missingInRound,
  submit,
  withdraw,
  type SubmitterContext as Context,
  type SubmitterInput,
} from './submissions.ts';
import { unpin, wishEvents, type WishEvent } from './wishes.ts';

export type { SubmitterInput } from './submissions.ts';

const hears = [
  'campaign.campaign.started',
  'campaign.campaign.resumed',
  'campaign.drain.started',
  'resource-ledger.slots.granted',
  'resource-ledger.slots.changed',
  'result-processor.result.recorded',
  'inference-runner.ranking.updated',
  'inference-runner.scoring.failed',
  'trainer.update.started',
  'trainer.update.failed',
  ...wishEvents,
] as const;

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'submitter'>;
type Args = { context: Context; event: Event };

/** The request for slots that is in force. */
const requestOf = (context: Context): string => `submitter/${context.requests}`;

function whyWithdrawn(event: Event): string {
  if (event.type === 'ranking.updated') return `the ranking of update ${event.update} has others before it`;
  if (event.type === 'result.recorded') {
    return event.targetReached ? 'enough simulations succeeded' : 'an update of the model is due';
  }
  return isWish(event) ? 'people want others before it' : 'the campaign drains';
}

const isWish = (event: Event): event is WishEvent & Event =>
  event.type.startsWith('candidate.') || event.type === 'candidates.added';

/** What is known of the arguments of added candidates, by number. */
const argumentsIn = ({
  first,
  candidates,
}: Extract<WishEvent, { type: 'candidates.added' }>): Record<string, unknown> =>
  Object.fromEntries(candidates.map((candidate, place) => [first + place, candidate.arguments]));

/** The simulation of a candidate has ended: nothing is wished of it any more, and its arguments are not needed again. */
function ended({ choices, added }: Context, candidate: number): Pick<Context, 'choices' | 'added'> {
  const { [candidate]: _, ...others } = added;
  return {
    choices: { ...choices, wishes: unpin(choices.wishes, candidate) },
    added: candidate in added ? others : added,
  };
}

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
        ...(candidate === null
          ? {}
          : isBack
            ? { choices: giveBack(context.choices, candidate) }
            : ended(context, candidate)),
      };
    }),
    noteWish: assign(({ context, event }) => {
      if (!isWish(event)) return {};
      const choices = heed(context.choices, event);
      const isAddition = event.type === 'candidates.added' && choices !== context.choices;
      return isAddition ? { choices, added: { ...context.added, ...argumentsIn(event) } } : { choices };
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
      const step = inTurn(
        (now) => withdraw(now, event, { which: 'outranked', reason: whyWithdrawn(event) }),
        lookAhead,
      )(context, event);
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    /** What is wished may be done with slots that nothing was left for, and in place of what waits. */
    heedWish: enqueueActions(({ enqueue, context, event }) => {
      const reason = whyWithdrawn(event);
      const step = inTurn(
        (now) => withdraw(now, event, { which: 'outranked', reason }),
        submit,
        lookAhead,
      )(context, event);
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    withdrawAll: enqueueActions(({ enqueue, context, event }) => {
      const step = withdraw(context, event, { which: 'all', reason: whyWithdrawn(event) });
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
      const choices = rank(context.choices, event);
      if (event.older !== undefined) return { choices, waitsForFirst: false };
      return { choices, settledOn: event.trainedOn, updating: null, waitsForFirst: false };
    }),
    doWithoutFirst: assign({ waitsForFirst: false }),
    noteUpdate: assign(({ event }) => (event.type === 'update.started' ? { updating: event.update } : {})),
    noteFailedUpdate: assign(({ event }) =>
      event.type === 'update.failed' ? { settledOn: event.trainedOn, updating: null } : {},
    ),
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
    nothingLeft: ({ context }) => noneLeft(context.choices) && context.ahead.length + context.leaving.length === 0,
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
    added: {},
    created: 0,
    requests: 0,
    waiting: [],
    ahead: [],
    leaving: [],
    free: 1,
    updating: null,
    decided: 0,
    successes: 0,
    failures: 0,
    dueAt: 0,
    settledOn: 0,
  }),
  initial: 'idle',
  on: {
    'candidate.pinned': { actions: 'noteWish' },
    'candidate.unpinned': { actions: 'noteWish' },
    'candidate.vetoed': { actions: 'noteWish' },
    'candidate.allowed': { actions: 'noteWish' },
    'candidates.added': { actions: 'noteWish' },
    'update.started': { actions: 'noteUpdate' },
  },
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
        'update.failed': { guard: 'looksAhead', actions: ['noteFailedUpdate', 'useRoom'] },
        'candidate.pinned': { actions: ['noteWish', 'heedWish'] },
        'candidate.unpinned': { actions: ['noteWish', 'heedWish'] },
        'candidate.vetoed': { actions: ['noteWish', 'heedWish'] },
        'candidate.allowed': { actions: ['noteWish', 'heedWish'] },
        'candidates.added': { actions: ['noteWish', 'heedWish'] },
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

export const submitter = defineActor({ machine: submitterMachine, hears, version: 3 });
