/**
 * What a submitter makes of slots, pure: tasks on grants, tasks that wait ahead of their slots, and withdrawals of those that would
 * not be chosen now.
 */
import type { Says } from '../src/protocol/events.ts';
import { choose, wouldChoose, type Choices } from './choices.ts';

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

export interface SubmitterContext extends Omit<Required<SubmitterInput>, 'candidates' | 'seed'> {
  choices: Choices;
  /** Arguments of the simulations of candidates that people added, until those have ended; of the others they follow from the space. */
  added: Readonly<Record<string, unknown>>;
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
  /** The update of the model that is under way: its tasks would queue behind tasks that wait ahead. */
  updating: number | null;
  /** Sequence of the last result that was decided on, and the counts as of then. */
  decided: number;
  successes: number;
  failures: number;
  /** Successes at which the last update fell due, and those that the last update which ended knew. */
  dueAt: number;
  settledOn: number;
}

type Fact = Says<'submitter'>;
/** What has happened: when, by the log's clock, ms. */
interface Happened {
  readonly at: number;
}
/** What comes of an event: the context after it, and what is said. */
export interface Step {
  readonly context: SubmitterContext;
  readonly facts: readonly Fact[];
}

const momentOf = ({ successes }: SubmitterContext, { at }: Happened) => ({ at, successes });

/** How many tasks of the round are still to be created; Infinity without rounds. */
export function missingInRound({ rounds, settledOn, created, failures }: SubmitterContext): number {
  if (rounds === null) return Infinity;
  const target = settledOn === 0 ? rounds.initial : settledOn + rounds.batch;
  return Math.max(0, target - (created - failures));
}

/** The best candidate as a task with this grant, or waiting for one; null when every candidate is taken. */
function create(context: SubmitterContext, grant: string | null, event: Happened): Step | null {
  const choice = choose(context.choices, momentOf(context, event));
  if (choice === null) return null;
  const number = context.created + 1;
  const { method, topic, pool } = context;
  const id = `${topic}-${number}`;
  const { candidate, after } = choice;
  const ahead = grant === null ? [...context.ahead, { task: id, candidate }] : context.ahead;
  const task = {
    id,
    number,
    method,
    topic,
    pool,
    slots: 1,
    grant,
    candidate,
    arguments: context.added[candidate] ?? null,
    choice: choice.choice,
  };
  return { context: { ...context, choices: after, created: number, ahead }, facts: [{ type: 'task.created', task }] };
}

/** Turn the usable grants into tasks; those that no candidate is left for are given back, or wait for one that may return. */
export function submit(context: SubmitterContext, event: Happened): Step {
  const facts: Fact[] = [];
  let now: SubmitterContext = {
    ...context,
    waiting: context.waiting.filter(({ freedBy }) => freedBy > context.decided),
  };
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

/**
 * Create what may wait beyond the slots: nothing as long as a slot is free or a grant waits, since the best goes there first, and
 * nothing while the model is updated.
 */
export function lookAhead(context: SubmitterContext, event: Happened): Step {
  const facts: Fact[] = [];
  let now = context;
  const slotsAreLeft = context.free > 0 || context.waiting.some(({ grant }) => grant !== null);
  const room = context.lookahead - context.ahead.length - context.waiting.length;
  for (let n = slotsAreLeft || context.updating !== null ? 0 : room; n > 0; n -= 1) {
    const step = create(now, null, event);
    if (step === null) break;
    now = step.context;
    facts.push(...step.facts);
  }
  return { context: now, facts };
}

/** Withdraw tasks that wait: all, or those that the ranking in force would not choose now. */
export function withdraw(
  context: SubmitterContext,
  event: Happened,
  { which, reason }: { which: 'all' | 'outranked'; reason: string },
): Step {
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
    facts: leaving.map((task) => ({ type: 'task.withdrawn', task, reason })),
  };
}

/** One after the other, each on what the one before has left. */
export const inTurn =
  (...steps: readonly ((context: SubmitterContext, event: Happened) => Step)[]) =>
  (context: SubmitterContext, event: Happened): Step =>
    steps.reduce<Step>(
      ({ context: now, facts }, step) => {
        const next = step(now, event);
        return { context: next.context, facts: [...facts, ...next.facts] };
      },
      { context, facts: [] },
    );
