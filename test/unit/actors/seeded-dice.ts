/** Chance that comes out the same for the same seed: mulberry32 (Tommy Ettinger, 2017, public domain), 32 bits of state. */
export class SeededDice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in 0 .. n-1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** True in so many of 100 cases. */
  chance(percent: number): boolean {
    return this.next() * 100 < percent;
  }

  /** One of them; there must be one. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}
