/** One life of a process, as others see it: a key that lapses when it is not renewed, and a presence that ends with it. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { jetstream } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { buckets, subjects } from '../protocol/subjects.ts';
import { answered } from './answered.ts';
import { watchConnection } from './connection.ts';
import { bePresent } from './presence.ts';
import { openLapsing } from './streams.ts';

const lifeMs = 2_000;
const renewMs = 500;
/** So long after a renewal was sent nobody else can have taken us for dead; some of the key's life is left for the answer. */
const certainMs = 1_500;

/** How a process that runs actors is known to others. */
export interface Owner {
  readonly session: string;
  readonly host: string;
  readonly pid: number;
  /** ms since 1970. */
  readonly since: number;
}

/** How people call a process. */
export const nameOf = ({ host, pid }: Owner): string => `process ${pid} on ${host}`;

/**
 * This process's session in `cox-sessions`: renewed twice a second, lapsed 2 s after the last renewal.
 *
 * Between two renewals it is certain that nobody has taken this process for dead. Once that is in doubt (the process was frozen,
 * the server or the way to it was gone), `confirm` finds out; a session that lapsed is made again under the same id.
 */
export class Session {
  readonly owner: Owner = { session: randomUUID(), host: hostname(), pid: process.pid, since: Date.now() };
  readonly #connection: NatsConnection;
  #bucket: KV | null = null;
  #revision = 0;
  #certainUntil = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;
  #isConnected = true;
  #undo: (() => void)[] = [];

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async open(): Promise<void> {
    this.#bucket = await openLapsing(this.#connection, 'sessions');
    this.#undo = [
      bePresent(this.#connection, this.owner.session),
      watchConnection(this.#connection, {
        lost: () => {
          this.#isConnected = false;
          this.#certainUntil = -Infinity;
        },
        back: () => {
          this.#isConnected = true;
          // A renewal that was under way is never answered, and would be waited for.
          this.#renewing = null;
          void this.confirm();
        },
      }),
    ];
    await answered(this.#connection, () => this.#connection.flush());
    await this.confirm();
    this.#timer = setInterval(() => void this.#renewOnce(), renewMs);
  }

  /** Whether nobody can have taken this process for dead. */
  get isCertain(): boolean {
    return performance.now() < this.#certainUntil;
  }

  /** Resolves when this session is in force again, for as long as that takes. */
  async confirm(): Promise<void> {
    for (;;) {
      if (this.isCertain || this.#connection.isClosed()) return;
      await this.#renewOnce();
      if (!this.#isRenewed()) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A method, since the compiler does not see that an await may change what it returns. */
  #isRenewed(): boolean {
    return this.isCertain;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const undo of this.#undo.splice(0)) undo();
    await this.#renewing;
    if (this.#connection.isClosed()) return;
    // It lapses on its own.
    await this.#bucket?.delete(this.owner.session).catch(() => undefined);
  }

  #renewOnce(): Promise<void> {
    if (!this.#isConnected) return Promise.resolve();
    if (this.#renewing !== null) return this.#renewing;
    const renewing = this.#renew().finally(() => {
      if (this.#renewing === renewing) this.#renewing = null;
    });
    this.#renewing = renewing;
    return renewing;
  }

  async #renew(): Promise<void> {
    const { session } = this.owner;
    const value = JSON.stringify(this.owner);
    const sentAt = performance.now();
    try {
      if (this.#revision === 0) {
        this.#revision = (await this.#bucket?.create(session, value, `${lifeMs / 1_000}s`)) ?? 0;
      } else {
        const header = headers();
        header.set('Nats-TTL', `${lifeMs / 1_000}s`);
        header.set('Nats-Expected-Last-Subject-Sequence', String(this.#revision));
        const subject = subjects.kv(buckets.sessions, session);
        const stored = await jetstream(this.#connection).publish(subject, value, { headers: header, timeout: 500 });
        this.#revision = stored.seq;
      }
      this.#certainUntil = sentAt + certainMs;
    } catch {
      // It lapsed, the server is away, or only the answer was lost: what stands there now says which.
      const entry = await this.#bucket?.get(session).catch(() => undefined);
      if (entry !== undefined) this.#revision = entry?.operation === 'PUT' ? entry.revision : 0;
    }
  }
}
