/**
 * What the runtime needs from the world, free of any transport: a log, a place for snapshots, a work queue, a clock. NATS is
 * one implementation; memory is another. One contract suite holds both to these promises.
 */
import type { Fact, StoredFact } from '../protocol/fact.ts';
import type { Task } from '../protocol/task.ts';

/** What a subscriber of a log receives, in the log's order. */
export type FactListener = (fact: StoredFact) => void;

/** The ordered log of one campaign. */
export interface CampaignLog {
  /**
   * Store a fact under its source; resolves when it is stored. A fact with an id that was stored within the last two minutes
   * is dropped. Facts appended without waiting are stored in the order of the calls, unless the connection broke meanwhile.
   */
  append(source: string, fact: Fact): Promise<{ sequence: number }>;
  /** Deliver everything from a sequence on, in order, each once, then what is appended later; until closed. */
  follow(from: number, listener: FactListener): Promise<{ close(): Promise<void> }>;
  /** Deliver what is stored from a sequence on, and stop. */
  read(from: number, listener: FactListener): Promise<void>;
}

/** The last snapshot of each actor, fenced by revision. */
export interface SnapshotStore {
  load(actor: string): Promise<{ record: unknown; revision: number } | null>;
  /**
   * Replace the snapshot that has this revision (0: none yet); resolves with the new one.
   * @throws LeaseError when somebody else has written since: whoever sees this has lost the actor and stops.
   */
  save(actor: string, record: unknown, revision: number): Promise<number>;
}

/** What a holder of claims is told. */
export interface ClaimListener {
  /** Nobody runs this actor any more, or never has: it may be claimed. Said once for each actor that is free at the start. */
  free(actor: string): void;
  /** Somebody else runs an actor that was ours. */
  lost(actor: string, owner: string): void;
}

/**
 * Who runs which actor of a campaign: one process at a time in the ordinary case. What keeps a stale one from doing harm is the
 * revision of the snapshots and the ids of what it says; claims keep two from working at once for long.
 */
export interface ActorClaims {
  /** Tell of what is free and of what is lost, from now on; resolves when what is free now has been told. */
  open(listener: ClaimListener): Promise<void>;
  /** Take an actor; false when a process that lives has it. One that has it already keeps it. */
  claim(actor: string): Promise<boolean>;
  /** Give it up, so that a standby may take it at once. */
  release(actor: string): Promise<void>;
  /** Who has an actor, as people call a process; null when nobody has. */
  ownerOf(actor: string): string | null;
  /**
   * Null while what we hold is certainly ours; else a promise of certainty, to be awaited before anything is stored: this process
   * may have been frozen, or cut off, for longer than others wait. What it finds lost is told to the listener before it resolves.
   */
  doubt(): Promise<void> | null;
  /** Give up everything. */
  close(): Promise<void>;
}

/** That a task which waits in the queue is not wanted any more. */
export interface Withdrawal {
  readonly task: string;
  /** Why, and the actor that says so. */
  readonly reason: string;
  readonly source: string;
}

/** Tasks on their way to a worker. */
export interface TaskQueue {
  /** Queue a task for the workers; resolves when it is stored. */
  enqueue(task: Task): Promise<void>;
  /**
   * Let a task of this campaign end as failed with `task.withdrawn`, by the first worker that takes it and without being run; one
   * that a worker has started goes on. Resolves when that is stored; the second time changes nothing.
   */
  withdraw(withdrawal: Withdrawal): Promise<void>;
  /** Ids of this campaign's tasks that wait for a worker or are being computed. */
  held(): Promise<ReadonlySet<string>>;
}

/** The clock by which timers are armed in process. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Call once after so many ms; returns how to call it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** One transition of an actor, as published for whoever looks. */
export interface Inspection {
  readonly actor: string;
  readonly sequence: number;
  readonly event: { readonly type: string };
  readonly before: unknown;
  readonly after: unknown;
  readonly said: readonly string[];
}

/** The machine's clock. */
export const systemClock: Clock = {
  // Finer than Date.now(): stages of a hop are fractions of a millisecond.
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, callback) => {
    // Longer delays than a timer of Node holds are waited for in steps.
    const longestMs = 2 ** 31 - 1;
    let timer: NodeJS.Timeout;
    const arm = (restMs: number): void => {
      timer = setTimeout(
        () => (restMs > longestMs ? arm(restMs - longestMs) : callback()),
        Math.min(restMs, longestMs),
      );
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
