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
  usedAt: number;
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
    const index = this.#open(report, queuedAt - marginMs);
    index.usedAt = Date.now();
    if (index.ids.has(id)) return true;
    if (index.completeUntil >= asOf) return false;
    await index.reader;
    // A look that began before this question may have missed a result stored just now.
    await index.looking;
    index.looking ??= this.#catchUp(report, index).finally(() => (index.looking = null));
    await index.looking;
    return index.ids.has(id);
  }

  /** Close readers that nobody has asked for some seconds. */
  async sweep(now = Date.now()): Promise<void> {
    for (const [report, index] of this.#indexes) {
      if (now - index.usedAt < idleMs) continue;
      this.#indexes.delete(report);
      await (await index.reader).close();
    }
  }

  async close(): Promise<void> {
    await this.sweep(Infinity);
  }

  #open(report: string, since: number): SubjectIndex {
    const known = this.#indexes.get(report);
    if (known !== undefined && known.since <= since) return known;
    const stream = streamOfReport(report) ?? '';
    const index: SubjectIndex = {
      ids: known?.ids ?? new Set(),
      since,
      position: 0,
      waiting: known?.waiting ?? [],
      looking: null,
      completeUntil: -Infinity,
      usedAt: Date.now(),
      reader: readLog(this.#connection, {
        stream,
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
    this.#indexes.set(report, index);
    index.reader.catch(() => this.#indexes.delete(report));
    void known?.reader.then((reader) => reader.close());
    return index;
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
