import { mkdirSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { campaignFile } from '../campaign/load.ts';
import { ConfigError, exitCodes, MissingError, ResourceError, type CoxswainError } from '../protocol/errors.ts';
import type { TaskFailure } from '../protocol/task.ts';
import { ChildHandle, type Assignment } from './child-handle.ts';
import { nextMean, prefetchPerSlot, shortTaskMs } from './credit.ts';
import { Reaper } from './reaper.ts';
import { StartClock, startLimitsMs, type StartLimits } from './start-clock.ts';
import { newWorkerId } from './worker-id.ts';
import type { ChildSettings, Editions, FromChild, Offer, Outcome, ToChild } from './wire.ts';

export interface PoolEvents {
  /** The first child has loaded its campaigns, and this is what it will compute. */
  readonly loaded: (offer: Offer, editions: Editions) => void;
  /** The first child is warm. */
  readonly ready: () => void;
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
}
export type Answer = (path: string | null, failure: TaskFailure | null) => void;

/** What children are launched with. */
export interface LaunchOptions {
  /** Campaign folders, whose methods the children compute. */
  readonly folders: readonly string[];
  /** Tasks at a time, one child process and one core each; default: the cores that this process may use. */
  readonly slots?: number | undefined;
  /** Where this machine keeps its copies of objects, in a folder `objects`. */
  readonly cacheDir: string;
  readonly logger: Logger;
  /** How long a child may take to get ready; default: minutes. */
  readonly startLimitsMs?: StartLimits | undefined;
}

/**
 * Start the children of a worker: what takes longest, and needs nothing else, NATS least of all.
 * @throws ConfigError for a number of slots that is none, or a folder without a campaign.
 */
export function launchChildren(options: LaunchOptions): ChildPool {
  const slots = options.slots ?? availableParallelism();
  if (!Number.isInteger(slots) || slots < 1) {
    throw new ConfigError(`a worker needs a whole number of slots, at least 1; ${slots} is none`);
  }
  if (options.folders.length === 0) throw new ConfigError('a worker needs at least one campaign folder');
  options.folders.forEach(campaignFile);
  const folders = options.folders.map((folder) => resolve(folder));
  const objectsFolder = join(resolve(options.cacheDir), 'objects');
  mkdirSync(objectsFolder, { recursive: true });
  const scratch = join(resolve(process.env['COX_SCRATCH'] ?? tmpdir()), `cox-${newWorkerId()}`);
  return new ChildPool(slots, { folders, objectsFolder }, scratch, options);
}

/** A task that computes for this long is not short, whatever its method's tasks were so far, ms. */
const patienceMs = 20;
const mostStarts = 5;
/** How often the memory of runs that have a limit is looked at, ms. */
const memoryLookMs = 250;

/**
 * The children of a worker, one a slot: who is free, who died, and how many tasks may be at hand.
 *
 * The first child is started alone, and the others once it has loaded its campaigns: what a folder lacks is said once.
 */
export class ChildPool {
  readonly slots: number;
  /** Folder of the scratch folders of this worker's tasks. */
  readonly scratch: string;
  readonly #settings: ChildSettings;
  readonly #logger: Logger;
  readonly #reaper: Reaper;
  readonly #starts: StartClock;
  #events: PoolEvents | null = null;
  readonly #children = new Map<number, ChildHandle>();
  readonly #meanMs = new Map<string, number>();
  #overallMeanMs = Infinity;
  #nextNumber = 1;
  #failedStarts = 0;
  #loaded: { readonly offer: Offer; readonly editions: Editions } | null = null;
  #wasReady = false;
  #failure: CoxswainError | null = null;
  #closed = false;
  #closing: Promise<void> | null = null;
  #watch: NodeJS.Timeout | null = null;
  #memoryWatch: NodeJS.Timeout | null = null;
  readonly #restarts = new Set<NodeJS.Timeout>();

  constructor(
    slots: number,
    settings: ChildSettings,
    scratch: string,
    { logger, startLimitsMs: limits = startLimitsMs }: Pick<LaunchOptions, 'logger' | 'startLimitsMs'>,
  ) {
    this.slots = slots;
    this.scratch = scratch;
    this.#settings = settings;
    this.#logger = logger;
    this.#reaper = new Reaper(scratch, logger);
    this.#starts = new StartClock(limits, (number, failure) => {
      const child = this.#children.get(number);
      if (child !== undefined) this.#broken(child, failure, exitCodes.failed);
    });
    this.#start();
  }

  /** Where objects that the children read and write are kept. */
  get objectsFolder(): string {
    return this.#settings.objectsFolder;
  }

  /** Tell this of everything from now on, and at once of what has come of the first child. */
  listen(events: PoolEvents): void {
    this.#events = events;
    if (this.#loaded !== null) events.loaded(this.#loaded.offer, this.#loaded.editions);
    if (this.#wasReady) events.ready();
    if (this.#failure !== null) events.broken(this.#failure);
  }

  get readyCount(): number {
    return [...this.#children.values()].filter(({ ready }) => ready).length;
  }

  /** Assignments that are not done. */
  get assigned(): Assignment[] {
    return [...this.#children.values()].flatMap(({ assigned }) => assigned);
  }

  /** The runs that compute now, and since when, ms since 1970. */
  get running(): { run: number; since: number }[] {
    return [...this.#children.values()].flatMap(({ assigned: [head], headSince }) =>
      head === undefined ? [] : [{ run: head.run, since: performance.timeOrigin + headSince }],
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
    if (assignment.memoryMb !== null) this.#memoryWatch ??= setInterval(() => this.#checkMemory(), memoryLookMs);
    if (best.assigned.length > 1) this.#watch ??= setInterval(() => this.#recallBehindSlow(), patienceMs);
    return true;
  }

  /** End a run that computes or waits: it is done, with this failure, within a second. */
  abort(run: number, failure: TaskFailure): void {
    for (const child of this.#children.values()) if (child.abort(run, failure)) return;
  }

  /** Ask for everything back that has not started. */
  recall(): void {
    for (const child of this.#children.values()) recallFrom(child);
  }

  /** Kill every child with all that it started; resolves when their scratch folders are gone. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#watch !== null) clearInterval(this.#watch);
    if (this.#memoryWatch !== null) clearInterval(this.#memoryWatch);
    for (const restart of this.#restarts) clearTimeout(restart);
    this.#starts.close();
    for (const child of this.#children.values()) child.kill();
    this.#closing ??= this.#reaper.close();
    return this.#closing;
  }

  #start(): void {
    if (this.#closed) return;
    const child = new ChildHandle(this.#nextNumber++, this.#settings, this.scratch, {
      message: (from, message) => this.#hear(from, message),
      exit: (from, how) => this.#ended(from, how),
    });
    this.#children.set(child.number, child);
    this.#starts.enter(child.number, 'loading');
    this.#tellGroups();
  }

  #hear(child: ChildHandle, message: FromChild): void {
    if (!this.#children.has(child.number)) return;
    switch (message[0]) {
      case 'loaded':
        this.#starts.enter(child.number, 'warming');
        this.#loadedBy(child, message[1], message[2]);
        return;
      case 'ready':
        this.#starts.leave(child.number);
        child.ready = true;
        this.#failedStarts = 0;
        if (!this.#wasReady) this.#events?.ready();
        this.#wasReady = true;
        this.#events?.room();
        return;
      case 'broken':
        this.#broken(child, message[1], message[2]);
        return;
      case 'done':
        this.#done(child, message[1]);
        return;
      case 'recalled': {
        const returned = message[1].map((run) => child.release(run)).filter((one) => one !== null);
        if (returned.length > 0) this.#events?.returned(returned);
        return;
      }
      case 'progress':
        this.#events?.progress(message[1], message[2]);
        return;
      case 'fetch':
      case 'upload': {
        const [kind, question, ref] = message;
        this.#events?.object(kind, ref, (path, failure) => {
          const answer: ToChild = ['answer', question, path, failure];
          child.send(answer);
        });
      }
    }
  }

  #tellGroups(): void {
    if (!this.#closed) this.#reaper.watch([...this.#children.values()].map(({ pid }) => pid).filter((pid) => pid > 0));
  }

  #loadedBy(child: ChildHandle, offer: Offer, editions: Editions): void {
    if (this.#loaded !== null) {
      if (isDeepStrictEqual(editions, this.#loaded.editions)) return;
      this.#children.delete(child.number);
      const message = 'its campaign folder has changed since this worker started; start the worker again';
      this.#broken(child, { code: 'methods.changed', message, retry: 'elsewhere', details: {} }, exitCodes.usage);
      return;
    }
    this.#loaded = { offer, editions };
    this.#events?.loaded(offer, editions);
    for (let n = this.#children.size; n < this.slots; n++) this.#start();
  }

  #broken(child: ChildHandle, failure: TaskFailure, exitCode: number): void {
    this.#starts.leave(child.number);
    const { code, message } = failure;
    if (!this.#wasReady) {
      const kind = exitCode === 3 ? MissingError : exitCode === 2 ? ConfigError : ResourceError;
      this.#fail(new kind(message, { code, details: failure.details }));
    } else {
      this.#logger.error({ child: child.number, code }, `a child cannot be started: ${message}`);
    }
    child.kill();
  }

  #fail(error: CoxswainError): void {
    if (this.#closed) return;
    this.#failure = error;
    this.#closed = true;
    this.#events?.broken(error);
  }

  #done(child: ChildHandle, outcome: Outcome): void {
    const assignment = child.release(outcome.run);
    if (assignment === null) return;
    const key = methodKey(assignment);
    this.#meanMs.set(key, nextMean(this.#meanMs.get(key) ?? Infinity, outcome.wallMs));
    this.#overallMeanMs = nextMean(this.#overallMeanMs, outcome.wallMs);
    this.#events?.done(assignment, outcome, child.number);
    this.#events?.room();
  }

  #ended(child: ChildHandle, how: { exitCode: number | null; signal: NodeJS.Signals | null }): void {
    this.#children.delete(child.number);
    this.#starts.leave(child.number);
    this.#tellGroups();
    // When all of them end, the reaper looks for what they leave.
    if (!this.#closed) child.endLeftovers();
    const [head, ...rest] = child.assigned;
    if (head !== undefined && !this.#closed) {
      const failure = child.abortedFor ?? childDied(head, how);
      this.#events?.done(head, outcomeOfDeath(head, failure, child.headSince), child.number);
    }
    if (rest.length > 0 && !this.#closed) this.#events?.returned(rest);
    this.#replace(child, how);
    this.#events?.room();
  }

  #replace(child: ChildHandle, how: { exitCode: number | null; signal: NodeJS.Signals | null }): void {
    if (this.#closed) return;
    const wasReady = child.wasReady;
    if (!wasReady) this.#failedStarts += 1;
    if (!this.#wasReady && this.#failedStarts >= mostStarts) {
      this.#fail(
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

  #checkMemory(): void {
    let anyLimits = false;
    for (const child of this.#children.values()) {
      anyLimits ||= child.assigned.some(({ memoryMb }) => memoryMb !== null);
      child.checkMemory();
    }
    if (anyLimits || this.#memoryWatch === null) return;
    clearInterval(this.#memoryWatch);
    this.#memoryWatch = null;
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
