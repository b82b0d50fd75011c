import { InvariantError } from '../protocol/errors.ts';
import type { Clock } from '../runtime/contracts.ts';

interface Alarm {
  readonly at: number;
  /** Alarms of the same time go off in the order in which they were set. */
  readonly order: number;
  callback: (() => void) | null;
}

const isBefore = (a: Alarm, b: Alarm): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/**
 * A clock whose time passes only when it is stepped: from one alarm to the next, however far apart they are.
 *
 * Alarms are kept in a binary heap, so that a world with a million of them still takes O(log n) a step.
 */
export class VirtualTime implements Clock {
  #now: number;
  #set = 0;
  /** What must be done before time goes on. */
  #held = 0;
  #heldIsDone: () => void = () => undefined;
  readonly #heap: Alarm[] = [];

  /** @param startMs what the clock shows at first, ms since 1970. */
  constructor(startMs = Date.UTC(2030, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm: Alarm = { at: this.#now + Math.max(0, delayMs), order: (this.#set += 1), callback };
    this.#push(alarm);
    return () => {
      alarm.callback = null;
    };
  }

  /**
   * Let the next alarm go off, and everything happen that follows from it at once.
   * @returns false when there is none.
   */
  async step(): Promise<boolean> {
    for (;;) {
      const alarm = this.#pop();
      if (alarm === null) return false;
      if (alarm.callback === null) continue;
      this.#now = alarm.at;
      alarm.callback();
      await this.#settled();
      return true;
    }
  }

  /** Let time stand still until real work is done, however long that takes; resolves or rejects with it. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work;
    } finally {
      this.#held -= 1;
      if (this.#held === 0) this.#heldIsDone();
    }
  }

  /**
   * Let time pass until this is settled; resolves or rejects with it.
   * @throws InvariantError when nothing is due any more, and so it will never be settled.
   */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    work.then(note, note);
    await this.#settled();
    while (!isSettled) {
      if (!(await this.step()))
        throw new InvariantError('nothing is due any more, and what is waited for has not come');
    }
    return work;
  }

  /** Let so much time pass. */
  async pass(ms: number): Promise<void> {
    await this.drive(new Promise<void>((resolve) => this.after(ms, resolve)));
  }

  async #settled(): Promise<void> {
    await settled();
    while (this.#held > 0) {
      await new Promise<void>((resolve) => (this.#heldIsDone = resolve));
      await settled();
    }
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let place = heap.push(alarm) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(alarm, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = alarm;
  }

  #pop(): Alarm | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = 2 * place + (isRight ? 2 : 1);
    }
    heap[place] = last;
    return first;
  }
}

/** Resolves when no promise has anything left to do: immediates run after the last of them. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
