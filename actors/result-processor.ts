/**
 * The result processor decides what a result means: it counts each task's result once, whatever arrives twice, and says
 * when there is enough new data for an update of the model and when the campaign has what it wanted.
 *
 * In: ends of tasks. Out: one `result.recorded` a task. It is the truth about counts.
 */
import { emit, enqueueActions, setup } from 'xstate';
import type { HeardEvent, Says } from '../src/protocol/events.ts';
import { isWithdrawn, type TaskResult } from '../src/protocol/task.ts';
import { defineActor } from '../src/protocol/actor.ts';
import { isSeen, noneSeen, see, type SeenNumbers } from './seen-numbers.ts';

const hears = ['worker.task.finished', 'resource-ledger.slots.drained', 'campaign.campaign.resumed'] as const;

export interface ResultProcessorInput {
  /** Results of this topic count, by this field of their value. */
  topic: string;
  objective: string;
  /** Successes at which the campaign has what it wanted. */
  total: number;
  /** When the model is updated: at `initial` successes, and after every `batch` more; null for never. */
  updates: { initial: number; batch: number } | null;
  /** So many simulations failing in a row mean that something is wrong with all of them. */
  failuresInARow: number;
}

interface Context extends ResultProcessorInput {
  /** Numbers of the tasks whose results were recorded, by who created them. */
  seen: Readonly<Record<string, SeenNumbers>>;
  recorded: number;
  successes: number;
  failures: number;
  failedInARow: number;
}

type Event = HeardEvent<(typeof hears)[number]>;
type Fact = Says<'result-processor'>;

/** The objective's value in a result that succeeded; null where there is none. */
function objectiveOf(context: Context, { task, success, value }: TaskResult): number | null {
  if (!success || task.topic !== context.topic || typeof value !== 'object' || value === null) return null;
  const objective: unknown = (value as Record<string, unknown>)[context.objective];
  return typeof objective === 'number' && Number.isFinite(objective) ? objective : null;
}

function isDue({ updates, total }: Context, successes: number): boolean {
  if (updates === null || successes < updates.initial || successes >= total) return false;
  return (successes - updates.initial) % updates.batch === 0;
}

/** Count a result that is new; null for one that was counted before. */
function record(context: Context, result: TaskResult, sequence: number): { context: Context; facts: Fact[] } | null {
  const { task } = result;
  const seen = (Object.hasOwn(context.seen, task.source) ? context.seen[task.source] : null) ?? noneSeen;
  if (isSeen(seen, task.number)) return null;
  const isSimulation = task.topic === context.topic;
  const value = objectiveOf(context, result);
  const success = isSimulation ? value !== null : result.success;
  // Withdrawn before it started, it is neither a success nor a failure.
  const withdrawn = isWithdrawn(result.failure);
  const counts = isSimulation && success;
  const fails = isSimulation && !success && !withdrawn;
  const successes = context.successes + (counts ? 1 : 0);
  const failures = context.failures + (fails ? 1 : 0);
  // A task that somebody cancelled says nothing about the others.
  const tells = fails && result.failure?.code !== 'task.cancelled';
  const failedInARow = counts ? 0 : context.failedInARow + (tells ? 1 : 0);
  const facts: Fact[] = [
    {
      type: 'result.recorded',
      task: task.id,
      topic: task.topic,
      sequence,
      success,
      ...(withdrawn ? { withdrawn: true } : {}),
      candidate: task.candidate,
      value,
      successes,
      failures,
      updateDue: counts && isDue(context, successes),
      targetReached: counts && successes >= context.total,
    },
  ];
  if (tells && failedInARow === context.failuresInARow) {
    const reason = result.failure?.message ?? `no number "${context.objective}" in the result`;
    facts.push({ type: 'failures.persisted', failures: failedInARow, reason });
  }
  return {
    context: {
      ...context,
      seen: { ...context.seen, [task.source]: see(seen, task.number) },
      recorded: context.recorded + 1,
      successes,
      failures,
      failedInARow: failedInARow >= context.failuresInARow ? 0 : failedInARow,
    },
    facts,
  };
}

const resultProcessorMachine = setup({
  types: {} as { context: Context; events: Event; emitted: Fact; input: ResultProcessorInput },
  actions: {
    record: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== 'task.finished') return;
      const step = record(context, event.result, event.sequence);
      if (step === null) return;
      enqueue.assign(step.context);
      for (const fact of step.facts) enqueue.emit(fact);
    }),
    announceCompletion: emit(({ context }) => ({ type: 'results.complete', recorded: context.recorded })),
  },
}).createMachine({
  id: 'result-processor',
  context: ({ input }) => ({ ...input, seen: {}, recorded: 0, successes: 0, failures: 0, failedInARow: 0 }),
  initial: 'counting',
  states: {
    counting: {
      description: 'Counts results as they come; waits for them as long as the campaign runs.',
      on: { 'task.finished': { actions: 'record' }, 'slots.drained': 'complete' },
    },
    complete: {
      description: 'Nothing runs any more and everything is counted; a late duplicate changes nothing.',
      entry: 'announceCompletion',
      on: { 'task.finished': { actions: 'record' }, 'campaign.resumed': 'counting' },
    },
  },
});

export const resultProcessor = defineActor({ machine: resultProcessorMachine, hears, version: 2 });
