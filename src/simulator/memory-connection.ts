import type { Fact } from '../protocol/fact.ts';
import type { CampaignLog, Clock, SnapshotStore, TaskQueue } from '../runtime/contracts.ts';
import { withinLimit, type MemoryServer } from './memory-server.ts';
import { ProcessLife, type Fate } from './process-life.ts';
import type { SeededRandom } from '../ml/seeded-random.ts';

/** How a connection fares: how long messages take, and how many requests go astray. */
export interface Weather {
  /** One way, ms. */
  readonly latencyMs: () => number;
  /** Share of requests that are lost and sent again a second later, behind what was sent meanwhile. */
  readonly lost: () => number;
  /** Share of requests that arrive but whose answers are lost: they are sent again, too. */
  readonly unanswered: () => number;
}

/** A request on its way to the server. */
interface Attempt {
  /** What the server does; returns how the process is answered. */
  readonly perform: () => () => void;
  readonly sentAt: number;
  isOver: boolean;
}

/** Something on a server that is read in order, one by one, and grows. */
interface Sequence<T> {
  readonly size: number;
  at(place: number): T | null;
  onStored(callback: () => void): () => void;
}

const retryAfterMs = 1_000;

/** One process's connection to a {@link MemoryServer}: a campaign's log, snapshots, queue and a clock that die with it. */
export class MemoryConnection {
  readonly life: ProcessLife;
  readonly server: MemoryServer;
  readonly campaign: string;
  readonly log: CampaignLog;
  readonly snapshots: SnapshotStore;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  readonly #time: Clock;
  readonly #random: SeededRandom;
  readonly #weather: Weather;
  readonly #underWay = new Set<Attempt>();
  readonly #onBack = new Set<() => void>();
  #lastArrival = 0;
  #isCut = false;

  constructor(
    server: MemoryServer,
    options: { campaign: string; time: Clock; random: SeededRandom; weather: Weather },
  ) {
    const { campaign, time, random, weather } = options;
    this.server = server;
    this.campaign = campaign;
    this.life = new ProcessLife(time);
    this.clock = this.life;
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    server.onBack(() => this.#reconnect());
    const log = server.log(campaign);
    this.log = {
      append: (source, fact) => this.append(source, fact, fact.id),
      follow: (from, listener) => this.request(() => this.follow(log, from, listener)),
      read: (from, listener) =>
        this.request(() => log.size).then((size) => {
          for (let sequence = from; sequence <= size; sequence += 1) {
            const fact = log.at(sequence);
            if (fact !== null) listener(fact);
          }
        }),
    };
    this.snapshots = {
      load: (actor) => this.request(() => server.loadSnapshot(`${campaign}.${actor}`)),
      save: (actor, record, revision) => {
        const json = withinLimit(JSON.stringify(record), `the snapshot of ${actor}`);
        const { position = 0 } = record as { position?: number };
        return this.request(() => server.saveSnapshot(`${campaign}.${actor}`, json, revision, position));
      },
    };
    this.queue = {
      enqueue: (task) => {
        const json = JSON.stringify(task);
        return this.request(() => server.queue.enqueue(task, json));
      },
      withdraw: ({ task, reason, source }) =>
        this.request(() => server.queue.withdraw(campaign, task, { by: source, reason })),
      held: () => this.request(() => server.queue.held(campaign)),
    };
  }

  /** Whether what the server sends now arrives at this host. */
  get isConnected(): boolean {
    return !this.life.isDead && !this.#isCut && !this.server.isDown;
  }

  /** Store a fact under another id than its own, as workers do; `stored` is called on the server when it is there. */
  append(source: string, fact: Fact, id: string, stored?: () => void): Promise<{ sequence: number }> {
    const json = withinLimit(JSON.stringify(fact), `${source}'s fact ${id}`);
    return this.request(() => {
      const place = this.server.log(this.campaign).store(source, json, id);
      stored?.();
      return place;
    });
  }

  /**
   * The process dies: it hears nothing any more, and what it had sent meets its fate.
   * @param fate asked for each request that is under way.
   */
  die(fate: () => Fate): void {
    this.life.die();
    for (const attempt of this.#underWay) {
      const its = fate();
      if (its === 'late') continue;
      attempt.isOver = true;
      if (its === 'done') attempt.perform();
    }
    this.#underWay.clear();
  }

  /** Cut the link: nothing arrives on either side, and nobody is told. */
  cut(): void {
    this.#isCut = true;
  }

  /** The link is whole again. */
  heal(): void {
    this.#isCut = false;
    this.#reconnect();
  }

  /** Call back in the process each time that the server can be reached again, until the returned function is called. */
  onBack(callback: () => void): () => void {
    this.#onBack.add(callback);
    return () => this.#onBack.delete(callback);
  }

  /** Have something done on the server; sent again until an answer comes. What throws there rejects here. */
  request<T>(apply: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.life.isDead) return;
      const perform = (): (() => void) => {
        try {
          const value = apply();
          return () => resolve(value);
        } catch (error) {
          return () => reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#send(perform, true);
    });
  }

  /** Say something to the server once; `lost` is called when it does not arrive. */
  tell(apply: () => void, lost: () => void): void {
    if (this.life.isDead) return;
    this.#time.after(this.#latencyMs(), () => {
      if (!this.isConnected || this.#random.chance(this.#weather.lost())) lost();
      else apply();
    });
  }

  /** Have something from the server reach the process after its way; `lost` when the host cannot be reached. */
  receive(callback: () => void, lost: () => void = () => undefined): void {
    this.#time.after(this.#latencyMs(), () => (this.isConnected ? this.life.enter(callback) : lost()));
  }

  /** Read from a place on, one at a time, so that the process can die between any two. */
  follow<T>(sequence: Sequence<T>, from: number, listener: (item: T) => void): { close(): Promise<void> } {
    let next = from;
    let isOpen = true;
    let isWaking = false;
    const step = (): void => {
      isWaking = false;
      if (!isOpen) return;
      const item = sequence.at(next);
      next += 1;
      if (item !== null) listener(item);
      wake(0);
    };
    const wake = (delayMs: number): void => {
      if (isWaking || !isOpen || next > sequence.size || !this.isConnected) return;
      isWaking = true;
      this.#time.after(delayMs, () => {
        if (this.isConnected) this.life.enter(step);
        else isWaking = false;
      });
    };
    const stop = sequence.onStored(() => wake(this.#latencyMs()));
    const back = (): void => wake(this.#latencyMs());
    const forgetBack = this.onBack(back);
    const log = this.server.log(this.campaign);
    const letGo = (sequence as unknown) === log ? log.keepFor(() => (this.life.isDead ? Infinity : next - 1)) : null;
    wake(this.#latencyMs());
    return {
      close: () => {
        isOpen = false;
        stop();
        forgetBack();
        letGo?.();
        return Promise.resolve();
      },
    };
  }

  /** Whether word of what the server stored at a time (by its clock) has come here. */
  hasHeardOf(storedAt: number): boolean {
    return storedAt + this.#latencyMs() <= this.server.now();
  }

  #latencyMs(): number {
    return this.#weather.latencyMs();
  }

  /** Requests that are sent for the first time arrive in the order of the calls. */
  #send(perform: () => () => void, isFirst: boolean): void {
    const sentAt = this.#time.now();
    let arrival = sentAt + this.#latencyMs();
    if (isFirst) this.#lastArrival = arrival = Math.max(arrival, this.#lastArrival);
    const attempt: Attempt = { perform, sentAt, isOver: false };
    this.#underWay.add(attempt);
    this.#time.after(arrival - sentAt, () => {
      this.#underWay.delete(attempt);
      if (!attempt.isOver) this.#arrive(attempt);
    });
  }

  #arrive(attempt: Attempt): void {
    const [lost, unanswered] = [this.#weather.lost(), this.#weather.unanswered()];
    const luck = lost + unanswered > 0 ? this.#random.next() : 1;
    if (luck < lost || this.#isCut || this.server.isDown) {
      this.#again(attempt);
      return;
    }
    const answer = attempt.perform();
    if (this.life.isDead) return;
    if (luck < lost + unanswered) {
      this.#again(attempt);
      return;
    }
    this.#time.after(this.#latencyMs(), () => (this.isConnected ? this.life.enter(answer) : this.#again(attempt)));
  }

  #again({ perform, sentAt }: Attempt): void {
    if (this.life.isDead) return;
    this.clock.after(sentAt + retryAfterMs - this.#time.now(), () => this.#send(perform, false));
  }

  #reconnect(): void {
    if (!this.isConnected) return;
    for (const tell of [...this.#onBack]) this.receive(tell);
  }
}
