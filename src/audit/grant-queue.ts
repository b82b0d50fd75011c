import type { Says } from '../protocol/events.ts';

type Requested = Extract<Says<'submitter'>, { type: 'slots.requested' }>;

/** A request for slots that stands. */
interface Standing {
  readonly id: string;
  readonly owner: string;
  readonly slots: number;
  /** How many grants are still wanted; null for no end. */
  count: number | null;
}

/** The requests of every pool in the order in which they are to be served; none stands while the campaign drains. */
export class GrantQueue {
  readonly #pools = new Map<string, Standing[]>();
  #isOpen = true;

  request({ request, pool, slots, count }: Requested, owner: string): void {
    if (!this.#isOpen) return;
    const queue = this.#pools.get(pool) ?? [];
    queue.push({ id: request, owner, slots, count });
    this.#pools.set(pool, queue);
  }

  withdraw(id: string): void {
    for (const [pool, queue] of this.#pools) {
      this.#pools.set(
        pool,
        queue.filter((one) => one.id !== id),
      );
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#pools.clear();
  }

  open(): void {
    this.#isOpen = true;
  }

  /** The request that a pool is to serve next. */
  first(pool: string): Standing | null {
    return this.#pools.get(pool)?.[0] ?? null;
  }

  /** Serve a request, whichever place it has; one that wants more goes to the back. */
  serve(pool: string, id: string): Standing | null {
    const queue = this.#pools.get(pool) ?? [];
    const place = queue.findIndex((one) => one.id === id);
    const [served] = place < 0 ? [] : queue.splice(place, 1);
    if (served === undefined) return null;
    if (served.count !== null) served.count -= 1;
    if (served.count !== 0) queue.push(served);
    return served;
  }
}
