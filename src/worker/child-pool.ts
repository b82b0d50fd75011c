import type { Logger } from 'pino';
import { ConfigError, MissingError, ResourceError, type CoxswainError } from '../protocol/errors.ts';
import type { TaskFailure } from '../protocol/task.ts';
import { ChildHandle, timedOut, type Assignment } from './child-handle.ts';
import { nextMean, prefetchPerSlot, shortTaskMs } from './credit.ts';
import type { ChildSettings, FromChild, Outcome, ToChild } from './wire.ts';

/** The methods of each class, with their time limits in ms. */
export type Offer = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface PoolEvents {
  /** The first child is ready, and this is what it computes. */
  readonly ready: (offer: Offer) => void;
  /** No child can be started. */
  readonly broken: (error: CoxswainError) => void;
  /** An assignment ended, in whatever way. */
  readonly done: (assignment: Assignment, outcome: Outcome, child: number) => void;
  /** Assignments that no child has started came back. */
  readonly returned: (assignments: Assignment[]) => void;
  readonly progress: (run: number, partial: string) => void;
  readonly object: (kind: 'fetch' | 'upload', ref: string, answer: Answer) => void;
  /** There may be more room than before. */
  readonly room: () => void;
  /** These process groups live now, and no others. */
  readonly groups: (groups: readonly number[]) => void;
}
export type Answer = (path: string | null, failure: TaskFailure | null) => void;

/** A task that computes for this long is not short, whatever its method's tasks were so far, ms. */
const patienceMs = 20;
const mostStarts = 5;

/**
 * The children of a worker, one a slot: who is free, who died, and how many tasks may be at hand.
 *
 * The first child is started alone, so that the worker serves as soon as can be; the others follow.
 */
export class ChildPool {
  readonly #slots: number;
  readonly #settings: ChildSettings;
  readonly #events: PoolEvents;
  readonly #logger: Logger;
  readonly #children = new Map<number, ChildHandle>();
  readonly #meanMs = new Map<string, number>();
  #overallMeanMs = Infinity;
  #nextNumber = 1;
  #failedStarts = 0;
  #offered = false;
  #closed = false;
  #watch: NodeJS.Timeout | null = null;
  readonly #restarts = new Set<NodeJS.Timeout>();

  constructor(slots: number, settings: ChildSettings, events: PoolEvents, logger: Logger) {
    this.#slots = slots;
    this.#settings = settings;
    this.#events = events;
    this.#logger = logger;
    this.#start();
  }

  get readyCount(): number {
    return [...this.#children.values()].filter(({ ready }) => ready).length;
  }

  /** Assignments that are not done. */
  get assigned(): Assignment[] {
    return [...this.#children.values()].flatMap(({ assigned }) => assigned);
  }

  /** The runs that compute now, by child. */
  get running(): { child: number; run: number }[] {
    return [...this.#children.values()].flatMap(({ number, assigned: [head] }) =>
      head === undefined ? [] : [{ child: number, run: head.run }],
    );
  }

  /** How many more tasks can be taken now, those at hand for short ones included. */
  get room(): number {
    const ahead = prefetchPerSlot(this.#overallMeanMs);
    const now = performance.now();
    let room = 0;
    for (const child of this.#children.values()) {
      if (child.ready) room += Math.max(0, 1 + (isSlow(child, now) ? 0 : ahead) - child.assigned.length);
    }
    return room;
  }

  /** Give a task to a free child, or, if its method's are short, to the one with the least at hand; false when none can. */
  assign(assignment: Assignment): boolean {
    const ahead = prefetchPerSlot(this.#meanMs.get(methodKey(assignment)) ?? Infinity);
    const now = performance.now();
    let best: ChildHandle | null = null;
    for (const child of this.#children.values()) {
      const most = child.assigned.length > 0 && isSlow(child, now) ? 0 : ahead;
      if (!child.ready || child.assigned.length > most) continue;
      if (best === null || child.assigned.length < best.assigned.length) best = child;
    }
    if (best === null) return false;
    best.assign(assignment);
    if (best.assigned.length > 1) this.#watch ??= setInterval(() => this.#recallBehindSlow(), patienceMs);
    return true;
  }

  /** Ask for everything back that has not started. */
  recall(): void {
    for (const child of this.#children.values()) recallFrom(child);
  }

  /** Kill every child with all that it started. */
  close(): void {
    this.#closed = true;
    if (this.#watch !== null) clearInterval(this.#watch);
    for (const restart of this.#restarts) clearTimeout(restart);
    for (const child of this.#children.values()) child.kill();
  }

  #start(): void {
    if (this.#closed) return;
    const child = new ChildHandle(this.#nextNumber++, this.#settings, {
      message: (from, message) => this.#hear(from, message),
      exit: (from, how) => this.#ended(from, how),
    });
    this.#children.set(child.number, child);
    this.#tellGroups();
  }

  #hear(child: ChildHandle, message: FromChild): void {
    switch (message[0]) {
      case 'ready':
        child.ready = true;
        this.#failedStarts = 0;
        this.#firstReady(message[1]);
        this.#events.room();
        return;
      case 'broken':
        this.#broken(child, message[1], message[2]);
        return;
      case 'done':
        this.#done(child, message[1]);
        return;
      case 'recalled': {
        const returned = message[1].map((run) => child.release(run)).filter((one) => one !== null);
        if (returned.length > 0) this.#events.returned(returned);
        return;
      }
      case 'progress':
        this.#events.progress(message[1], message[2]);
        return;
      case 'fetch':
      case 'upload': {
        const [kind, question, ref] = message;
        this.#events.object(kind, ref, (path, failure) => {
          const answer: ToChild = ['answer', question, path, failure];
          child.send(answer);
        });
      }
    }
  }

  #tellGroups(): void {
    this.#events.groups([...this.#children.values()].map(({ pid }) => pid).filter((pid) => pid > 0));
  }

  #firstReady(offer: Offer): void {
    if (this.#offered) return;
    this.#offered = true;
    this.#events.ready(offer);
    for (let n = this.#children.size; n < this.#slots; n++) this.#start();
  }

  #broken(child: ChildHandle, failure: TaskFailure, exitCode: number): void {
    const { code, message } = failure;
    if (!this.#offered) {
      const kind = exitCode === 3 ? MissingError : exitCode === 2 ? ConfigError : ResourceError;
      this.#closed = true;
      this.#events.broken(new kind(message, { code, details: failure.details }));
    } else {
      this.#logger.error({ child: child.number, code }, `a child cannot be started: ${message}`);
    }
    child.kill();
  }

  #done(child: ChildHandle, outcome: Outcome): void {
    const assignment = child.release(outcome.run);
    if (assignment === null) return;
    const key = methodKey(assignment);
    this.#meanMs.set(key, nextMean(this.#meanMs.get(key) ?? Infinity, outcome.wallMs));
    this.#overallMeanMs = nextMean(this.#overallMeanMs, outcome.wallMs);
    this.#events.done(assignment, outcome, child.number);
    this.#events.room();
  }

  #ended(child: ChildHandle, how: { exitCode: number | null; signal: NodeJS.Signals | null }): void {
    this.#children.delete(child.number);
    this.#tellGroups();
    const [head, ...rest] = child.assigned;
    if (head !== undefined && !this.#closed) {
      const failure = child.isAborting ? timedOut(head) : childDied(head, how);
      this.#events.done(head, outcomeOfDeath(head, failure, child.headSince), child.number);
    }
    if (rest.length > 0 && !this.#closed) this.#events.returned(rest);
    this.#replace(child, how);
    this.#events.room();
  }

  #replace(child: ChildHandle, how: { exitCode: number | null; signal: NodeJS.Signals | null }): void {
    if (this.#closed) return;
    const wasReady = child.wasReady;
    if (!wasReady) this.#failedStarts += 1;
    if (!this.#offered && this.#failedStarts >= mostStarts) {
      this.#closed = true;
      this.#events.broken(
        new ResourceError(
          `no child process of this worker gets ready: ${mostStarts} ended while starting (${endOf(how)})`,
        ),
      );
      return;
    }
    this.#logger.warn({ child: child.number, ...how }, 'a child process ended and is replaced');
    const waitMs = wasReady ? 0 : Math.min(5_000, 100 * 2 ** this.#failedStarts);
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#start();
    }, waitMs);
    this.#restarts.add(restart);
  }

  /** A method whose tasks were short has one that is not: what waits behind it may find another slot, here or elsewhere. */
  #recallBehindSlow(): void {
    const now = performance.now();
    let crowded = false;
    for (const child of this.#children.values()) {
      if (child.assigned.length < 2) continue;
      crowded = true;
      if (isSlow(child, now)) recallFrom(child);
    }
    if (crowded || this.#watch === null) return;
    clearInterval(this.#watch);
    this.#watch = null;
  }
}

function recallFrom(child: ChildHandle): void {
  const waiting = child.assigned.slice(1).map(({ run }) => run);
  if (waiting.length > 0) child.send(['recall', waiting]);
}

function isSlow(child: ChildHandle, now: number): boolean {
  return child.assigned.length > 0 && now - child.headSince > Math.max(patienceMs, shortTaskMs);
}

function methodKey({ workerClass, method }: Assignment): string {
  return `${workerClass}/${method}`;
}

function endOf({ exitCode, signal }: { exitCode: number | null; signal: NodeJS.Signals | null }): string {
  return signal === null ? `exit code ${exitCode ?? 'unknown'}` : signal;
}

function childDied(head: Assignment, how: { exitCode: number | null; signal: NodeJS.Signals | null }): TaskFailure {
  return {
    code: 'worker.child-died',
    message: `the process that computed ${methodKey(head)} died (${endOf(how)}); its memory may have run out`,
    retry: 'elsewhere',
    details: { ...how },
  };
}

function outcomeOfDeath(head: Assignment, failure: TaskFailure, since: number): Outcome {
  const now = performance.now();
  const wallMs = now - since;
  const endedAt = performance.timeOrigin + now;
  return {
    run: head.run,
    value: null,
    failure,
    wallMs,
    cpuMs: 0,
    startedAt: endedAt - wallMs,
    endedAt,
    readMs: 0,
    writeMs: 0,
  };
}
