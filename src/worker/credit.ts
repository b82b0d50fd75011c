/** How much a worker may ask for: pure arithmetic, no I/O. */

/** Tasks shorter than this are worth having at hand before a slot is free, ms. */
export const shortTaskMs = 5;
const worthMs = 4;
const mostAhead = 15;

/**
 * How many tasks a slot may hold beyond the one that it computes.
 *
 * A hop to the server and back costs some 0.3 ms: a slot that computes for 0.1 ms would wait most of the time. Tasks of
 * {@link shortTaskMs} and more are never held back from another slot.
 * @param meanMs recent mean of the compute time, Infinity when nothing is known.
 */
export function prefetchPerSlot(meanMs: number): number {
  if (!(meanMs < shortTaskMs)) return 0;
  return Math.min(mostAhead, Math.max(1, Math.floor(worthMs / Math.max(meanMs, 1e-3))));
}

/** Recent mean of a series: the first value, then a twentieth of the way to each that follows. */
export function nextMean(mean: number, value: number): number {
  return Number.isFinite(mean) ? mean + (value - mean) / 20 : value;
}

/**
 * Milliseconds that a pull made now should wait at the server: until the next full period, and at least a fifth of one.
 *
 * Pulls that end together are made again as one. With a pull a freed slot, the pulls of a large idle host would
 * otherwise stay many for ever.
 */
export function pullExpiryMs(now: number, periodMs: number): number {
  const left = periodMs - (now % periodMs);
  return left < periodMs / 5 ? left + periodMs : left;
}

interface Pull {
  readonly token: string;
  left: number;
  readonly lapsesAt: number;
}

/**
 * What was asked of one consumer and has neither come nor lapsed.
 *
 * A message does not say which pull it answers, so it is counted against the oldest; the server says at the end of a
 * pull how much of it is left, and that settles any difference. What the server never mentions again (it died) lapses.
 */
export class Credit {
  #pulls: Pull[] = [];

  /** How many tasks may still come. */
  get outstanding(): number {
    return this.#pulls.reduce((sum, { left }) => sum + left, 0);
  }

  asked(token: string, count: number, lapsesAt: number): void {
    this.#pulls.push({ token, left: count, lapsesAt });
  }

  arrived(): void {
    this.#take(1);
  }

  /** The server ended a pull with so much of it unanswered. */
  ended(token: string, unanswered: number): void {
    const pull = this.#pulls.find((one) => one.token === token);
    const own = Math.min(pull?.left ?? 0, unanswered);
    if (pull !== undefined) pull.left -= own;
    this.#take(unanswered - own);
  }

  /** Forget what should have lapsed by now. */
  lapse(now: number): void {
    this.#pulls = this.#pulls.filter(({ left, lapsesAt }) => left > 0 && lapsesAt > now);
  }

  /** The server has forgotten every pull. */
  reset(): void {
    this.#pulls = [];
  }

  #take(count: number): void {
    let left = count;
    while (left > 0) {
      const oldest = this.#pulls.find((pull) => pull.left > 0);
      if (oldest === undefined) break;
      const taken = Math.min(left, oldest.left);
      oldest.left -= taken;
      left -= taken;
    }
    this.#pulls = this.#pulls.filter((pull) => pull.left > 0);
  }
}
