import type { z } from 'zod';
import { decode } from '../protocol/fact.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { subjects } from '../protocol/subjects.ts';
import { protocolVersion, taskSchema, type Attempt, type Task, type TaskFailure } from '../protocol/task.ts';
import { resultId, streamOfReport } from './result-index.ts';
import type { Delivery } from './task-source.ts';
import type { Offer, Outcome } from './wire.ts';

/** A task that this worker has taken and not acknowledged yet. */
export interface HeldTask {
  /** The worker's own number for it. */
  readonly run: number;
  readonly task: Task;
  /** The task as it came: results embed it as it is. */
  readonly text: string;
  /** Under which its result is stored, and which tells a second delivery. */
  readonly id: string;
  /** The newest delivery: only that one can be acknowledged. */
  delivery: Delivery;
  readonly pickedUpAt: number;
  /** When the server last heard that it is worked on, ms since 1970. */
  touchedAt: number;
  /** What was tried before at this task. */
  attempts: readonly Attempt[];
  /** Set once its end is known: its slot is free, its result on the way. */
  ended: boolean;
}

/**
 * A delivery, read and checked.
 * @throws ProtocolError when it does not fit the schema, or wants its result stored where no results belong.
 */
export function readTask(delivery: Delivery, run: number): HeldTask {
  const { data } = delivery;
  const where = `a task in cox.task.${delivery.workerClass}.${delivery.method}`;
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  const task = decode(taskSchema, data, where);
  if (!isReportOf(task.campaign, task.report)) {
    throw new ProtocolError(`${where}: results of ${task.campaign} do not belong under "${task.report}"`);
  }
  const now = Date.now();
  const id = resultId(task.campaign, task.id);
  return { run, task, text, id, delivery, pickedUpAt: wallClock(), touchedAt: now, attempts: [], ended: false };
}

function isReportOf(campaign: string, report: string): boolean {
  return streamOfReport(report) !== null && report.split('.')[2] === campaign;
}

/** Milliseconds since 1970, with fractions. */
function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * As much of a task as can be read from a message that is none, with what is missing filled in, so that its asker can be
 * told; null when it does not say who asked, or where the result belongs.
 */
export function salvageTask(delivery: Delivery, run: number): HeldTask | null {
  let given: unknown;
  try {
    given = JSON.parse(new TextDecoder().decode(delivery.data));
  } catch {
    return null;
  }
  if (typeof given !== 'object' || given === null) return null;
  const fields = given as Record<string, unknown>;
  const fallback: Omit<Task, 'id' | 'campaign' | 'report'> = {
    v: protocolVersion,
    method: delivery.method,
    topic: 'unknown',
    source: 'unknown',
    number: 1,
    arguments: null,
    pool: 'unknown',
    slots: 1,
    grant: null,
    candidate: null,
    choice: null,
    timeoutMs: null,
    memoryMb: null,
    createdAt: delivery.storedAt,
  };
  const mended: Record<string, unknown> = { ...fallback };
  for (const [name, schema] of Object.entries(taskSchema.shape) as [string, z.ZodType][]) {
    if (schema.safeParse(fields[name]).success && fields[name] !== undefined) mended[name] = fields[name];
  }
  const task = taskSchema.safeParse(mended);
  if (!task.success || !isReportOf(task.data.campaign, task.data.report)) return null;
  return {
    run,
    task: task.data,
    text: JSON.stringify(task.data),
    id: resultId(task.data.campaign, task.data.id),
    delivery,
    pickedUpAt: wallClock(),
    touchedAt: Date.now(),
    attempts: [],
    ended: false,
  };
}

/** The failure of a task whose method this worker's class does not have. */
export function unknownMethod({ task, delivery }: HeldTask, methods: Offer[string]): TaskFailure {
  return {
    code: 'method.unknown',
    message: `${delivery.workerClass} has no method "${task.method}"; it has ${Object.keys(methods).join(', ')}`,
    retry: 'never',
    details: { method: task.method },
  };
}

/** Who computed it. */
export interface Computer {
  readonly id: string;
  readonly host: string;
  readonly child: number;
}

/**
 * The message that says how a task ended: a fact for the log of a campaign, the bare result for a task client. Task and
 * value are put in as the text that they came as, so that nothing large is read and written once more.
 */
export function resultMessage(held: HeldTask, outcome: Outcome, worker: Computer): string {
  const { task, text, delivery, pickedUpAt } = held;
  const success = outcome.failure === null;
  const rest = JSON.stringify({
    failure: outcome.failure,
    attempts: held.attempts,
    worker,
    resources: { wallMs: outcome.wallMs, cpuMs: outcome.cpuMs },
    times: {
      created: task.createdAt,
      queued: delivery.storedAt,
      pickedUp: pickedUpAt,
      computeStarted: outcome.startedAt,
      computeEnded: outcome.endedAt,
    },
    serialisationMs: { arguments: outcome.readMs, value: outcome.writeMs },
  });
  const value = success ? (outcome.value ?? 'null') : 'null';
  const result = `{"v":${protocolVersion},"task":${text},"success":${success},"value":${value},${rest.slice(1)}`;
  if (!task.report.startsWith('cox.log.')) return result;
  const fact = JSON.stringify({
    v: protocolVersion,
    id: `${task.id}/finished/${worker.id}/${delivery.delivery}`,
    number: null,
    cause: null,
    heardAt: null,
    saidAt: Date.now(),
  });
  return `${fact.slice(0, -1)},"event":{"type":"task.finished","result":${result}}}`;
}

/** What is said live of a running task that has come so far: subject and message. */
export function progressMessage({ task }: HeldTask, worker: string, partial: string): [string, string] {
  const { campaign, id, method } = task;
  const said = JSON.stringify({ v: protocolVersion, campaign, task: id, method, worker, at: Date.now() });
  // Ids of tasks may hold what a subject's token cannot.
  const token = id.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return [subjects.progress(campaign, token), `${said.slice(0, -1)},"partial":${partial}}`];
}
