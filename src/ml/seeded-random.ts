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

  /** A standard normal number, by the transform of Box and Muller (1958, doi:10.1214/aoms/1177706645). */
  normal(): number {
    // 1 - u is never 0, whose logarithm is infinite.
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** The whole numbers below `length` in random order, by the shuffle of Fisher and Yates as Durstenfeld has it. */
  order(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, place) => place);
    for (let last = length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other] as number, order[last] as number];
    }
    return order;
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
