import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Cancellations } from '../nats/cancellations.ts';
import { messageOf, ProtocolError } from '../protocol/errors.ts';
import { poisonIn } from '../protocol/retry.ts';
import { toTaskFailure, type TaskFailure } from '../protocol/task.ts';
import type { Assignment } from './child-handle.ts';
import type { ChildPool } from './child-pool.ts';
import type { FreezeWatch } from './freeze-watch.ts';
import { readTask, salvageTask, unknownMethod, type Computer, type HeldTask } from './held-task.ts';
import type { HeldTasks } from './held-tasks.ts';
import { resultId } from './result-index.ts';
import type { ResultStore } from './result-store.ts';
import type { Retries } from './retries.ts';
import type { Delivery } from './task-source.ts';
import { outcomeWithout, type Offer, type Outcome } from './wire.ts';
import { WorkerTally } from './worker-status.ts';

/** What the way of a task needs of its worker. */
export interface TaskFlowOptions {
  readonly worker: Omit<Computer, 'child'>;
  readonly held: HeldTasks;
  readonly pool: ChildPool;
  readonly store: ResultStore;
  readonly retries: Retries;
  readonly cancellations: Cancellations;
  /** When the queue of a class was last taken up: see `TaskSource`. */
  readonly boundAt: (workerClass: string) => { readonly server: number; readonly local: number };
  /** Whether this process was frozen: what comes then may be out of date, and what took long may not have computed that long. */
  readonly freezes: FreezeWatch;
  /** Called when there is something to say. */
  readonly changed: () => void;
  readonly logger: Logger;
}

/** Results on their way to the server beyond which no more tasks are taken. */
const mostUnstored = 1_024;
/** A task that this version cannot read is offered again after so long. */
const newerMs = 5_000;
/** A task that was queued so long after it was made may be a second copy, of a process that was frozen meanwhile. */
const lateMs = 60_000;

/**
 * The way of a task through a worker: taken, looked up if it may have been finished, given to a child, and, once it has ended,
 * stored and answered for, or given back to be tried again.
 */
export class TaskFlow {
  readonly #options: TaskFlowOptions;
  readonly #held: HeldTasks;
  /** Results to store at the end of this turn. */
  readonly #finished: [HeldTask, Outcome, child: number][] = [];
  /** Sequences of the tasks that are for newer workers: each is spoken of once. */
  readonly #toNewer = new Set<number>();
  readonly tally = new WorkerTally();
  #offer: Offer | null = null;
  #nextRun = 1;
  /** Tasks that came again and are looked up. */
  #looking = 0;
  #unstored = 0;

  constructor(options: TaskFlowOptions) {
    this.#options = options;
    this.#held = options.held;
  }

  /** Start tasks of these methods from now on. */
  open(offer: Offer): void {
    this.#offer = offer;
  }

  /** Start nothing more: what comes, and what has not started, is given back. */
  stop(): void {
    this.#offer = null;
  }

  /** How many more tasks may be taken now. */
  get room(): number {
    if (this.#offer === null || this.#unstored >= mostUnstored) return 0;
    return Math.max(0, this.#options.pool.room - this.#looking);
  }

  take(delivery: Delivery): void {
    let held: HeldTask;
    try {
      held = readTask(delivery, this.#nextRun++);
    } catch (error) {
      this.#refuse(delivery, error);
      return;
    }
    const known = this.#held.withId(held.id);
    if (known !== undefined) {
      // Given out again while we have it, as after a restart of the server: what counts is the newest delivery.
      known.delivery = delivery;
      known.touchedAt = Date.now();
      this.#options.changed();
      return;
    }
    if (this.#offer === null) {
      this.#held.answer(delivery.reply, 'giveBack');
      return;
    }
    this.#held.hold(held);
    const boundAt = this.#options.boundAt(delivery.workerClass);
    if (delivery.delivery > 1) void this.#lookUp(held, undefined);
    else if (delivery.storedAt < boundAt.server) void this.#lookUp(held, boundAt.local);
    else if (delivery.storedAt - held.task.createdAt > lateMs || this.#options.freezes.wasFrozen) {
      void this.#lookUp(held, undefined);
    } else this.#dispatch(held);
  }

  /** A child has ended a run. */
  done({ run, scratch }: Assignment, outcome: Outcome, child: number): void {
    this.tally.count(outcome);
    // Its child may have ended with it.
    if (outcome.failure !== null) this.#clear(scratch);
    const held = this.#held.ofRun(run);
    if (held === undefined) return;
    if (outcome.failure === null) this.#finish(held, outcome, child);
    else void this.#failed(held, outcome, outcome.failure, child);
  }

  /** Runs that no child has started came back. */
  returned(assignments: readonly Assignment[]): void {
    for (const { run } of assignments) {
      const held = this.#held.ofRun(run);
      if (held !== undefined) this.#dispatch(held);
    }
  }

  /** End a task that somebody wants ended, if it is here. */
  cancel(campaign: string, task: string): void {
    const held = this.#held.withId(resultId(campaign, task));
    const failure = this.#options.cancellations.failureOf(campaign, task);
    if (held !== undefined && failure !== null && !held.ended) this.#options.pool.abort(held.run, failure);
  }

  /** What cannot be removed, such as a folder that a program still writes into, goes with the worker. */
  #clear(scratch: string): void {
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch (error) {
      this.#options.logger.warn(
        { scratch, error: messageOf(error) },
        'a scratch folder is left until this worker ends',
      );
    }
  }

  /** Store what has ended. */
  speak(): void {
    for (const [held, outcome, child] of this.#finished.splice(0)) this.#keep(held, outcome, child);
  }

  /** No finished simulation is run again: a task that may have been finished is looked for among the results first. */
  async #lookUp(held: HeldTask, asOf: number | undefined): Promise<void> {
    const { store, retries } = this.#options;
    this.#looking += 1;
    const [found] = await Promise.all([
      store.find(held, asOf),
      held.delivery.delivery > 1 ? retries.recall(held) : undefined,
    ]);
    this.#looking -= 1;
    if (this.#held.ofRun(held.run) !== held) return;
    if (found === 'unknown') this.#dispatch(held);
    else this.#held.settle(held, found === 'stored' ? 'done' : 'terminate');
  }

  #dispatch(held: HeldTask): void {
    const { run, task, text, delivery } = held;
    const { workerClass } = delivery;
    const { pool, cancellations } = this.#options;
    const failure = cancellations.failureOfWaiting(task.campaign, task.id) ?? poisonIn(held.attempts);
    const methods = this.#offer?.[workerClass] ?? {};
    const limits = methods[task.method];
    if (failure !== null) this.#finish(held, outcomeWithout(run, failure), 0);
    else if (this.#offer === null) this.#held.settle(held, 'giveBack');
    else if (limits === undefined) this.#finish(held, outcomeWithout(run, unknownMethod(held, methods)), 0);
    else {
      const scratch = join(pool.scratch, String(run));
      const timeoutMs = task.timeoutMs ?? limits.timeoutMs;
      const memoryMb = task.memoryMb ?? limits.memoryMb;
      const assigned = pool.assign({ run, workerClass, method: task.method, text, scratch, timeoutMs, memoryMb });
      if (!assigned) this.#held.settle(held, 'giveBack');
    }
    this.#options.changed();
  }

  async #failed(held: HeldTask, outcome: Outcome, failure: TaskFailure, child: number): Promise<void> {
    // Whoever ends this worker may have ended its children first: that is no fault of the task.
    if (this.#offer === null && failure.code === 'worker.child-died') {
      this.#held.settle(held, 'giveBack');
      return;
    }
    const { retries, cancellations, freezes, logger } = this.#options;
    if (failure.code === 'task.timed-out' && freezes.wasFrozenSince(outcome.startedAt)) {
      logger.warn({ task: held.id }, 'this worker was frozen while a task ran out of time: it is left to the queue');
      this.#held.drop(held);
      return;
    }
    const { campaign, id, method } = held.task;
    const limits = this.#offer?.[held.delivery.workerClass]?.[method];
    const fate = await retries.judge(held, failure, limits?.retries ?? {});
    if (this.#held.ofRun(held.run) !== held) return;
    const final = 'giveBackAfterMs' in fate ? cancellations.failureOfWaiting(campaign, id) : fate;
    if (final !== null) this.#finish(held, { ...outcome, failure: final }, child);
    else if ('giveBackAfterMs' in fate) this.#held.settle(held, fate);
  }

  #finish(held: HeldTask, outcome: Outcome, child: number): void {
    held.ended = true;
    this.#unstored += 1;
    this.#finished.push([held, outcome, child]);
    this.#options.changed();
  }

  /** Store how a task ended, then say so to the queue: in this order, or a result could be lost. */
  #keep(held: HeldTask, outcome: Outcome, child: number): void {
    const { store, worker, logger } = this.#options;
    store
      .store(held, outcome, { ...worker, child })
      .finally(() => (this.#unstored -= 1))
      .then(
        (storage) => {
          if (storage === 'no-place') logger.error({ task: held.id }, 'nobody keeps the results of this task any more');
          // What is kept is delivered by another worker: its task is not to be run again.
          if (storage !== 'kept') this.#held.settle(held, storage === 'stored' ? 'done' : 'terminate');
        },
        (error: unknown) => {
          const problem = { task: held.id, error: messageOf(error) };
          logger.error(problem, 'a result was not stored; its task is given out again');
          this.#held.settle(held, 'giveBack');
        },
      );
  }

  /**
   * A message that is no task: never given out again, and whoever asked is told, if it says who that is. One of a newer protocol
   * is left for a newer worker.
   */
  #refuse(delivery: Delivery, error: unknown): void {
    const { logger } = this.#options;
    const { sequence, reply } = delivery;
    if (error instanceof ProtocolError && error.code === 'protocol.newer') {
      if (!this.#toNewer.has(sequence)) logger.error(`${error.message}; left for a newer worker`);
      this.#toNewer.add(sequence);
      this.#held.answer(reply, { giveBackAfterMs: newerMs });
      return;
    }
    logger.error({ sequence, error: messageOf(error) }, 'a message in the task queue is no task');
    const salvaged = salvageTask(delivery, this.#nextRun++);
    if (salvaged === null || this.#held.withId(salvaged.id) !== undefined) {
      this.#held.answer(reply, 'terminate');
      return;
    }
    this.#held.hold(salvaged);
    this.#finish(salvaged, outcomeWithout(salvaged.run, toTaskFailure(error)), 0);
  }
}
