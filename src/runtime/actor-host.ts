import type { ActorPlan } from '../protocol/actor.ts';
import { LeaseError } from '../protocol/errors.ts';
import { isSource } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { protocolVersion, type Task } from '../protocol/task.ts';
import type { CampaignLog, Clock, FactListener, Inspection, SnapshotStore, TaskQueue } from './contracts.ts';
import { RunningActor, type ActorPorts, type ActorView } from './running-actor.ts';
import type { Said } from './step.ts';

export interface ActorHostOptions {
  readonly plans: readonly ActorPlan[];
  readonly log: CampaignLog;
  readonly snapshots: SnapshotStore;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  /** Make a whole task of what an actor asked for: what is the same in the campaign, and arguments by candidate. */
  readonly completeTask: (request: unknown, source: string, createdAt: number) => Task;
  readonly inspect?: (inspection: Inspection) => void;
  /** Shown every fact of the log, from the first on. */
  readonly observe?: FactListener;
  /** Null while these actors are certainly ours to run, else a promise of certainty: awaited before anything is stored. */
  readonly doubt?: () => Promise<void> | null;
  /** Told of an actor that another process has; it is dropped here. Without this it ends all of them. */
  readonly lost?: (actor: string) => void;
  /** Called once, when the actors cannot go on. */
  readonly fail: (error: unknown) => void;
}

/** What was found in the log and the queue when actors were started again. */
interface Recovery {
  /** Up to here effects may have been stored by an earlier life. */
  readonly end: number;
  /** Ids of facts that are stored. */
  readonly stored: ReadonlySet<string>;
  /** Tasks that need not be queued again: they wait, run, or are done; and those of them that are done. */
  readonly queued: ReadonlySet<string>;
  readonly finished: ReadonlySet<string>;
}

/**
 * The actors of a campaign that this process runs, and the facts on their way to and from them.
 *
 * A restart replays the log from the oldest snapshot and asks for the same effects under the same ids. What is stored already
 * is found by looking, not by trusting a deduplication window: facts in the log, tasks in the queue or among the results.
 */
export class ActorHost {
  /** The actors by name; those that were dropped are not among them. */
  readonly #actors: Map<string, RunningActor>;
  readonly #following: { close(): Promise<void> };

  private constructor(actors: Map<string, RunningActor>, following: { close(): Promise<void> }) {
    this.#actors = actors;
    this.#following = following;
  }

  /** Load, recover and run actors; resolves when they follow the log. */
  static async start(options: ActorHostOptions): Promise<ActorHost> {
    let failed = false;
    const actors = new Map<string, RunningActor>();
    // All of them: an actor that went on would act on facts whose other consequences nobody draws any more.
    const halt = (): void => {
      failed = true;
      for (const actor of actors.values()) actor.halt();
    };
    const fail = (error: unknown): void => {
      if (failed) return;
      halt();
      options.fail(error);
    };
    const recovery: { found: Recovery } = {
      found: { end: 0, stored: new Set(), queued: new Set(), finished: new Set() },
    };
    /** Whether an actor is still ours, once that is certain. */
    const isOurs = async (name: string): Promise<boolean> => {
      const doubt = options.doubt?.() ?? null;
      if (doubt !== null) await doubt;
      return actors.has(name);
    };
    const portsOf = (name: string): ActorPorts => ({
      snapshots: {
        load: (actor) => options.snapshots.load(actor),
        save: async (actor, record, revision) =>
          (await isOurs(name)) ? options.snapshots.save(actor, record, revision) : revision,
      },
      clock: options.clock,
      say: async (actor, said, heardAt) => {
        if (await isOurs(name)) await sayAll(options, recovery.found, actor, said, heardAt);
      },
      fire: async (actor, timer, armed) => {
        if (await isOurs(name)) await sayTimer(options, actor, timer, armed);
      },
      inspect: options.inspect ?? (() => undefined),
      fail: (error) => {
        if (!(error instanceof LeaseError) || options.lost === undefined) fail(error);
        else if (!failed && actors.delete(name)) options.lost(name);
      },
    });
    const loaded = await Promise.all(options.plans.map((plan) => RunningActor.load(plan, portsOf(plan.actor.name))));
    for (const actor of loaded) actors.set(actor.definition.name, actor);
    const from = Math.min(...loaded.map((actor) => actor.position)) + 1;
    recovery.found = await recover(options, from);
    for (const actor of loaded) actor.start();
    const listener: FactListener = (fact) => {
      if (failed) return;
      try {
        for (const actor of actors.values()) actor.take(fact);
        options.observe?.(fact);
      } catch (error) {
        fail(error);
      }
    };
    try {
      return new ActorHost(actors, await options.log.follow(options.observe === undefined ? from : 1, listener));
    } catch (error) {
      halt();
      throw error;
    }
  }

  /** Each actor as it is now, by name. */
  get views(): Readonly<Record<string, ActorView>> {
    return Object.fromEntries([...this.#actors].map(([name, actor]) => [name, actor.view]));
  }

  /** Names of the actors that run here. */
  get names(): readonly string[] {
    return [...this.#actors.keys()];
  }

  /** Let go of an actor that another process runs: at once, and without a snapshot. */
  drop(name: string): void {
    this.#actors.get(name)?.halt();
    this.#actors.delete(name);
    if (this.#actors.size === 0) void this.#following.close();
  }

  /** Stop, with a last snapshot of every actor. */
  async stop(): Promise<void> {
    await this.#following.close();
    await Promise.all([...this.#actors.values()].map((actor) => actor.stop()));
  }
}

/** Look at what an earlier life has stored. The queue first: what leaves it later is among the results by then. */
async function recover({ plans, log, queue }: ActorHostOptions, from: number): Promise<Recovery> {
  const names = new Set(plans.map(({ actor }) => actor.name));
  const queued = new Set(await queue.held());
  const finished = new Set<string>();
  const stored = new Set<string>();
  let end = 0;
  await log.read(from, (fact: StoredFact) => {
    end = fact.sequence;
    if (names.has(fact.source)) stored.add(fact.id);
    if (fact.source === 'worker' && fact.event.type === 'task.finished') {
      const { id } = (fact.event as unknown as { result: { task: Task } }).result.task;
      queued.add(id);
      finished.add(id);
    }
  });
  return { end, stored, queued, finished };
}

/**
 * Store what an actor said, in order and without waiting in between; a task goes to the queue right behind its fact, and the word
 * that it is withdrawn likewise.
 */
async function sayAll(
  { log, queue, clock, completeTask }: ActorHostOptions,
  recovery: Recovery,
  actor: string,
  said: readonly Said[],
  heardAt: number,
): Promise<void> {
  if (!isSource(actor)) throw new TypeError(`${actor} has no events in the protocol`);
  const storing: Promise<unknown>[] = [];
  for (const { id, number, cause, event } of said) {
    const saidAt = clock.now();
    const task = event.type === 'task.created' ? completeTask(event['task'], actor, saidAt) : null;
    if (!recovery.stored.has(id)) {
      const whole = task === null ? event : { type: event.type, task };
      storing.push(log.append(actor, { v: protocolVersion, id, number, cause, heardAt, saidAt, event: whole }));
    }
    const mayBeQueued = cause <= recovery.end && recovery.queued.has(task?.id ?? '');
    if (task !== null && !mayBeQueued) storing.push(queue.enqueue(task));
    if (event.type === 'task.withdrawn') {
      const withdrawn = { task: String(event['task']), reason: String(event['reason']), source: actor };
      // What is said again by a restart may have had its end long ago.
      if (!recovery.finished.has(withdrawn.task)) storing.push(queue.withdraw(withdrawn));
    }
  }
  await Promise.all(storing);
}

/** A timer of an actor is due: a fact in its own channel, named by the arming. */
async function sayTimer({ log, clock }: ActorHostOptions, actor: string, timer: string, armed: number): Promise<void> {
  await log.append(actor, {
    v: protocolVersion,
    id: `${actor}/timer/${timer}/${armed}`,
    number: null,
    cause: armed,
    heardAt: null,
    saidAt: clock.now(),
    event: { type: 'timer.fired', timer, armed },
  });
}
