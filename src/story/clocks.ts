/** Hosts' clocks beside the server's: what is not off by more than can be told stays as it is. */

/** A difference below this may be the network's or a rounding, ms. */
const tolerance = 5;

interface Clock {
  /** What is to be added to the host's times, and between which bounds that lies. */
  offset: number;
  low: number;
  high: number;
}

export class Clocks {
  readonly #clocks = new Map<string, Clock>();

  /**
   * Learn from one result: it was queued (server's clock) before it was picked up (host's clock), and its computation ended before
   * it was stored. @returns what is to be added to the host's times, ms.
   */
  learn(host: string, times: { queued: number; pickedUp: number; ended: number; stored: number }): number {
    const clock = this.#clocks.get(host) ?? { offset: 0, low: -Infinity, high: Infinity };
    this.#clocks.set(host, clock);
    clock.low = Math.max(clock.low, times.queued - times.pickedUp);
    clock.high = Math.min(clock.high, times.stored - times.ended);
    // A clock that was set anew fits no bounds any more: the last result's hold.
    if (clock.low > clock.high + tolerance) {
      clock.low = times.queued - times.pickedUp;
      clock.high = times.stored - times.ended;
    }
    const fits = clock.offset >= clock.low - tolerance && clock.offset <= clock.high + tolerance;
    if (!fits) clock.offset = clock.offset < clock.low ? clock.low : clock.high;
    return clock.offset;
  }

  offsetOf(host: string): number {
    return this.#clocks.get(host)?.offset ?? 0;
  }
}
