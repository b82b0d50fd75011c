import type { KV } from '@nats-io/kv';
import { LeaseError } from '../protocol/errors.ts';
import type { SnapshotStore } from '../runtime/contracts.ts';

/** JetStream's code for a write that expected another last revision. */
const wrongLastSequence = 10071;

/** Snapshots as values of a KV bucket, one key an actor, fenced by the key's revision. */
export class NatsSnapshotStore implements SnapshotStore {
  readonly #bucket: KV;
  readonly #campaign: string;

  constructor(bucket: KV, campaign: string) {
    this.#bucket = bucket;
    this.#campaign = campaign;
  }

  async load(actor: string): Promise<{ record: unknown; revision: number } | null> {
    const entry = await this.#bucket.get(`${this.#campaign}.${actor}`);
    if (entry?.operation !== 'PUT') return null;
    return { record: entry.json<unknown>(), revision: entry.revision };
  }

  async save(actor: string, record: unknown, revision: number): Promise<number> {
    const key = `${this.#campaign}.${actor}`;
    const json = JSON.stringify(record);
    for (;;) {
      try {
        return revision === 0 ? await this.#bucket.create(key, json) : await this.#bucket.update(key, json, revision);
      } catch (error) {
        if ((error as { code?: number }).code === wrongLastSequence) {
          // An answer that was lost with the connection: it may be our own write.
          const now = await this.#bucket.get(key);
          if (now !== null && now.revision !== revision && now.string() === json) return now.revision;
          throw new LeaseError(
            `somebody else runs actor ${actor} of campaign ${this.#campaign} (revision ${now?.revision ?? 0} is not ${revision}); this one stops`,
            { cause: error },
          );
        }
        if (!(error instanceof Error) || !['TimeoutError', 'RequestError', 'NoRespondersError'].includes(error.name))
          throw error;
        // The server is away: what is due is written when it is back.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}
