/**
 * Random numbers that a seed determines, the same on every machine. Source: the mulberry32 generator (T. Ettinger, public domain), 32 bits of
 * state: far more than the 100,000 numbers that a fit takes.
 */
export class RandomStream {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, not including, 1. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** A standard normal number. Source: Box and Muller, Ann. Math. Stat. 1958, 29, 610. */
  normal(): number {
    // 1 - u is never 0, whose logarithm is infinite.
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** The whole numbers below `length` in random order. Source: Fisher and Yates, as Durstenfeld has it. */
  order(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, place) => place);
    for (let last = length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other] as number, order[last] as number];
    }
    return order;
  }
}
