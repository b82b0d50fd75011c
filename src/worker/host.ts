/** The worker of one machine: takes tasks from the queue, has them computed, stores what came of them. */
import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Logger } from 'pino';
import { Cancellations } from '../nats/cancellations.ts';
import { watchConnection } from '../nats/connection.ts';
import { bePresent } from '../nats/presence.ts';
import { ObjectCache } from '../nats/objects.ts';
import { oncePerTurn } from '../nats/once-per-turn.ts';
import { ensureTaskStreams, storeIdentity } from '../nats/streams.ts';
import { messageOf, ProtocolError } from '../protocol/errors.ts';
import type { Beat } from '../protocol/registration.ts';
import { poisonIn } from '../protocol/retry.ts';
import { toTaskFailure, type TaskFailure } from '../protocol/task.ts';
import type { Assignment } from './child-handle.ts';
import { launchChildren, type Answer, type ChildPool, type LaunchOptions } from './child-pool.ts';
import { progressMessage, readTask, salvageTask, unknownMethod, type HeldTask } from './held-task.ts';
import { Heartbeat } from './heartbeat.ts';
import { whyNotMine } from './other-editions.ts';
import { newRegistration, Registrar } from './registration.ts';
import { Outbox } from './outbox.ts';
import { resultId } from './result-index.ts';
import { ResultStore } from './result-store.ts';
import { Retries } from './retries.ts';
import { newWorkerId } from './worker-id.ts';
import { acknowledge, renewMs, TaskSource, type Acknowledgement, type Delivery } from './task-source.ts';
import { within } from './within.ts';
import { outcomeWithout, type Editions, type Offer, type Outcome } from './wire.ts';

export interface WorkerOptions extends LaunchOptions {
  readonly connection: NatsConnection;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Children that were launched before with the same folders and slots, so that they start while NATS is loaded. */
  readonly children?: ChildPool | undefined;
}

/** A running worker. */
export interface WorkerHost {
  readonly id: string;
  /** Resolves when it takes tasks; rejects when it cannot start: a campaign that does not load, a program that is missing. */
  readonly ready: Promise<void>;
  /** Take nothing more, finish what runs for at most so long, give the rest back, and leave. */
  drain(graceMs: number): Promise<void>;
  /** End at once: everything killed, what was not finished given back. */
  kill(): Promise<void>;
}

/** How long a server that does not answer keeps a worker from leaving. */
const leaveMs = 3_000;
/** How long results that others left may take before tasks are taken all the same. */
const leftoversMs = 1_000;
/** A task that this version cannot read is offered again after so long. */
const newerMs = 5_000;
/** A task that was queued so long after it was made may be a second copy, of a process that was frozen meanwhile. */
const lateMs = 60_000;
/** Results on their way to the server beyond which no more tasks are taken. */
const mostUnstored = 1_024;

/**
 * Start a worker on this machine.
 * @throws ConfigError for a number of slots that is none, or a folder without a campaign.
 */
export async function startWorker(options: WorkerOptions): Promise<WorkerHost> {
  const children = options.children ?? launchChildren(options);
  try {
    await ensureTaskStreams(options.connection);
    return new Host(options, children, await storeIdentity(options.connection));
  } catch (error) {
    await children.close();
    throw error;
  }
}

class Host implements WorkerHost {
  readonly id = newWorkerId();
  readonly ready: Promise<void>;
  readonly #connection: NatsConnection;
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  readonly #startedAt = Date.now();
  readonly #pool: ChildPool;
  readonly #store: ResultStore;
  readonly #retries: Retries;
  readonly #cancellations: Cancellations;
  readonly #objects: ObjectCache;
  readonly #held = new Map<string, HeldTask>();
  readonly #byRun = new Map<number, HeldTask>();
  readonly #sources = new Map<string, TaskSource>();
  readonly #host = hostname();
  /** What is to be said at the end of this turn: results to store, deliveries to answer. */
  readonly #finished: [HeldTask, Outcome, number][] = [];
  readonly #settled: [string, Acknowledgement][] = [];
  readonly #schedule = oncePerTurn(() => this.#speak());
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stopWatching: () => void;
  #offer: Offer = {};
  #registrar: Registrar | null = null;
  #heartbeat: Heartbeat | null = null;
  #absent: () => void = () => undefined;
  #nextRun = 1;
  /** Sequences of the tasks that are for newer workers: each is spoken of once. */
  readonly #toNewer = new Set<number>();
  /** Tasks that came again and are looked up. */
  #looking = 0;
  #unstored = 0;
  #pulling = false;
  #connected = true;
  #ending: Promise<void> | null = null;
  #isKilled = false;
  /** Looks, each time a task ended, whether there is anything left to wait for. */
  #whenEnded: () => void = () => undefined;
  #leaving: Promise<void> | null = null;

  constructor(options: WorkerOptions, children: ChildPool, place: string) {
    this.#options = options;
    this.#connection = options.connection;
    this.#logger = options.logger.child({ worker: this.id });
    this.#objects = new ObjectCache(this.#connection, children.objectsFolder);
    const outbox = new Outbox(join(resolve(options.cacheDir), 'outbox'), {
      worker: this.id,
      place,
      logger: this.#logger,
    });
    this.#store = new ResultStore(this.#connection, outbox, this.#logger);
    this.#retries = new Retries(this.#connection, { id: this.id, host: this.#host }, this.#logger);
    this.#cancellations = new Cancellations(this.#connection, {
      marked: ({ campaign, task }) => this.#cancel(campaign, task),
      refused: (error) => this.#logger.warn({ error: messageOf(error) }, 'a mark of a cancelled task is none'),
    });
    this.#pool = children;
    let serving: Promise<void> | null = null;
    let isReady: () => void = () => undefined;
    let isBroken: (error: unknown) => void = () => undefined;
    this.ready = new Promise((resolve, reject) => ([isReady, isBroken] = [resolve, reject]));
    // Whoever only drains a worker that never got ready is not to be ended by it.
    this.ready.catch(() => undefined);
    children.listen({
      loaded: (offer, editions) => {
        serving = this.#serve(offer, editions);
        serving.catch(isBroken);
      },
      ready: () => void serving?.then(() => this.#sayReady()).then(isReady, isBroken),
      broken: (error) => void this.kill().finally(() => isBroken(error)),
      done: (assignment, outcome, child) => this.#done(assignment, outcome, child),
      returned: (assignments) => this.#returned(assignments),
      progress: (run, partial) => this.#progress(run, partial),
      object: (kind, ref, answer) => void this.#object(kind, ref, answer),
      room: () => this.#schedule(),
    });
    this.#stopWatching = watchConnection(this.#connection, {
      lost: () => (this.#connected = false),
      back: () => void this.#reconnected(),
    });
  }

  drain(graceMs: number): Promise<void> {
    this.#ending ??= this.#drain(graceMs);
    return this.#ending;
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#pulling = false;
    for (const source of this.#sources.values()) source.stop();
    void this.#pool.close();
    for (const held of this.#held.values()) if (!held.ended) this.#giveBack(held);
    await within(500, this.#keepRest());
    await within(500, this.#leave());
    this.#whenEnded();
  }

  async #serve(offer: Offer, editions: Editions): Promise<void> {
    this.#offer = offer;
    for (const workerClass of Object.keys(offer)) {
      const source = new TaskSource(this.#connection, {
        workerClass,
        logger: this.#logger,
        onTask: (delivery) => this.#take(delivery),
      });
      this.#sources.set(workerClass, source);
    }
    await Promise.all([this.#cancellations.open(), ...[...this.#sources.values()].map((source) => source.open())]);
    const { labels = {} } = this.#options;
    const { slots } = this.#pool;
    const registration = newRegistration({ id: this.id, slots, offer, editions, labels, startedAt: this.#startedAt });
    this.#absent = bePresent(this.#connection, this.id);
    this.#registrar = new Registrar(this.#connection, registration, this.#logger);
    await this.#registrar.open();
    // First, so that their tasks are found finished when they come.
    await within(leftoversMs, this.#store.deliverLeftovers());
    if (this.#ending !== null) return;
    void this.#warnOfOthers(editions);
    this.#pulling = true;
    this.#timers.push(setInterval(() => this.#renew(), renewMs));
    this.#heartbeat = new Heartbeat(this.#connection, { id: this.id, slots }, () => this.#holdings());
    this.#schedule();
  }

  async #warnOfOthers(editions: Editions): Promise<void> {
    try {
      for (const why of await whyNotMine(this.#connection, editions)) this.#logger.warn(why);
    } catch (error) {
      this.#logger.debug({ error: messageOf(error) }, 'the campaigns could not be looked at');
    }
  }

  #sayReady(): void {
    const methods = Object.entries(this.#offer).map(([name, offered]) => `${name}: ${Object.keys(offered).join(', ')}`);
    this.#logger.info(`worker ${this.id} ready: ${this.#pool.slots} slots; ${methods.join('; ')}`);
  }

  #take(delivery: Delivery): void {
    let held: HeldTask;
    try {
      held = readTask(delivery, this.#nextRun++);
    } catch (error) {
      this.#refuse(delivery, error);
      return;
    }
    const known = this.#held.get(held.id);
    if (known !== undefined) {
      // Given out again while we have it, as after a restart of the server: what counts is the newest delivery.
      known.delivery = delivery;
      known.touchedAt = Date.now();
      this.#schedule();
      return;
    }
    if (!this.#pulling) {
      this.#settled.push([delivery.reply, 'giveBack']);
      this.#schedule();
      return;
    }
    this.#hold(held);
    const boundAt = this.#sources.get(delivery.workerClass)?.boundAt ?? { server: 0, local: 0 };
    if (delivery.delivery > 1) void this.#lookUp(held, undefined);
    else if (delivery.storedAt < boundAt.server) void this.#lookUp(held, boundAt.local);
    else if (delivery.storedAt - held.task.createdAt > lateMs) void this.#lookUp(held, undefined);
    else this.#dispatch(held);
  }

  /** No finished simulation is run again: a task that may have been finished is looked for among the results first. */
  async #lookUp(held: HeldTask, asOf: number | undefined): Promise<void> {
    this.#looking += 1;
    const [found] = await Promise.all([
      this.#store.find(held, asOf),
      held.delivery.delivery > 1 ? this.#retries.recall(held) : undefined,
    ]);
    this.#looking -= 1;
    if (!this.#held.has(held.id)) return;
    if (found === 'unknown') this.#dispatch(held);
    else this.#settle(held, found === 'stored' ? 'done' : 'terminate');
    this.#schedule();
  }

  #dispatch(held: HeldTask): void {
    const { run, task, text, delivery } = held;
    const { workerClass } = delivery;
    const limits = this.#offer[workerClass]?.[task.method];
    const failure = this.#cancellations.failureOf(task.campaign, task.id) ?? poisonIn(held.attempts);
    if (failure !== null) this.#finish(held, outcomeWithout(run, failure), 0);
    else if (!this.#pulling) this.#giveBack(held);
    else if (limits === undefined) {
      this.#finish(held, outcomeWithout(run, unknownMethod(held, this.#offer[workerClass] ?? {})), 0);
    } else {
      const scratch = join(this.#pool.scratch, String(run));
      const timeoutMs = task.timeoutMs ?? limits.timeoutMs;
      const memoryMb = task.memoryMb ?? limits.memoryMb;
      const assigned = this.#pool.assign({ run, workerClass, method: task.method, text, scratch, timeoutMs, memoryMb });
      if (!assigned) this.#giveBack(held);
    }
    this.#schedule();
  }

  #done({ run, scratch }: Assignment, outcome: Outcome, child: number): void {
    // Its child may have ended with it.
    if (outcome.failure !== null) rmSync(scratch, { recursive: true, force: true });
    const held = this.#byRun.get(run);
    if (held === undefined) return;
    if (outcome.failure === null) this.#finish(held, outcome, child);
    else void this.#failed(held, outcome, outcome.failure, child);
  }

  async #failed(held: HeldTask, outcome: Outcome, failure: TaskFailure, child: number): Promise<void> {
    // Whoever ends this worker may have ended its children first: that is no fault of the task.
    if (this.#ending !== null && failure.code === 'worker.child-died') {
      this.#giveBack(held);
      return;
    }
    const { campaign, id, method } = held.task;
    const limits = this.#offer[held.delivery.workerClass]?.[method];
    const fate = await this.#retries.judge(held, failure, limits?.retries ?? {});
    if (this.#byRun.get(held.run) !== held) return;
    const final = 'giveBackAfterMs' in fate ? this.#cancellations.failureOf(campaign, id) : fate;
    if (final !== null) this.#finish(held, { ...outcome, failure: final }, child);
    else if ('giveBackAfterMs' in fate) this.#settle(held, fate);
  }

  /** End a task that somebody wants ended, if it is here. */
  #cancel(campaign: string, task: string): void {
    const held = this.#held.get(resultId(campaign, task));
    const failure = this.#cancellations.failureOf(campaign, task);
    if (held !== undefined && failure !== null && !held.ended) this.#pool.abort(held.run, failure);
  }

  #finish(held: HeldTask, outcome: Outcome, child: number): void {
    held.ended = true;
    this.#whenEnded();
    this.#heartbeat?.changed();
    this.#unstored += 1;
    this.#finished.push([held, outcome, child]);
    this.#schedule();
  }

  /** Store how a task ended, then say so to the queue: in this order, or a result could be lost. */
  #keep(held: HeldTask, outcome: Outcome, child: number): void {
    this.#store
      .store(held, outcome, { id: this.id, host: this.#host, child })
      .finally(() => (this.#unstored -= 1))
      .then(
        (storage) => {
          if (storage === 'no-place')
            this.#logger.error({ task: held.id }, 'nobody keeps the results of this task any more');
          // What is kept is delivered by another worker: its task is not to be run again.
          if (storage !== 'kept') this.#settle(held, storage === 'stored' ? 'done' : 'terminate');
        },
        (error: unknown) => {
          const problem = { task: held.id, error: messageOf(error) };
          this.#logger.error(problem, 'a result was not stored; its task is given out again');
          this.#giveBack(held);
        },
      );
  }

  #returned(assignments: Assignment[]): void {
    for (const { run } of assignments) {
      const held = this.#byRun.get(run);
      if (held !== undefined) this.#dispatch(held);
    }
  }

  /**
   * A message that is no task: never given out again, and whoever asked is told, if it says who that is. One of a newer protocol
   * is left for a newer worker.
   */
  #refuse(delivery: Delivery, error: unknown): void {
    if (error instanceof ProtocolError && error.code === 'protocol.newer') {
      if (!this.#toNewer.has(delivery.sequence)) this.#logger.error(`${error.message}; left for a newer worker`);
      this.#toNewer.add(delivery.sequence);
      this.#settled.push([delivery.reply, { giveBackAfterMs: newerMs }]);
      this.#schedule();
      return;
    }
    this.#logger.error(
      { sequence: delivery.sequence, error: messageOf(error) },
      'a message in the task queue is no task',
    );
    const salvaged = salvageTask(delivery, this.#nextRun++);
    if (salvaged === null || this.#held.has(salvaged.id)) {
      this.#settled.push([delivery.reply, 'terminate']);
      this.#schedule();
      return;
    }
    this.#hold(salvaged);
    this.#finish(salvaged, outcomeWithout(salvaged.run, toTaskFailure(error)), 0);
  }

  #hold(held: HeldTask): void {
    this.#held.set(held.id, held);
    this.#byRun.set(held.run, held);
    this.#heartbeat?.changed();
  }

  #giveBack(held: HeldTask): void {
    this.#settle(held, 'giveBack');
  }

  #settle(held: HeldTask, how: Acknowledgement): void {
    this.#held.delete(held.id);
    this.#byRun.delete(held.run);
    this.#settled.push([held.delivery.reply, how]);
    this.#heartbeat?.changed();
    this.#schedule();
    this.#whenEnded();
  }

  /** Say what there is to say: results, then acknowledgements, then how much more there is room for. */
  #speak(): void {
    for (const [held, outcome, child] of this.#finished.splice(0)) this.#keep(held, outcome, child);
    for (const [reply, how] of this.#settled.splice(0)) acknowledge(this.#connection, reply, how);
    const takes = this.#pulling && this.#connected && this.#unstored < mostUnstored;
    const room = takes ? this.#pool.room - this.#looking : 0;
    for (const source of this.#sources.values()) source.want(Math.max(0, room));
  }

  /** Tell the queue what is still worked on, before it takes us for dead. */
  #renew(): void {
    if (!this.#connected) return;
    const now = Date.now();
    for (const held of this.#held.values()) {
      if (now - held.touchedAt < renewMs * 0.9) continue;
      held.touchedAt = now;
      acknowledge(this.#connection, held.delivery.reply, 'working');
    }
    this.#schedule();
  }

  /** What the heartbeat says is held: with their newest deliveries, and since when those that run compute. */
  #holdings(): Beat['held'] {
    const since = new Map(this.#pool.running.map(({ run, since }) => [run, since]));
    return [...this.#held.values()].map(({ run, ended, task, delivery }) => ({
      campaign: task.campaign,
      task: task.id,
      reply: delivery.reply,
      runningSince: ended ? null : (since.get(run) ?? null),
    }));
  }

  async #reconnected(): Promise<void> {
    this.#logger.info('the connection to NATS is back');
    await Promise.all([ensureTaskStreams(this.#connection), this.#cancellations.reconnected()]).catch(
      (error: unknown) => {
        this.#logger.warn({ error: messageOf(error) }, 'the streams could not be looked at');
      },
    );
    await Promise.all([...this.#sources.values()].map((source) => source.reconnected()));
    this.#connected = true;
    this.#schedule();
  }

  #progress(run: number, partial: string): void {
    const held = this.#byRun.get(run);
    if (held === undefined || this.#connection.isClosed()) return;
    this.#connection.publish(...progressMessage(held, this.id, partial));
  }

  async #object(kind: 'fetch' | 'upload', ref: string, answer: Answer): Promise<void> {
    try {
      if (kind === 'fetch') answer(await this.#objects.path(ref), null);
      else {
        await this.#objects.upload(ref);
        answer(ref, null);
      }
    } catch (error) {
      answer(null, toTaskFailure(error));
    }
  }

  async #drain(graceMs: number): Promise<void> {
    this.#pulling = false;
    for (const source of this.#sources.values()) source.stop();
    if (this.#connected) await within(leaveMs, this.#registrar?.change({ draining: true }));
    this.#pool.recall();
    await within(
      graceMs,
      this.#until(() => [...this.#held.values()].every(({ ended }) => ended)),
    );
    // What is computed is stored in a moment, unless the server is away.
    await within(
      leaveMs,
      this.#until(() => this.#held.size === 0),
    );
    void this.#pool.close();
    for (const held of this.#held.values()) if (!held.ended) this.#giveBack(held);
    await this.#keepRest();
    await within(this.#connected ? leaveMs : 500, this.#leave());
  }

  /** Resolves when this holds, or when this worker is to end at once. */
  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEnded = () => {
        if (this.#isKilled || holds()) resolve();
      };
      this.#whenEnded();
    });
  }

  /** Results that are not stored are for the next worker of this host. */
  async #keepRest(): Promise<void> {
    this.#speak();
    await this.#store.keepRest();
  }

  #leave(): Promise<void> {
    this.#leaving ??= this.#signOff();
    return this.#leaving;
  }

  async #signOff(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopWatching();
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
    await this.#registrar?.close();
    this.#heartbeat?.close();
    this.#absent();
    this.#retries.close();
    await this.#cancellations.close();
    await this.#store.close();
    this.#speak();
    if (!this.#connection.isClosed()) await this.#connection.flush();
    await this.#pool.close();
  }
}
