import type { KV, KvEntry } from '@nats-io/kv';
import { LeaseError } from '../protocol/errors.ts';
import type { SnapshotStore } from '../runtime/contracts.ts';
import { isPassing } from './answered.ts';

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
        // The server is away: what is due is written when it is back.
        if (isPassing(error)) await new Promise((resolve) => setTimeout(resolve, 100));
        else if ((error as { code?: number }).code !== wrongLastSequence) throw error;
        else {
          const own = await this.#ownRevision(actor, json, revision, error);
          if (own !== null) return own;
        }
      }
    }
  }

  /**
   * The revision of our own write, whose answer was lost with the connection; null when the server does not say.
   * @throws LeaseError when the snapshot is somebody else's.
   */
  async #ownRevision(actor: string, json: string, revision: number, cause: unknown): Promise<number | null> {
    let now: KvEntry | null;
    try {
      now = await this.#bucket.get(`${this.#campaign}.${actor}`);
    } catch (error) {
      if (isPassing(error)) return null;
      throw error;
    }
    if (now !== null && now.revision !== revision && now.string() === json) return now.revision;
    throw new LeaseError(
      `somebody else runs actor ${actor} of campaign ${this.#campaign} (revision ${now?.revision ?? 0} is not ${revision}); this one stops`,
      { cause },
    );
  }
}
