import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { readLog, type LogReader } from '../nats/log-reader.ts';
import { messageOf } from '../protocol/errors.ts';
import { parseLogSubject, streams } from '../protocol/subjects.ts';

/** The id under which a task's result is stored: the server drops a second one. */
export function resultId(campaign: string, task: string): string {
  return `${campaign}/${task}/finished`;
}

/** The stream that a task's result goes to, by its `report` subject; null when it is not one for results. */
export function streamOfReport(report: string): string | null {
  if (/[*>\s]/.test(report) || report.split('.').includes('')) return null;
  if (/^cox\.result\.[^.]+\.[^.]+$/.test(report)) return streams.results;
  const log = parseLogSubject(report);
  return log === null ? null : streams.log(log.campaign);
}

/** Which results of one report subject are stored, kept up to date by a reader of their ids alone. */
interface SubjectIndex {
  readonly ids: Set<string>;
  readonly since: number;
  readonly reader: Promise<LogReader>;
  /** Sequence of the last result that was read. */
  position: number;
  waiting: { sequence: number; resolve: () => void }[];
  /** The look at the last stored result that is under way, shared by all who ask meanwhile. */
  looking: Promise<void> | null;
  /** Everything stored by then has been read, ms of `performance.now()`. */
  completeUntil: number;
  /** How many wait for an answer. */
  asking: number;
  usedAt: number;
  /** Resolves when it is read no longer: whoever waits asks the one that took its place. */
  readonly ended: Promise<void>;
  readonly end: () => void;
}

const marginMs = 1_000;
const idleMs = 1_000;

/**
 * Answers whether a task's result is stored already, for tasks that come a second time.
 *
 * Ids of results are read once a report subject, without their contents, from the time that the oldest task in question
 * was queued; thousands of old tasks cost one reader and a look at the last result each time some of them come.
 */
export class ResultIndex {
  readonly #connection: NatsConnection;
  readonly #indexes = new Map<string, SubjectIndex>();
  #manager: Promise<JetStreamManager> | null = null;
  #closed = false;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /**
   * Whether the result was stored by now, or by an earlier time that is enough to know.
   * @param queuedAt when the task was queued, by the server's clock: its result is younger.
   * @param asOf ms of `performance.now()`.
   * @throws JetStreamApiError when there is no stream for it any more; see {@link isMissingStream}.
   */
  async has(report: string, id: string, queuedAt: number, asOf = performance.now()): Promise<boolean> {
    for (;;) {
      const index = this.#open(report, queuedAt - marginMs);
      if (index.ids.has(id)) return true;
      if (index.completeUntil >= asOf) return false;
      index.asking += 1;
      try {
        await Promise.race([this.#lookAgain(report, index), index.ended]);
      } finally {
        index.asking -= 1;
        index.usedAt = Date.now();
      }
      if (this.#closed || index.ids.has(id)) return index.ids.has(id);
      if (this.#indexes.get(report) === index) return false;
    }
  }

  /** Close readers that nobody has asked for some seconds. */
  async sweep(now = Date.now()): Promise<void> {
    const idle = [...this.#indexes].filter(([, { asking, usedAt }]) => asking === 0 && now - usedAt >= idleMs);
    await Promise.all(idle.map(([report, index]) => this.#end(report, index)));
  }

  /** Whoever still asks is answered by what is known. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#indexes].map(([report, index]) => this.#end(report, index)));
  }

  #open(report: string, since: number): SubjectIndex {
    const known = this.#indexes.get(report);
    if (known !== undefined && known.since <= since) return known;
    let end: () => void = () => undefined;
    const index: SubjectIndex = {
      ids: known?.ids ?? new Set(),
      since,
      position: 0,
      waiting: [],
      looking: null,
      completeUntil: -Infinity,
      asking: 0,
      usedAt: Date.now(),
      ended: new Promise((resolve) => (end = resolve)),
      end,
      reader: readLog(this.#connection, {
        stream: streamOfReport(report) ?? '',
        filters: [report],
        from: { time: since },
        headersOnly: true,
        onMessage: ({ id, sequence }) => {
          index.ids.add(id);
          index.position = sequence;
          if (index.waiting.length === 0) return;
          for (const one of index.waiting) if (one.sequence <= sequence) one.resolve();
          index.waiting = index.waiting.filter((one) => one.sequence > sequence);
        },
      }),
    };
    if (known !== undefined) void this.#end(report, known);
    this.#indexes.set(report, index);
    index.reader.catch(() => this.#forget(report, index));
    return index;
  }

  #forget(report: string, index: SubjectIndex): void {
    if (this.#indexes.get(report) === index) this.#indexes.delete(report);
  }

  async #end(report: string, index: SubjectIndex): Promise<void> {
    this.#forget(report, index);
    index.end();
    // One that could not be opened is told to whoever asks, and has nothing to close.
    const reader = await index.reader.catch(() => null);
    await reader?.close();
  }

  async #lookAgain(report: string, index: SubjectIndex): Promise<void> {
    await index.reader;
    // A look that began before this question may have missed a result stored just now.
    await index.looking;
    index.looking ??= this.#catchUp(report, index).finally(() => (index.looking = null));
    await index.looking;
  }

  /** Wait until everything that is stored now has been read. */
  async #catchUp(report: string, index: SubjectIndex): Promise<void> {
    const began = performance.now();
    await (
      await index.reader
    ).caughtUp;
    this.#manager ??= jetstreamManager(this.#connection, { checkAPI: false });
    const last = await (await this.#manager).streams.getMessage(streamOfReport(report) ?? '', { last_by_subj: report });
    if (last !== null && last.seq > index.position && last.time.getTime() >= index.since) {
      await new Promise<void>((resolve) => index.waiting.push({ sequence: last.seq, resolve }));
    }
    index.completeUntil = began;
  }
}

/** Whether an error of JetStream says that there is no such stream. */
export function isMissingStream(error: unknown): boolean {
  return /stream not found|no stream matches/i.test(messageOf(error));
}
