import type { ActorPlan } from '../protocol/actor.ts';
import { CoxswainError, messageOf } from '../protocol/errors.ts';
import { ActorHost, type ActorHostOptions } from './actor-host.ts';
import type { ActorClaims } from './contracts.ts';
import type { ActorView } from './running-actor.ts';

export interface StandbyOptions extends Omit<ActorHostOptions, 'lost' | 'doubt'> {
  readonly claims: ActorClaims;
  /** Told which actors run here, each time that this changes. */
  readonly changed?: (running: readonly string[]) => void;
  /** Told why actors cannot be started yet, once for each reason in a row; it is tried again. */
  readonly retrying?: (error: unknown) => void;
  /** Told of each actor that ran here and that another process has now. */
  readonly lost?: (actor: string, owner: string) => void;
}

const retryMs = 500;

/**
 * A process's part in a campaign: it runs those of its actors that nobody else runs, and stands by for the others.
 *
 * Actors that fall free together are started together and share one reader of the log. An actor that is lost, because this
 * process was frozen or cut off for too long, is let go of without a word; it may come back when it falls free again.
 */
export class Standby {
  readonly #options: StandbyOptions;
  readonly #plans: ReadonlyMap<string, ActorPlan>;
  /** The hosts of the actors that run here, by actor. */
  readonly #hosts = new Map<string, ActorHost>();
  readonly #free = new Set<string>();
  /** Actors that are being claimed and started, and those of them that were lost meanwhile. */
  readonly #claiming = new Set<string>();
  readonly #starting = new Set<string>();
  readonly #lostEarly = new Set<string>();
  #round: Promise<void> | null = null;
  /** Why actors could not be started the last time. */
  #hindrance = '';
  #isOver = false;

  private constructor(options: StandbyOptions) {
    this.#options = options;
    this.#plans = new Map(options.plans.map((plan) => [plan.actor.name, plan]));
  }

  /** Run what is free, and stand by for the rest; resolves when everything that was free at the start runs. */
  static async start(options: StandbyOptions): Promise<Standby> {
    const standby = new Standby(options);
    await options.claims.open({
      free: (actor) => standby.#noteFree(actor),
      lost: (actor, owner) => standby.#lose(actor, owner),
    });
    await standby.#round;
    return standby;
  }

  /** Names of the actors that run here. */
  get running(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** Each actor that runs here as it is now, by name. */
  get views(): Readonly<Record<string, ActorView>> {
    const views = [...new Set(this.#hosts.values())].map((host) => host.views);
    return Object.assign({}, ...views) as Record<string, ActorView>;
  }

  /** Stop with last snapshots, and give up every claim, so that others may go on at once. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#round;
    await Promise.all([...new Set(this.#hosts.values())].map((host) => host.stop()));
    await this.#options.claims.close();
    this.#hosts.clear();
  }

  #noteFree(actor: string): void {
    if (this.#isOver || !this.#plans.has(actor) || this.#hosts.has(actor)) return;
    // What was lost while it is started, and is free again, is started once more.
    if (this.#starting.has(actor) && !this.#lostEarly.has(actor)) return;
    this.#free.add(actor);
    this.#round ??= this.#takeFree().catch((error: unknown) => this.#fail(error));
  }

  async #takeFree(): Promise<void> {
    // What is told in the same turn is taken together.
    await Promise.resolve();
    while (this.#free.size > 0 && !this.#isOver) {
      // One may have been told of again while it was being claimed.
      const wanted = [...this.#free].filter((actor) => !this.#hosts.has(actor));
      this.#free.clear();
      for (const actor of wanted) this.#claiming.add(actor);
      const won = await Promise.all(wanted.map((actor) => this.#options.claims.claim(actor)));
      this.#claiming.clear();
      // Of several claims one may take so long that another is lost meanwhile.
      const ours = wanted.filter((actor, index) => !this.#lostEarly.delete(actor) && won[index]);
      if (ours.length > 0) await this.#run(ours);
    }
    this.#round = null;
  }

  /** What passes (the server is away) is tried again from the beginning; what does not ends this process's part. */
  async #giveBack(actors: readonly string[], error: unknown): Promise<void> {
    this.#lostEarly.clear();
    if (error instanceof CoxswainError && error.retry === 'never') throw error;
    if (messageOf(error) !== this.#hindrance) this.#options.retrying?.(error);
    this.#hindrance = messageOf(error);
    await Promise.all(actors.map((actor) => this.#options.claims.release(actor)));
    // Until then they count as being started: that they are free is told at once, and would start them at once.
    this.#options.clock.after(retryMs, () => {
      for (const actor of actors) this.#starting.delete(actor);
      for (const actor of actors) this.#noteFree(actor);
    });
  }

  async #run(actors: readonly string[]): Promise<void> {
    for (const actor of actors) this.#starting.add(actor);
    const plans = actors.flatMap((actor) => this.#plans.get(actor) ?? []);
    let host: ActorHost;
    try {
      host = await this.#host(plans);
    } catch (error) {
      await this.#giveBack(actors, error);
      return;
    }
    for (const actor of actors) {
      this.#starting.delete(actor);
      if (this.#lostEarly.delete(actor)) host.drop(actor);
      else this.#hosts.set(actor, host);
    }
    this.#hindrance = '';
    this.#options.changed?.(this.running);
  }

  #host(plans: readonly ActorPlan[]): Promise<ActorHost> {
    const { claims } = this.#options;
    return ActorHost.start({
      ...this.#options,
      plans,
      doubt: () => claims.doubt(),
      // Fenced by its snapshot: whoever wrote that has it, or has had it; it falls free again if that one is gone.
      lost: (actor) => {
        this.#lose(actor, 'another process');
        claims.release(actor).catch((error: unknown) => this.#fail(error));
      },
      fail: (error) => this.#fail(error),
    });
  }

  #lose(actor: string, owner: string): void {
    if (this.#starting.has(actor) || this.#claiming.has(actor)) this.#lostEarly.add(actor);
    const host = this.#hosts.get(actor);
    if (host === undefined) return;
    this.#hosts.delete(actor);
    host.drop(actor);
    this.#options.lost?.(actor, owner);
    this.#options.changed?.(this.running);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const [actor, host] of this.#hosts) host.drop(actor);
    this.#options.fail(error);
  }
}
