/** Numbers that a seed determines: mulberry32, by Tommy Ettinger (public domain). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Numbers of their own for a purpose: what is drawn elsewhere does not change them. */
  static of(seed: number, purpose: string): SeededRandom {
    let hash = seed ^ 0x811c9dc5;
    // FNV-1a.
    for (let i = 0; i < purpose.length; i += 1) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
    return new SeededRandom(hash);
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in 0 .. n-1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list. @throws RangeError when it is empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('there is nothing to choose from');
    return list[this.below(list.length)] as T;
  }

  /** A number in [low, high), small ones as likely as large ones on a logarithmic scale. */
  spread(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }
}
