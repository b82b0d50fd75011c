import type { Fact } from '../protocol/fact.ts';
import type { CampaignLog, Clock, FactListener, SnapshotStore, TaskQueue } from '../runtime/contracts.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { MemoryServer } from './memory-server.ts';

/** How a connection fares: how long messages take, and how many requests go astray. */
export interface Weather {
  /** One way, ms. */
  readonly latencyMs: () => number;
  /** Share of requests that are lost and sent again a second later, behind what was sent meanwhile. */
  readonly lost: number;
  /** Share of requests that arrive but whose answers are lost: they are sent again, too. */
  readonly unanswered: number;
}

/** What becomes of a request that was under way when its process died: lost, done by now, or done when it arrives. */
export type Fate = 'lost' | 'done' | 'late';

interface Request {
  /** When it leaves the process: what was to be sent again dies with the process. */
  readonly sentAt: number;
  readonly apply: () => void;
  isOver: boolean;
}

const retryAfterMs = 1_000;

/** One process's connection to a {@link MemoryServer}: a campaign's log, snapshots, queue and a clock that die with it. */
export class MemoryConnection {
  readonly log: CampaignLog;
  readonly snapshots: SnapshotStore;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  readonly #time: Clock;
  readonly #server: MemoryServer;
  readonly #campaign: string;
  readonly #random: SeededRandom;
  readonly #weather: Weather;
  readonly #underWay = new Set<Request>();
  #lastArrival = 0;
  #isCut = false;

  constructor(
    server: MemoryServer,
    options: { campaign: string; time: Clock; random: SeededRandom; weather: Weather },
  ) {
    this.#server = server;
    this.#campaign = options.campaign;
    this.#time = options.time;
    this.#random = options.random;
    this.#weather = options.weather;
    const { campaign } = options;
    const log = server.log(campaign);
    this.log = {
      append: (source, fact) => this.append(source, fact, fact.id),
      follow: (from, listener) => this.#request(() => this.#follow(from, listener)),
      read: (from, listener) =>
        this.#request(() => log.size).then((size) => {
          for (let sequence = from; sequence <= size; sequence += 1) deliver(server, campaign, sequence, listener);
        }),
    };
    this.snapshots = {
      load: (actor) => this.#request(() => server.loadSnapshot(`${campaign}.${actor}`)),
      save: (actor, record, revision) => {
        const json = JSON.stringify(record);
        return this.#request(() => server.saveSnapshot(`${campaign}.${actor}`, json, revision));
      },
    };
    this.queue = {
      enqueue: (task) => {
        const json = JSON.stringify(task);
        return this.#request(() => server.queue.enqueue(task, json));
      },
      held: () => this.#request(() => server.queue.held(campaign)),
    };
    this.clock = {
      now: () => this.#time.now(),
      after: (delayMs, callback) => this.#time.after(delayMs, () => this.#isCut || callback()),
    };
  }

  /** Store a fact under another id than its own, as workers do. */
  append(source: string, fact: Fact, id: string): Promise<{ sequence: number }> {
    const json = JSON.stringify(fact);
    return this.#request(() => this.#server.log(this.#campaign).store(source, json, id));
  }

  /**
   * The process dies: it hears nothing any more, and what it had sent meets its fate.
   * @param fate asked for each request that is under way.
   */
  cut(fate: () => Fate): void {
    this.#isCut = true;
    for (const request of this.#underWay) {
      const its = request.sentAt > this.#time.now() ? 'lost' : fate();
      if (its === 'late') continue;
      request.isOver = true;
      if (its === 'done') request.apply();
    }
    this.#underWay.clear();
  }

  #request<T>(apply: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isCut) return;
      const attempt = (isAnswered: boolean) => (): void => {
        let answer: () => void;
        try {
          const value = apply();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error instanceof Error ? error : new Error(String(error)));
        }
        if (isAnswered) this.clock.after(this.#weather.latencyMs(), answer);
      };
      const { lost, unanswered } = this.#weather;
      const luck = this.#random.next();
      if (luck >= lost) this.#send(attempt(luck >= lost + unanswered), 0);
      if (luck < lost + unanswered) this.#send(attempt(true), retryAfterMs);
    });
  }

  /** Requests that are sent at once arrive in the order of the calls. */
  #send(apply: () => void, delayMs: number): void {
    const sentAt = this.#time.now() + delayMs;
    let arrival = sentAt + this.#weather.latencyMs();
    if (delayMs === 0) this.#lastArrival = arrival = Math.max(arrival, this.#lastArrival);
    const request: Request = { sentAt, apply, isOver: false };
    this.#underWay.add(request);
    this.#time.after(arrival - this.#time.now(), () => {
      this.#underWay.delete(request);
      if (!request.isOver) apply();
    });
  }

  /** One fact at a time, so that the process can die between any two. */
  #follow(from: number, listener: FactListener): { close(): Promise<void> } {
    const log = this.#server.log(this.#campaign);
    let next = from;
    let isOpen = true;
    let isWaking = false;
    const wake = (delayMs: number): void => {
      if (isWaking || !isOpen || next > log.size) return;
      isWaking = true;
      this.clock.after(delayMs, () => {
        isWaking = false;
        if (!isOpen) return;
        deliver(this.#server, this.#campaign, next, listener);
        next += 1;
        wake(0);
      });
    };
    const stop = log.onStored(() => wake(this.#weather.latencyMs()));
    wake(this.#weather.latencyMs());
    return {
      close: () => {
        isOpen = false;
        stop();
        return Promise.resolve();
      },
    };
  }
}

function deliver(server: MemoryServer, campaign: string, sequence: number, listener: FactListener): void {
  const fact = server.log(campaign).at(sequence);
  if (fact !== null) listener(fact);
}
