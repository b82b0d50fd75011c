/** The worker of one machine: takes tasks from the queue, has them computed, stores what came of them. */
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
import { messageOf } from '../protocol/errors.ts';
import type { Registration } from '../protocol/registration.ts';
import { toTaskFailure } from '../protocol/task.ts';
import { FreezeWatch } from './freeze-watch.ts';
import { launchChildren, type Answer, type ChildPool, type LaunchOptions } from './child-pool.ts';
import { progressMessage } from './held-task.ts';
import { HeldTasks } from './held-tasks.ts';
import { Heartbeat } from './heartbeat.ts';
import { whyNotMine } from './other-editions.ts';
import { newRegistration, Registrar } from './registration.ts';
import { Outbox } from './outbox.ts';
import { ResultStore } from './result-store.ts';
import { Retries } from './retries.ts';
import { newWorkerId } from './worker-id.ts';
import { answerForWorker, statusOf, type WorkerStatus } from './worker-status.ts';
import { TaskFlow } from './task-flow.ts';
import { renewMs, TaskSource } from './task-source.ts';
import { within } from './within.ts';
import type { Editions, Offer } from './wire.ts';

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
  /** What it is doing; null before it is registered. */
  readonly status: WorkerStatus | null;
  /** Take nothing more, finish what runs for at most so long, give the rest back, and leave. */
  drain(graceMs: number): Promise<void>;
  /** End at once: everything killed, what was not finished given back. */
  kill(): Promise<void>;
}

/** How long a server that does not answer keeps a worker from leaving. */
const leaveMs = 3_000;
/** How long results that others left may take before tasks are taken all the same. */
const leftoversMs = 1_000;
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
  readonly #held: HeldTasks;
  readonly #flow: TaskFlow;
  readonly #sources = new Map<string, TaskSource>();
  readonly #host = hostname();
  readonly #schedule = oncePerTurn(() => this.#speak());
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #freezes = new FreezeWatch();
  readonly #stopWatching: () => void;
  #offer: Offer = {};
  #registrar: Registrar | null = null;
  #answers: Promise<{ close(): Promise<unknown> }> | null = null;
  #heartbeat: Heartbeat | null = null;
  #absent: () => void = () => undefined;
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
      marked: ({ campaign, task }) => this.#flow.cancel(campaign, task),
      refused: (error) => this.#logger.warn({ error: messageOf(error) }, 'a mark of a cancelled task is none'),
    });
    this.#pool = children;
    this.#held = new HeldTasks(this.#connection, () => this.#changed());
    this.#flow = new TaskFlow({
      worker: { id: this.id, host: this.#host },
      held: this.#held,
      pool: children,
      store: this.#store,
      retries: this.#retries,
      cancellations: this.#cancellations,
      boundAt: (workerClass) => this.#sources.get(workerClass)?.boundAt ?? { server: 0, local: 0 },
      freezes: this.#freezes,
      changed: () => this.#changed(),
      logger: this.#logger,
    });
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
      done: (assignment, outcome, child) => this.#flow.done(assignment, outcome, child),
      returned: (assignments) => this.#flow.returned(assignments),
      progress: (run, partial) => this.#progress(run, partial),
      object: (kind, ref, answer) => void this.#object(kind, ref, answer),
      room: () => {
        this.#schedule();
        this.#whenEnded();
      },
    });
    this.#stopWatching = watchConnection(this.#connection, {
      lost: () => (this.#connected = false),
      back: () => void this.#reconnected(),
    });
  }

  get status(): WorkerStatus | null {
    const registration = this.#registrar?.registration ?? null;
    return registration && statusOf(registration, this.#pool.running, this.#held, this.#flow.tally);
  }

  drain(graceMs: number): Promise<void> {
    this.#ending ??= this.#drain(graceMs);
    return this.#ending;
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#flow.stop();
    for (const source of this.#sources.values()) source.stop();
    void this.#pool.close();
    for (const held of this.#held.open) this.#held.settle(held, 'giveBack');
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
        onTask: (delivery) => this.#flow.take(delivery),
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
    if (this.#ending !== null || this.#isKilled) return;
    void this.#warnOfOthers(editions);
    this.#flow.open(offer);
    this.#answer(registration);
    this.#timers.push(setInterval(() => this.#renew(), renewMs));
    this.#heartbeat = new Heartbeat(this.#connection, { id: this.id, slots }, () =>
      this.#held.holdings(this.#pool.running),
    );
    this.#schedule();
  }

  /** Questions are answered beside the work: that they cannot be is no reason to compute nothing. */
  #answer(registration: Registration): void {
    this.#answers = answerForWorker(this.#connection, registration, () => this.status);
    this.#answers.catch((error: unknown) =>
      this.#logger.warn({ error: messageOf(error) }, 'no questions are answered'),
    );
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

  /** A task came, went or ended. */
  #changed(): void {
    this.#heartbeat?.changed();
    this.#schedule();
    this.#whenEnded();
  }

  /**
   * Say what there is to say: how much more there is room for, then results, then acknowledgements. In this order, since a slot
   * waits for the answer to the first; nobody waits for the others as long.
   */
  #speak(): void {
    const room = this.#connected ? this.#flow.room : 0;
    for (const source of this.#sources.values()) source.want(room);
    this.#flow.speak();
    this.#held.speak();
  }

  /** Tell the queue what is still worked on. */
  #renew(): void {
    if (!this.#connected) return;
    this.#held.renew();
    this.#schedule();
  }

  async #reconnected(): Promise<void> {
    this.#logger.info('the connection to NATS is back');
    await Promise.all([ensureTaskStreams(this.#connection), this.#cancellations.reconnected()]).catch(
      (error: unknown) => {
        this.#logger.warn({ error: messageOf(error) }, 'the streams could not be looked at');
      },
    );
    await within(leftoversMs, this.#store.deliverLeftovers());
    await Promise.all([...this.#sources.values()].map((source) => source.reconnected()));
    this.#connected = true;
    this.#schedule();
  }

  #progress(run: number, partial: string): void {
    const held = this.#held.ofRun(run);
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
    this.#flow.stop();
    for (const source of this.#sources.values()) source.stop();
    if (this.#connected) await within(leaveMs, this.#registrar?.change({ draining: true }));
    this.#pool.recall();
    await within(
      graceMs,
      this.#until(() => this.#pool.assigned.length === 0),
    );
    // What is computed is stored in a moment, and what is looked up is answered, unless the server is away.
    await within(
      leaveMs,
      this.#until(() => this.#held.size === 0),
    );
    void this.#pool.close();
    for (const held of this.#held.open) this.#held.settle(held, 'giveBack');
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
    this.#freezes.close();
    this.#stopWatching();
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
    await this.#registrar?.close();
    // It says goodbye to the server, which may be away: nothing waits for that.
    void this.#answers?.then((answers) => answers.close()).catch(() => undefined);
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
