import { taskSchema, type Task } from '../protocol/task.ts';
import type { Clock } from '../runtime/contracts.ts';
import { Fifo } from './fifo.ts';
import { RecentIds } from './memory-log.ts';

/** A task as it was given to a worker. */
export interface MemoryDelivery {
  readonly task: Task;
  /** 1 for the first time that it is given out, as far as the server remembers. */
  readonly delivery: number;
  /** The server's clock when it was queued, ms since 1970. */
  readonly queuedAt: number;
  /** It is done: the queue forgets it. */
  ack(): void;
  /** Nobody works on it any more: give it to somebody else; false when it is done, or was given to somebody else since. */
  giveBack(): boolean;
}

type Take = (delivery: MemoryDelivery) => void;

interface Message {
  readonly json: string;
  readonly campaign: string;
  readonly id: string;
  readonly queuedAt: number;
  deliveries: number;
  /** Whether somebody has it. */
  isOut: boolean;
}

/** The mark of a task that is not to be started any more. */
interface Mark {
  readonly by: string;
  readonly reason: string;
  /** The server's clock when it was stored, ms since 1970. */
  readonly at: number;
}

/** So many of the last acknowledgements may not be on the server's disk when it is killed. */
const unflushed = 4;

/** What a server keeps of the work queue: tasks until they are acknowledged, and who waits for one. */
export class MemoryQueue {
  readonly ids: RecentIds;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #messages = new Map<number, Message>();
  readonly #waiting = new Fifo<number>();
  readonly #pulls = new Fifo<{ take: Take | null }>();
  readonly #marks = new Map<string, Mark>();
  #acknowledged: { sequence: number; message: Message }[] = [];
  #stored = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.ids = new RecentIds(clock);
  }

  /** Store a task, unless one of this id was queued of late. */
  enqueue({ campaign, id }: Pick<Task, 'campaign' | 'id'>, json: string): void {
    const unique = `${campaign}/${id}`;
    if (this.ids.find(unique) !== null) return;
    const sequence = (this.#stored += 1);
    const queuedAt = this.#clock.now();
    this.#messages.set(sequence, { json, campaign, id, queuedAt, deliveries: 0, isOut: false });
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

  /** Mark a task that is not to be started any more, whether it waits or not; a mark that is there stays. */
  withdraw(campaign: string, task: string, { by, reason }: Omit<Mark, 'at'>): void {
    const key = `${campaign}/${task}`;
    if (!this.#marks.has(key)) this.#marks.set(key, { by, reason, at: this.#clock.now() });
  }

  /** The mark of a task; null when it has none. */
  withdrawalOf({ campaign, id }: Pick<Task, 'campaign' | 'id'>): Mark | null {
    return this.#marks.get(`${campaign}/${id}`) ?? null;
  }

  /** Ids of a campaign's tasks that wait or run. */
  held(campaign: string): ReadonlySet<string> {
    const held = new Set<string>();
    for (const message of this.#messages.values()) if (message.campaign === campaign) held.add(message.id);
    return held;
  }

  /**
   * The server was killed: who waited for a task waits in vain, and of the last acknowledged tasks some come again as if for
   * the first time. @param isLost asked for each of these.
   */
  restart(isLost: () => boolean): void {
    this.#pulls.clear();
    for (const { sequence, message } of this.#acknowledged) {
      if (!isLost()) continue;
      this.#messages.set(sequence, { ...message, deliveries: 0, isOut: false });
      this.#waiting.push(sequence);
    }
    this.#acknowledged = [];
  }

  /** Give what waits to whoever asked first. */
  #match(): void {
    for (;;) {
      const sequence = this.#waiting.first;
      const pull = this.#pulls.first;
      if (sequence === undefined || pull === undefined) return;
      if (pull.take === null) {
        this.#pulls.shift();
        continue;
      }
      this.#waiting.shift();
      const message = this.#messages.get(sequence);
      // Acknowledged after it had been given back.
      if (message === undefined) continue;
      this.#pulls.shift();
      this.#give(sequence, message, pull.take);
    }
  }

  #give(sequence: number, message: Message, take: Take): void {
    message.deliveries += 1;
    message.isOut = true;
    const delivery = message.deliveries;
    const isCurrent = (): boolean =>
      this.#messages.get(sequence) === message && message.isOut && message.deliveries === delivery;
    take({
      task: taskSchema.parse(JSON.parse(message.json)),
      delivery,
      queuedAt: message.queuedAt,
      ack: () => {
        if (this.#messages.get(sequence) !== message) return;
        this.#messages.delete(sequence);
        this.#acknowledged.push({ sequence, message });
        if (this.#acknowledged.length > unflushed) this.#acknowledged.shift();
      },
      giveBack: () => {
        if (!isCurrent()) return false;
        message.isOut = false;
        this.#waiting.push(sequence);
        this.#match();
        return true;
      },
    });
  }
}
