import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { jetstream } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { Logger } from 'pino';
import { packageRoot } from '../campaign/load.ts';
import { readStored } from '../nats/log-reader.ts';
import { openLapsing } from '../nats/streams.ts';
import { messageOf, ProtocolError } from '../protocol/errors.ts';
import { decode } from '../protocol/fact.ts';
import { registrationSchema, type Registration } from '../protocol/registration.ts';
import { buckets } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';

/** What a worker of this process says of itself when it starts. */
export function newRegistration(worker: {
  id: string;
  slots: number;
  offer: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  labels: Readonly<Record<string, string>>;
  startedAt: number;
}): Registration {
  const { id, slots, offer, labels, startedAt } = worker;
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return {
    v: protocolVersion,
    id,
    host: hostname(),
    pid: process.pid,
    slots,
    classes: Object.fromEntries(Object.entries(offer).map(([name, methods]) => [name, Object.keys(methods)])),
    labels: { ...labels },
    version: manifest.version,
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
 * Keeps a worker's entry in `cox-workers` alive: it lapses 2 s after the last renewal, and is made again if it lapsed.
 *
 * Renewals are written against the revision that we wrote last, so an entry that somebody else removed is noticed.
 */
export class Registrar {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  #registration: Registration;
  #bucket: KV | null = null;
  #revision: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;

  constructor(connection: NatsConnection, registration: Registration, logger: Logger) {
    this.#connection = connection;
    this.#registration = registration;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    this.#bucket = await openLapsing(this.#connection, 'workers');
    await this.#write();
    this.#timer = setInterval(() => void this.#write(), renewMs);
  }

  /** Say something else from now on. */
  async change(change: Partial<Registration>): Promise<void> {
    this.#registration = { ...this.#registration, ...change };
    await this.#writing;
    await this.#write();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#writing;
    if (this.#connection.isClosed()) return;
    await this.#bucket?.delete(this.#registration.id).catch((error: unknown) => {
      this.#logger.warn({ error: messageOf(error) }, 'the registration was not removed; it lapses on its own');
    });
  }

  #write(): Promise<void> {
    this.#writing ??= this.#renew().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #renew(): Promise<void> {
    const { id } = this.#registration;
    const value = JSON.stringify(this.#registration);
    const life = `${lifeMs / 1_000}s`;
    try {
      if (this.#revision !== null) {
        const header = headers();
        header.set('Nats-TTL', life);
        header.set('Nats-Expected-Last-Subject-Sequence', String(this.#revision));
        const stored = await jetstream(this.#connection).publish(`$KV.${buckets.workers}.${id}`, value, {
          headers: header,
          timeout: lifeMs,
        });
        this.#revision = stored.seq;
        return;
      }
    } catch (error) {
      // It lapsed, or the answer got lost: made again below, or at the next turn.
      this.#logger.debug({ error: messageOf(error) }, 'the registration could not be renewed');
      this.#revision = null;
    }
    try {
      this.#revision = (await this.#bucket?.create(id, value, life)) ?? null;
    } catch (error) {
      // Still there, since only the answer was lost: overwritten.
      this.#revision = (await this.#bucket?.get(id).catch(() => null))?.revision ?? null;
      this.#logger.debug({ error: messageOf(error) }, 'the registration could not be made');
    }
  }
}
