import { taskSchema, type Task } from '../protocol/task.ts';
import type { Clock } from '../runtime/contracts.ts';
import { RecentIds } from './memory-log.ts';

/** A task as it was given to a worker. */
export interface MemoryDelivery {
  readonly task: Task;
  /** 1 for the first time that it is given out. */
  readonly delivery: number;
  /** The server's clock when it was queued, ms since 1970. */
  readonly queuedAt: number;
  /** It is done: the queue forgets it. */
  ack(): void;
  /** Nobody works on it any more: give it to somebody else. */
  giveBack(): void;
}

type Take = (delivery: MemoryDelivery) => void;

interface Message {
  readonly json: string;
  readonly campaign: string;
  readonly id: string;
  readonly queuedAt: number;
  deliveries: number;
}

/** First in, first out, O(1) either way. */
class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#head += 1;
    if (this.#head < 1_024 || 2 * this.#head < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

/** What a server keeps of the work queue: tasks until they are acknowledged, and who waits for one. */
export class MemoryQueue {
  readonly ids: RecentIds;
  readonly #clock: Clock;
  readonly #messages = new Map<number, Message>();
  readonly #waiting = new Fifo<number>();
  readonly #pulls = new Fifo<{ take: Take | null }>();
  #stored = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.ids = new RecentIds(clock);
  }

  /** Store a task, unless one of this id was queued of late. */
  enqueue({ campaign, id }: Pick<Task, 'campaign' | 'id'>, json: string): void {
    const unique = `${campaign}/${id}`;
    if (this.ids.find(unique) !== null) return;
    const sequence = (this.#stored += 1);
    this.#messages.set(sequence, { json, campaign, id, queuedAt: this.#clock.now(), deliveries: 0 });
    this.ids.note(unique, sequence);
    this.#waiting.push(sequence);
    this.#match();
  }

  /** Ask for one task; first come, first served. Returns how to call it off. */
  pull(take: Take): () => void {
    const pull: { take: Take | null } = { take };
    this.#pulls.push(pull);
    this.#match();
    return () => {
      pull.take = null;
    };
  }

  /** Ids of a campaign's tasks that wait or run. */
  held(campaign: string): ReadonlySet<string> {
    const held = new Set<string>();
    for (const message of this.#messages.values()) if (message.campaign === campaign) held.add(message.id);
    return held;
  }

  /** Give what waits to whoever asked first. */
  #match(): void {
    for (;;) {
      const sequence = this.#waiting.first;
      const pull = this.#pulls.first;
      if (sequence === undefined || pull === undefined) return;
      this.#pulls.shift();
      if (pull.take === null) continue;
      this.#waiting.shift();
      this.#give(sequence, pull.take);
    }
  }

  #give(sequence: number, take: Take): void {
    const message = this.#messages.get(sequence);
    // Acknowledged after it had been given back.
    if (message === undefined) return;
    message.deliveries += 1;
    take({
      task: taskSchema.parse(JSON.parse(message.json)),
      delivery: message.deliveries,
      queuedAt: message.queuedAt,
      ack: () => void this.#messages.delete(sequence),
      giveBack: () => {
        if (!this.#messages.has(sequence)) return;
        this.#waiting.push(sequence);
        this.#match();
      },
    });
  }
}
