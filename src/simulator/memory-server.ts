import { LeaseError, ResourceError } from '../protocol/errors.ts';
import type { Clock } from '../runtime/contracts.ts';
import { ClaimTable } from './claim-table.ts';
import { FinishedTasks } from './finished-tasks.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryQueue } from './memory-queue.ts';
import { WorkerTable } from './worker-table.ts';

/** What a NATS server takes at most, unless it was told otherwise. */
const mostBytes = 1_048_576;

/**
 * A message as a server takes it.
 * @throws ResourceError when it is too big.
 */
export function withinLimit(json: string, what: string): string {
  if (json.length <= mostBytes) return json;
  throw new ResourceError(`${what} has ${json.length} characters: a server takes ${mostBytes} bytes`);
}

/** What a server keeps, in memory: the log of each campaign, snapshots, claims, workers, and the work queue that all share. */
export class MemoryServer {
  readonly queue: MemoryQueue;
  readonly workers = new WorkerTable();
  /** Tasks whose results are stored. */
  readonly finished = new FinishedTasks();
  readonly #time: Clock;
  readonly #logs = new Map<string, MemoryLog>();
  readonly #claims = new Map<string, ClaimTable>();
  readonly #snapshots = new Map<string, { json: string; revision: number; position: number }>();
  readonly #onBack = new Set<() => void>();
  #revisions = 0;
  #isDown = false;
  #lives = 1;
  #skewMs = 0;
  #largestSnapshot = 0;

  constructor(time: Clock) {
    this.#time = time;
    this.queue = new MemoryQueue(this);
  }

  /** The server's clock, ms since 1970. */
  now(): number {
    return this.#time.now() + this.#skewMs;
  }

  /** Set the server's clock forward, or back. */
  jump(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** How often it was started. */
  get lives(): number {
    return this.#lives;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** Killed: nobody reaches it. What it has stored, and the ids of it, are on its disk. @param isLost see {@link MemoryQueue.restart}. */
  kill(isLost: () => boolean): void {
    this.#isDown = true;
    this.#lives += 1;
    this.queue.restart(isLost);
  }

  /** It is back: tells all who wait for it. */
  revive(): void {
    this.#isDown = false;
    for (const claims of this.#claims.values()) claims.serverIsBack();
    for (const tell of [...this.#onBack]) tell();
  }

  /** Call back each time that the server is back, until the returned function is called. */
  onBack(callback: () => void): () => void {
    this.#onBack.add(callback);
    return () => this.#onBack.delete(callback);
  }

  /** The log of a campaign, made when it is first asked for. */
  log(campaign: string): MemoryLog {
    const log = this.#logs.get(campaign) ?? new MemoryLog(this);
    this.#logs.set(campaign, log);
    return log;
  }

  /** Who runs which actor of a campaign. */
  claims(campaign: string): ClaimTable {
    const claims = this.#claims.get(campaign) ?? new ClaimTable(this.#time, () => this.#isDown);
    this.#claims.set(campaign, claims);
    return claims;
  }

  loadSnapshot(key: string): { record: unknown; revision: number } | null {
    const stored = this.#snapshots.get(key);
    return stored === undefined ? null : { record: JSON.parse(stored.json), revision: stored.revision };
  }

  /** Length of the longest snapshot that was ever written. */
  get largestSnapshot(): number {
    return this.#largestSnapshot;
  }

  /** Position of the last snapshot under a key; 0 when there is none. */
  snapshotPosition(key: string): number {
    return this.#snapshots.get(key)?.position ?? 0;
  }

  /**
   * Replace the snapshot that has this revision; one that is there already, word for word, is taken for this write.
   * @throws LeaseError when it has another revision.
   */
  saveSnapshot(key: string, json: string, revision: number, position: number): number {
    const stored = this.#snapshots.get(key);
    if ((stored?.revision ?? 0) !== revision) {
      if (stored?.json === json) return stored.revision;
      throw new LeaseError(`snapshot ${key} has revision ${stored?.revision ?? 0}, not ${revision}`);
    }
    this.#revisions += 1;
    this.#largestSnapshot = Math.max(this.#largestSnapshot, json.length);
    this.#snapshots.set(key, { json, revision: this.#revisions, position });
    return this.#revisions;
  }
}
