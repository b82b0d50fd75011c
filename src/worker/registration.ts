import { hostname } from 'node:os';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { jetstream } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { Logger } from 'pino';
import { packageVersion } from '../campaign/load.ts';
import { watchConnection } from '../nats/connection.ts';
import { readStored } from '../nats/log-reader.ts';
import { openLapsing } from '../nats/streams.ts';
import { messageOf, ProtocolError } from '../protocol/errors.ts';
import { decode } from '../protocol/fact.ts';
import { registrationSchema, type Registration } from '../protocol/registration.ts';
import { buckets, subjects } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';
import type { Editions, Offer } from './wire.ts';

/** What a worker of this process says of itself when it starts. */
export function newRegistration(worker: {
  id: string;
  slots: number;
  offer: Offer;
  editions: Editions;
  labels: Readonly<Record<string, string>>;
  startedAt: number;
}): Registration {
  const { id, slots, offer, editions, labels, startedAt } = worker;
  return {
    v: protocolVersion,
    id,
    host: hostname(),
    pid: process.pid,
    slots,
    classes: Object.fromEntries(
      Object.entries(editions).map(([name, edition]) => [
        name,
        { ...edition, methods: Object.keys(offer[name] ?? {}) },
      ]),
    ),
    labels: { ...labels },
    version: packageVersion(),
    startedAt,
    draining: false,
  };
}

/**
 * The workers that live now, by their registrations; what is none is passed over.
 *
 * Read from the bucket's stream: the client's own listing takes the marks that expired keys leave for keys.
 */
export async function livingWorkers(connection: NatsConnection): Promise<Registration[]> {
  await openLapsing(connection, 'workers');
  const living = new Map<string, Registration>();
  await readStored(connection, {
    stream: `KV_${buckets.workers}`,
    filters: [`$KV.${buckets.workers}.>`],
    from: 1,
    onMessage: ({ subject, data }) => {
      living.delete(subject);
      // Removed or lapsed: a mark without contents.
      if (data.length === 0) return;
      try {
        living.set(subject, decode(registrationSchema, data, subject));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
    },
  });
  return [...living.values()];
}

const lifeMs = 2_000;
const renewMs = 500;

/**
 * Keeps a worker's entry in `cox-workers` alive: it lapses 2 s after the last renewal, and is made again at the next one.
 *
 * Each renewal writes all of it, whatever is there, so that nothing needs to be known of what came of the one before.
 */
export class Registrar {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #stopWatching: () => void;
  #registration: Registration;
  #bucket: KV | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isConnected = true;

  constructor(connection: NatsConnection, registration: Registration, logger: Logger) {
    this.#connection = connection;
    this.#registration = registration;
    this.#logger = logger;
    this.#stopWatching = watchConnection(connection, {
      lost: () => (this.#isConnected = false),
      back: () => {
        this.#isConnected = true;
        if (this.#timer !== null) void this.#write();
      },
    });
  }

  /** What is said now. */
  get registration(): Registration {
    return this.#registration;
  }

  async open(): Promise<void> {
    this.#bucket = await openLapsing(this.#connection, 'workers');
    await this.#write();
    this.#timer = setInterval(() => void this.#write(), renewMs);
  }

  /** Say something else from now on. */
  async change(change: Partial<Registration>): Promise<void> {
    this.#registration = { ...this.#registration, ...change };
    await this.#write();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stopWatching();
    if (this.#connection.isClosed()) return;
    await this.#bucket?.delete(this.#registration.id).catch((error: unknown) => {
      this.#logger.warn({ error: messageOf(error) }, 'the registration was not removed; it lapses on its own');
    });
  }

  async #write(): Promise<void> {
    // The client would keep it, and send all of them when it is back.
    if (!this.#isConnected || this.#connection.isClosed()) return;
    const header = headers();
    header.set('Nats-TTL', `${lifeMs / 1_000}s`);
    const subject = subjects.kv(buckets.workers, this.#registration.id);
    try {
      await jetstream(this.#connection).publish(subject, JSON.stringify(this.#registration), {
        headers: header,
        timeout: lifeMs,
      });
    } catch (error) {
      this.#logger.debug({ error: messageOf(error) }, 'the registration could not be renewed');
    }
  }
}
