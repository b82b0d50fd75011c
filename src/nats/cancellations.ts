/** Tasks that somebody wants ended: marks in the bucket `cox-cancelled`, which every worker watches. */
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
});
/** That a task of a campaign, or of a session of a task client, is to end. */
export type CancelMark = Omit<z.infer<typeof markSchema>, 'v'>;

/** Tell every worker, now and for a week, that a task is to end. */
export async function markCancelled(connection: NatsConnection, mark: CancelMark): Promise<void> {
  const bucket = await openTaskNotes(connection, 'cancelled');
  await bucket.put(taskKey(mark.campaign, mark.task), JSON.stringify({ v: protocolVersion, ...mark }));
}

/** The marks that there are, kept up to date. */
export class Cancellations {
  readonly #connection: NatsConnection;
  readonly #marked: (mark: CancelMark) => void;
  readonly #refused: (error: unknown) => void;
  /** By key, oldest first. */
  readonly #marks = new Map<string, CancelMark>();
  #reader: LogReader | null = null;

  /** @param options.marked told of each mark when it comes, of those that are there already before `open` resolves. */
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

  /** The failure of a task that is to end; null for any other. */
  failureOf(campaign: string, task: string): TaskFailure | null {
    if (this.#marks.size === 0) return null;
    const mark = this.#marks.get(taskKey(campaign, task));
    return mark === undefined ? null : cancelled(mark);
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
    this.#marks.delete(key);
    this.#marks.set(key, mark);
    for (const [oldest, { at }] of this.#marks) {
      if (at > storedAt - taskNotesLastMs) break;
      this.#marks.delete(oldest);
    }
    this.#marked(mark);
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
