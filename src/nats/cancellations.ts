/**
 * Tasks that somebody wants ended, and tasks that are withdrawn while they wait: marks in the bucket `cox-cancelled`, which every
 * worker watches.
 */
import { z } from 'zod';
import type { NatsConnection } from '@nats-io/nats-core';
import { decode } from '../protocol/fact.ts';
import { buckets, subjects, taskKey } from '../protocol/subjects.ts';
import { protocolVersion, tokenSchema, type TaskFailure } from '../protocol/task.ts';
import { readLog, type LogReader } from './log-reader.ts';
import { openTaskNotes, taskNotesLastMs } from './streams.ts';

const markSchema = z.object({
  v: z.literal(protocolVersion),
  campaign: tokenSchema,
  task: z.string().min(1).max(128),
  /** Who wants it, as `user@host`. */
  by: z.string().max(200),
  reason: z.string().max(1_000),
  at: z.number(),
  /** Whether it ends only where no worker has started it. */
  ifWaiting: z.boolean().default(false),
});
/** That a task of a campaign, or of a session of a task client, is to end. */
export type CancelMark = Omit<z.infer<typeof markSchema>, 'v'>;

/** The most marks of withdrawn tasks that a worker keeps in mind; one that is forgotten lets its task run. */
const mostWithdrawn = 65_536;

/** Tell every worker, now and for a week, that a task is to end. */
export async function markCancelled(connection: NatsConnection, mark: Omit<CancelMark, 'ifWaiting'>): Promise<void> {
  const bucket = await openTaskNotes(connection, 'cancelled');
  await bucket.put(taskKey(mark.campaign, mark.task), JSON.stringify({ v: protocolVersion, ...mark }));
}

/**
 * The subject and the text of the mark that withdraws a task. Under a key of its own: it does not take the place of the mark of
 * somebody who wants the task ended, wherever it is.
 */
export function withdrawalMark(mark: Omit<CancelMark, 'ifWaiting'>): { subject: string; message: string } {
  const subject = subjects.kv(buckets.cancelled, `${taskKey(mark.campaign, mark.task)}.withdrawn`);
  return { subject, message: JSON.stringify({ v: protocolVersion, ...mark, ifWaiting: true }) };
}

/** The marks that there are, kept up to date. */
export class Cancellations {
  readonly #connection: NatsConnection;
  readonly #marked: (mark: CancelMark) => void;
  readonly #refused: (error: unknown) => void;
  /** By key, oldest first. */
  readonly #marks = new Map<string, CancelMark>();
  readonly #withdrawn = new Map<string, CancelMark>();
  #reader: LogReader | null = null;

  /**
   * @param options.marked told of each mark of a task that is to end wherever it is when it comes, of those that are there already
   * before `open` resolves.
   */
  constructor(
    connection: NatsConnection,
    options: { marked: (mark: CancelMark) => void; refused: (error: unknown) => void },
  ) {
    this.#connection = connection;
    this.#marked = options.marked;
    this.#refused = options.refused;
  }

  /** Resolves when all marks are known that there are now. */
  async open(): Promise<void> {
    await openTaskNotes(this.#connection, 'cancelled');
    this.#reader = await readLog(this.#connection, {
      stream: `KV_${buckets.cancelled}`,
      filters: [subjects.kv(buckets.cancelled, '>')],
      from: 1,
      onMessage: ({ subject, data, storedAt }) => this.#take(subject, data, storedAt),
    });
    await this.#reader.caughtUp;
  }

  /** The server may have come back without its store. */
  async reconnected(): Promise<void> {
    if (this.#reader !== null) await openTaskNotes(this.#connection, 'cancelled');
  }

  /** The failure of a task that is to end wherever it is; null for any other. */
  failureOf(campaign: string, task: string): TaskFailure | null {
    if (this.#marks.size === 0) return null;
    const mark = this.#marks.get(taskKey(campaign, task));
    return mark === undefined ? null : cancelled(mark);
  }

  /** The failure of a task that is to end while it waits; null for any other. */
  failureOfWaiting(campaign: string, task: string): TaskFailure | null {
    const mark = this.#withdrawn.size === 0 ? undefined : this.#withdrawn.get(taskKey(campaign, task));
    return this.failureOf(campaign, task) ?? (mark === undefined ? null : withdrawn(mark));
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  #take(subject: string, data: Uint8Array, storedAt: number): void {
    // Removed: a mark without contents.
    if (data.length === 0) return;
    let mark: CancelMark;
    try {
      mark = decode(markSchema, data, subject);
    } catch (error) {
      this.#refused(error);
      return;
    }
    const key = taskKey(mark.campaign, mark.task);
    const marks = mark.ifWaiting ? this.#withdrawn : this.#marks;
    marks.delete(key);
    marks.set(key, mark);
    for (const [oldest, { at }] of marks) {
      if (at > storedAt - taskNotesLastMs && (marks === this.#marks || marks.size <= mostWithdrawn)) break;
      marks.delete(oldest);
    }
    if (!mark.ifWaiting) this.#marked(mark);
  }
}

/** The failure of a task that was ended because somebody wanted it. */
function cancelled({ by, reason, at }: CancelMark): TaskFailure {
  return {
    code: 'task.cancelled',
    message: `cancelled by ${by}${reason === '' ? '' : `: ${reason}`}`,
    retry: 'never',
    details: { by, reason, at },
  };
}

/** The failure of a task that was not wanted any more before any worker had started it. */
function withdrawn({ by, reason, at }: CancelMark): TaskFailure {
  return {
    code: 'task.withdrawn',
    message: `withdrawn by ${by} before it was started${reason === '' ? '' : `: ${reason}`}`,
    retry: 'never',
    details: { by, reason, at },
  };
}
