import type { Says } from '../../../src/protocol/events.ts';
import { protocolVersion, type Task, type TaskFailure, type TaskResult } from '../../../src/protocol/task.ts';

type Finished = Says<'worker'>;
type Recorded = Extract<Says<'result-processor'>, { type: 'result.recorded' }>;
type Granted = Extract<Says<'resource-ledger'>, { type: 'slots.granted' }>;

/** The reference of an object: what a training task returns. */
export const modelRef = 'a'.repeat(64);

/** A task as a worker has it. */
export function sampleTask(task: Partial<Task> = {}): Task {
  return {
    v: protocolVersion,
    id: `${task.topic ?? 'simulate'}-${task.number ?? 1}`,
    campaign: 'c',
    method: 'ionization-energy',
    topic: 'simulate',
    source: 'submitter',
    number: 1,
    arguments: { smiles: 'C' },
    pool: 'simulate',
    slots: 1,
    grant: `grant-${task.number ?? 1}`,
    candidate: 0,
    choice: null,
    timeoutMs: null,
    memoryMb: null,
    report: 'cox.log.c.worker.task.finished',
    createdAt: 0,
    ...task,
  };
}

/** The end of a task, as its worker tells it: a value, or a failure. */
export function finished(
  task: Partial<Task>,
  outcome: { value: unknown } | { failure: string; code?: string },
): Finished {
  const failure: TaskFailure | null =
    'failure' in outcome
      ? { code: outcome.code ?? 'method.threw', message: outcome.failure, retry: 'never', details: {} }
      : null;
  const result: TaskResult = {
    v: protocolVersion,
    task: sampleTask(task),
    success: failure === null,
    value: 'value' in outcome ? outcome.value : null,
    failure,
    attempts: [],
    worker: { id: 'w1', host: 'h', child: 0 },
    resources: { wallMs: 1, cpuMs: 1 },
    times: { created: 0, queued: 1, pickedUp: 2, computeStarted: 3, computeEnded: 4 },
    serialisationMs: { arguments: 0, value: 0 },
  };
  return { type: 'task.finished', result };
}

/** The result processor's word on a simulation that succeeded. */
export function recorded(fact: Partial<Recorded>): Recorded {
  return {
    type: 'result.recorded',
    task: 'simulate-1',
    topic: 'simulate',
    sequence: 1,
    success: true,
    candidate: 0,
    value: 0.5,
    successes: 1,
    failures: 0,
    updateDue: false,
    targetReached: false,
    ...fact,
  };
}

/** A grant of the ledger. */
export function granted(request: string, grant: string, freedBy: number | null = null): Granted {
  const pool = request.startsWith('trainer') ? 'train' : request.startsWith('inference') ? 'infer' : 'simulate';
  return { type: 'slots.granted', grant, request, pool, slots: 1, freedBy };
}
