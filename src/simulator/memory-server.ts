import { LeaseError } from '../protocol/errors.ts';
import type { Clock } from '../runtime/contracts.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryQueue } from './memory-queue.ts';

/** What a server keeps, in memory: the log of each campaign, snapshots, and the work queue that all campaigns share. */
export class MemoryServer {
  readonly queue: MemoryQueue;
  readonly #clock: Clock;
  readonly #logs = new Map<string, MemoryLog>();
  readonly #snapshots = new Map<string, { json: string; revision: number }>();
  #revisions = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.queue = new MemoryQueue(clock);
  }

  /** The log of a campaign, made when it is first asked for. */
  log(campaign: string): MemoryLog {
    const log = this.#logs.get(campaign) ?? new MemoryLog(this.#clock);
    this.#logs.set(campaign, log);
    return log;
  }

  loadSnapshot(key: string): { record: unknown; revision: number } | null {
    const stored = this.#snapshots.get(key);
    return stored === undefined ? null : { record: JSON.parse(stored.json), revision: stored.revision };
  }

  /**
   * Replace the snapshot that has this revision; one that is there already, word for word, is taken for this write.
   * @throws LeaseError when it has another revision.
   */
  saveSnapshot(key: string, json: string, revision: number): number {
    const stored = this.#snapshots.get(key);
    if ((stored?.revision ?? 0) !== revision) {
      if (stored?.json === json) return stored.revision;
      throw new LeaseError(`snapshot ${key} has revision ${stored?.revision ?? 0}, not ${revision}`);
    }
    this.#revisions += 1;
    this.#snapshots.set(key, { json, revision: this.#revisions });
    return this.#revisions;
  }
}
