/**
 * A task and its result: one record travels the loop, and each stage adds to it. A result embeds its task whole; nobody
 * edits what somebody else wrote.
 */
import { z } from 'zod';
import { CoxswainError, messageOf } from './errors.ts';

/** The version of every message on the wire; a message of another version is refused by name. */
export const protocolVersion = 1;

/** Milliseconds since 1970-01-01 UTC, with fractions where the clock has them. */
const epochMs = z.number().nonnegative();

/** Names that become one token of a NATS subject. */
export const tokenSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/, 'letters, digits, "-" and "_" only');

/** One calculation that somebody asked for. */
export const taskSchema = z.object({
  v: z.literal(protocolVersion),
  /** Unique in its campaign or session, and the same when its creation is replayed: `simulate-17`. */
  id: z.string().min(1).max(128),
  /** The campaign, or the session of a task client, that asked. */
  campaign: tokenSchema,
  method: tokenSchema,
  /** What its asker sorts results by. */
  topic: tokenSchema,
  /** The actor that created it, or `client`. */
  source: tokenSchema,
  /** 1, 2, 3, ... in its source. */
  number: z.number().int().positive(),
  arguments: z.unknown(),
  /** The pool whose slots it occupies, how many, and the ledger's grant; no grant outside a campaign. */
  pool: tokenSchema,
  slots: z.number().int().positive(),
  grant: z.string().nullable(),
  /** Index of the candidate in the campaign's search space, where the task is about one. */
  candidate: z.number().int().nonnegative().nullable(),
  /** Why it was chosen: score, rank, model version, for people and the log. */
  choice: z.record(z.string(), z.unknown()).nullable(),
  /** Longer than this, in ms of compute, and it is ended; null leaves it to the method. */
  timeoutMs: z.number().positive().nullable(),
  /** More than this, in MB over its whole process tree, and it is ended; null leaves it to the method. */
  memoryMb: z.number().positive().nullable().default(null),
  /** The subject under which its result is stored. */
  report: z.string().min(1),
  createdAt: epochMs,
});
export type Task = z.infer<typeof taskSchema>;

/** Why a task failed: plain data, the only form of an error that crosses the wire. */
export const taskFailureSchema = z.object({
  code: z.string(),
  message: z.string(),
  retry: z.enum(['never', 'here', 'elsewhere']),
  details: z.record(z.string(), z.unknown()),
});
export type TaskFailure = z.infer<typeof taskFailureSchema>;

/** Whether a task ended without being run, since it was withdrawn while it waited: that is no failure, and no result either. */
export const isWithdrawn = (failure: Pick<TaskFailure, 'code'> | null): boolean => failure?.code === 'task.withdrawn';

/** A try at a task that ended without a result that counts. */
export const attemptSchema = z.object({
  /** When it ended, ms since 1970 by the clock of whoever noticed. */
  at: epochMs,
  worker: z.string(),
  host: z.string(),
  code: z.string(),
  message: z.string(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** What came of a task: a value, or a failure. */
export const taskResultSchema = z.object({
  v: z.literal(protocolVersion),
  task: taskSchema,
  success: z.boolean(),
  value: z.unknown(),
  failure: taskFailureSchema.nullable(),
  /** What was tried before, oldest first; a worker that was lost with its host is not among it. */
  attempts: z.array(attemptSchema).default([]),
  worker: z.object({ id: z.string(), host: z.string(), child: z.number().int() }),
  resources: z.object({
    /** From the start of the method to its end. */
    wallMs: z.number().nonnegative(),
    /** User and system time of the child and of every process that it waited for. */
    cpuMs: z.number().nonnegative(),
  }),
  times: z.object({
    created: epochMs,
    /** Stored in the work queue, by the server's clock. */
    queued: epochMs,
    pickedUp: epochMs,
    computeStarted: epochMs,
    computeEnded: epochMs,
  }),
  /** Time spent turning the arguments from text and the value into text. */
  serialisationMs: z.object({ arguments: z.number().nonnegative(), value: z.number().nonnegative() }),
});
export type TaskResult = z.infer<typeof taskResultSchema>;

/** Turn anything that was thrown into the form that crosses the wire. */
export function toTaskFailure(error: unknown): TaskFailure {
  if (error instanceof CoxswainError) {
    return { code: error.code, message: error.message, retry: error.retry, details: { ...error.details } };
  }
  const details = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  return { code: 'method.threw', message: messageOf(error), retry: 'never', details };
}
