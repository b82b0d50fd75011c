import { AckPolicy, jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import { createInbox, nanos, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import type { Logger } from 'pino';
import { messageOf } from '../protocol/errors.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import { deliveryOf } from '../nats/log-reader.ts';
import { Credit, pullExpiryMs } from './credit.ts';

/** A task as it came from the work queue. */
export interface Delivery {
  readonly workerClass: string;
  readonly method: string;
  readonly data: Uint8Array;
  /** Where it is acknowledged. */
  readonly reply: string;
  /** 1 for the first time that it is given out, as far as the server remembers. */
  readonly delivery: number;
  readonly sequence: number;
  /** The server's clock when it was queued, ms since 1970. */
  readonly storedAt: number;
}

/** A worker that is frozen is given tasks for as long as its pulls wait, so they do not wait for long. */
const periodMs = 2_000;
/** A task that nobody says is worked on for so long is given out again. */
const ackWaitMs = 2_500;
/** How often a worker has to say so, ms. */
export const renewMs = 800;
/** JetStream: "consumer already exists", with other settings. */
const consumerDiffers = 10148;
const encoder = new TextEncoder();
const acknowledgements = {
  done: encoder.encode('+ACK'),
  giveBack: encoder.encode('-NAK'),
  working: encoder.encode('+WPI'),
  terminate: encoder.encode('+TERM'),
} as const;

/**
 * What there is to say to a delivery: it is done, given back (to be given out at once, or after so long), still worked on, or
 * never to be given out again.
 */
export type Acknowledgement = keyof typeof acknowledgements | { readonly giveBackAfterMs: number };

/** Answer a delivery. */
export function acknowledge(connection: NatsConnection, reply: string, how: Acknowledgement): void {
  // Without a connection the server cannot hear it; it gives the task out again and finds the result stored.
  if (connection.isClosed()) return;
  const answer =
    typeof how === 'string'
      ? acknowledgements[how]
      : encoder.encode(`-NAK ${JSON.stringify({ delay: nanos(Math.round(how.giveBackAfterMs)) })}`);
  connection.publish(reply, answer);
}

/**
 * The tasks of one class, pulled from the work queue by credit: never more than was asked for.
 *
 * Pulls are raw requests on an inbox of our own. They are lost when the server dies, so they are made again after a
 * reconnect, and the consumer with them should it be gone.
 */
export class TaskSource {
  readonly workerClass: string;
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #onTask: (delivery: Delivery) => void;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #credit = new Credit();
  readonly #pullSubject: string;
  #wanted = 0;
  #nextPull = 0;
  #lapseTimer: NodeJS.Timeout | null = null;
  #pausedUntil = 0;
  #ensuring: Promise<void> | null = null;
  #closed = false;
  #boundAt = { server: 0, local: 0 };

  constructor(
    connection: NatsConnection,
    options: { workerClass: string; logger: Logger; onTask: (delivery: Delivery) => void },
  ) {
    this.#connection = connection;
    this.workerClass = options.workerClass;
    this.#logger = options.logger;
    this.#onTask = options.onTask;
    this.#pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${streams.tasks}.${consumerOf(this.workerClass)}`;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message);
      },
    });
  }

  /**
   * When we last took up this queue, by the server's clock (ms since 1970) and by `performance.now()`. A task queued
   * before may have been finished before: the acknowledgement may have died with the server.
   */
  get boundAt(): { readonly server: number; readonly local: number } {
    return this.#boundAt;
  }

  /** Make the consumer, or find it, and clear what it has finished. */
  async open(): Promise<void> {
    await this.#ensure();
  }

  /** Ask for tasks until so many may come. */
  want(count: number): void {
    this.#wanted = count;
    this.#pull();
  }

  /** The server, or our connection to it, was away: nothing that we asked for can be relied upon. */
  async reconnected(): Promise<void> {
    this.#credit.reset();
    await this.#ensure();
    this.#pull();
  }

  /** Ask for nothing more; what was asked for may still come. */
  stop(): void {
    this.#wanted = 0;
  }

  /** Let go of the inbox, once everything that was sent to it has been seen. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#lapseTimer !== null) clearTimeout(this.#lapseTimer);
    if (!this.#connection.isClosed()) await this.#subscription.drain();
  }

  #pull(): void {
    const now = Date.now();
    if (this.#closed || this.#ensuring !== null || now < this.#pausedUntil) return;
    this.#credit.lapse(now);
    const outstanding = this.#credit.outstanding;
    const missing = this.#wanted - outstanding;
    // While the server owes us some there is none left for us there: asking for a few more can wait.
    if (missing <= 0 || (outstanding > 0 && missing < this.#wanted / 4)) return;
    const expiresMs = pullExpiryMs(now, periodMs);
    const token = (this.#nextPull++).toString(36);
    this.#credit.asked(token, missing, now + expiresMs + 1_000);
    this.#connection.publish(this.#pullSubject, JSON.stringify({ batch: missing, expires: nanos(expiresMs) }), {
      reply: `${this.#inbox}.${token}`,
    });
    this.#lapseTimer ??= setTimeout(() => {
      this.#lapseTimer = null;
      this.#pull();
    }, expiresMs + 1_001);
  }

  #take(message: Msg): void {
    if (message.subject.startsWith(this.#inbox)) {
      this.#status(message);
      return;
    }
    this.#credit.arrived();
    if (message.reply === undefined) return;
    this.#onTask({
      workerClass: this.workerClass,
      method: message.subject.slice(message.subject.lastIndexOf('.') + 1),
      data: message.data,
      reply: message.reply,
      ...deliveryOf(message.reply),
    });
  }

  /** What the server says of a pull instead of answering it. */
  #status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const unanswered = Number(message.headers?.get('Nats-Pending-Messages') ?? '0');
    // 100 is a heartbeat.
    if (code === 100) return;
    this.#credit.ended(message.subject.slice(this.#inbox.length + 1), unanswered);
    if (code === 408) {
      this.#pull();
      return;
    }
    // Too many pulls wait (409), no such consumer (503, 404, 409), the server is not ready (503): look, then ask again.
    const description = message.headers?.description ?? '';
    this.#logger.debug({ workerClass: this.workerClass, code, description }, 'a pull was refused');
    this.#credit.reset();
    this.#pausedUntil = Date.now() + 200;
    setTimeout(() => {
      if (this.#closed) return;
      this.#pausedUntil = 0;
      void this.#ensure().then(() => this.#pull());
    }, 200);
  }

  #ensure(): Promise<void> {
    this.#ensuring ??= this.#tryToEnsure().finally(() => (this.#ensuring = null));
    return this.#ensuring;
  }

  async #tryToEnsure(): Promise<void> {
    const manager = await jetstreamManager(this.#connection, { checkAPI: false });
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        const consumer = await ensureConsumer(manager, this.workerClass);
        this.#boundAt = { server: serverTime(consumer), local: performance.now() };
        await this.#purgeFinished(consumer, () => manager.streams.info(streams.tasks).then(({ state }) => state));
        return;
      } catch (error) {
        const level = attempt % 20 === 0 ? 'warn' : 'debug';
        this.#logger[level]({ workerClass: this.workerClass, error: messageOf(error) }, 'the work queue is not ready');
        await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, 50 * attempt)));
      }
    }
  }

  /** A server that was killed may keep acknowledged tasks, neither given out again nor removed. */
  async #purgeFinished(consumer: ConsumerInfo, state: () => Promise<{ first_seq: number }>): Promise<void> {
    const floor = consumer.ack_floor.stream_seq;
    if (floor === 0 || (await state()).first_seq > floor) return;
    const manager = await jetstreamManager(this.#connection, { checkAPI: false });
    const { purged } = await manager.streams.purge(streams.tasks, {
      filter: subjects.tasksOf(this.workerClass),
      seq: floor + 1,
    });
    if (purged > 0)
      this.#logger.info({ workerClass: this.workerClass, purged }, 'removed finished tasks from the queue');
  }
}

/** The durable consumer of a class; one that another version made gets our settings. */
async function ensureConsumer(manager: JetStreamManager, workerClass: string): Promise<ConsumerInfo> {
  const config = {
    durable_name: consumerOf(workerClass),
    filter_subject: subjects.tasksOf(workerClass),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_deliver: -1,
    max_ack_pending: 1_000_000,
    // Of methods that nobody has any more.
    inactive_threshold: nanos(7 * 24 * 3_600_000),
  };
  try {
    return await manager.consumers.add(streams.tasks, { ...config, max_waiting: 2_048 });
  } catch (error) {
    if ((error as { code?: number }).code !== consumerDiffers) throw error;
    // Everything but what can only be said at first.
    return manager.consumers.update(streams.tasks, config.durable_name, config);
  }
}

/** The server's clock in its answer; servers of one cluster are taken to agree. */
function serverTime(consumer: ConsumerInfo): number {
  return Date.parse(consumer.ts ?? new Date().toISOString());
}

/** The durable consumer that all workers of a class share. */
function consumerOf(workerClass: string): string {
  return `worker-${workerClass}`;
}
