import type { Task } from '../protocol/task.ts';

interface Waiting {
  readonly number: number;
  readonly pool: string;
  readonly slots: number;
  isWithdrawn: boolean;
}

/** The tasks that wait in the queue without a slot, as the ledger has heard of them, in the order of their creation. */
export class AheadQueue {
  readonly #waiting = new Map<string, Waiting>();
  /** Numbers of tasks whose ends were heard before their creations, which lie behind the last of these. */
  readonly #early = new Set<number>();
  #created = 0;

  create({ id, number, pool, slots, grant }: Task): void {
    this.#created = Math.max(this.#created, number);
    if (!this.#early.delete(number) && grant === null) {
      this.#waiting.set(id, { number, pool, slots, isWithdrawn: false });
    }
  }

  /** It is to get no slot any more. */
  withdraw(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.isWithdrawn = true;
  }

  /** It has ended, or has its slot. */
  leave({ id, number }: Pick<Task, 'id' | 'number'>): void {
    if (!this.#waiting.delete(id) && number > this.#created) this.#early.add(number);
  }

  /** The task that is to get the next slot of a pool. */
  first(pool: string): { readonly id: string; readonly number: number; readonly slots: number } | null {
    for (const [id, task] of this.#waiting) {
      if (task.pool === pool && !task.isWithdrawn) return { id, number: task.number, slots: task.slots };
    }
    return null;
  }

  /** Ids of all that wait, withdrawn or not. */
  get ids(): string[] {
    return [...this.#waiting.keys()];
  }
}
