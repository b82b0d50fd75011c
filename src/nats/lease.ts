import { jetstream } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { LeaseError, messageOf } from '../protocol/errors.ts';
import { buckets } from '../protocol/subjects.ts';
import { openLapsing } from './streams.ts';

const lifeMs = 2_000;
const renewMs = 500;

/**
 * Who runs something, as a key that lapses 2 s after its last renewal.
 *
 * A lease keeps two from working at once in the ordinary case; what keeps a stale one from doing harm is the revision of the
 * snapshots. So a lease that lapsed while this process was stopped is simply taken again if nobody else has it.
 */
export class Lease {
  readonly #connection: NatsConnection;
  readonly #bucket: KV;
  readonly #key: string;
  readonly #owner: string;
  readonly #lost: (error: LeaseError) => void;
  #revision: number;
  #timer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;

  private constructor(
    connection: NatsConnection,
    bucket: KV,
    { key, owner, lost }: { key: string; owner: string; lost: (error: LeaseError) => void },
    revision: number,
  ) {
    this.#connection = connection;
    this.#bucket = bucket;
    this.#key = key;
    this.#owner = owner;
    this.#lost = lost;
    this.#revision = revision;
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    }, renewMs);
  }

  /**
   * Take a lease; waits for that of a holder that has died to lapse.
   * @param options.lost called once, when somebody else has it.
   * @throws LeaseError when somebody else holds and renews it.
   */
  static async acquire(
    connection: NatsConnection,
    options: { key: string; owner: string; lost: (error: LeaseError) => void },
  ): Promise<Lease> {
    const bucket = await openLapsing(connection, 'leases');
    const deadline = Date.now() + 2 * lifeMs;
    for (;;) {
      try {
        const revision = await bucket.create(options.key, options.owner, `${lifeMs / 1_000}s`);
        return new Lease(connection, bucket, options, revision);
      } catch (error) {
        const holder = await bucket.get(options.key);
        if (holder?.operation !== 'PUT') continue;
        if (Date.now() > deadline) throw heldBy(options.key, holder.string(), error);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Let it go. */
  async release(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#renewing;
    if (this.#connection.isClosed()) return;
    try {
      await this.#bucket.delete(this.#key, { previousSeq: this.#revision });
    } catch (error) {
      // It lapses on its own, or is another's by now.
      if (!(error instanceof Error)) throw error;
    }
  }

  async #renew(): Promise<void> {
    const header = headers();
    header.set('Nats-TTL', `${lifeMs / 1_000}s`);
    header.set('Nats-Expected-Last-Subject-Sequence', String(this.#revision));
    try {
      const stored = await jetstream(this.#connection).publish(`$KV.${buckets.leases}.${this.#key}`, this.#owner, {
        headers: header,
        timeout: lifeMs,
      });
      this.#revision = stored.seq;
    } catch {
      await this.#retake();
    }
  }

  /** It lapsed, the server was away, or an answer got lost. */
  async #retake(): Promise<void> {
    try {
      this.#revision = await this.#bucket.create(this.#key, this.#owner, `${lifeMs / 1_000}s`);
      return;
    } catch (error) {
      const holder = await this.#bucket.get(this.#key).catch(() => null);
      if (holder?.operation !== 'PUT') return;
      if (holder.string() === this.#owner) {
        this.#revision = holder.revision;
        return;
      }
      if (this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
      this.#lost(heldBy(this.#key, holder.string(), error));
    }
  }
}

function heldBy(key: string, holder: string, cause: unknown): LeaseError {
  return new LeaseError(`campaign ${key} is being run by ${holder}; stop it there first`, {
    code: 'lease.held',
    details: { key, holder, cause: messageOf(cause) },
    cause,
  });
}
