const tickMs = 500;
/** After so long without a tick others take a worker for lost, and its tasks are given out again. */
const frozenMs = 2_000;
/** What lay in the process's buffers meanwhile is taken within this time. */
const thawMs = 1_000;

/** Knows whether this process was frozen just now (SIGSTOP, a suspended machine): what it is handed then may be long out of date. */
export class FreezeWatch {
  readonly #timer = setInterval(() => this.#tick(), tickMs);
  #tickedAt = performance.now();
  /** When it was last found to go on after a freeze. */
  #thawedAt = -Infinity;

  /** Whether it was: told also before the first tick after the freeze. */
  get wasFrozen(): boolean {
    const now = performance.now();
    return now - this.#tickedAt > frozenMs || now < this.#thawedAt + thawMs;
  }

  /** Whether it was at some time since then, ms since 1970: what has taken long since may not have had that long. */
  wasFrozenSince(since: number): boolean {
    return this.wasFrozen || performance.timeOrigin + this.#thawedAt > since;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    if (now - this.#tickedAt > frozenMs) this.#thawedAt = now;
    this.#tickedAt = now;
  }
}
