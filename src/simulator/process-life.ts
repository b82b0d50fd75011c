import type { Clock } from '../runtime/contracts.ts';

/** What becomes of a request that was under way when its process died: lost, done by now, or done when it arrives. */
export type Fate = 'lost' | 'done' | 'late';

/**
 * Whether a process lives, and its clock: what is due or arrives while it is frozen waits, and comes all at once when it is
 * thawed; what comes after its death never reaches it.
 */
export class ProcessLife implements Clock {
  readonly #time: Clock;
  #isDead = false;
  #isFrozen = false;
  #skewMs = 0;
  #waiting: (() => void)[] = [];
  #frozenMs = 0;
  #frozenAt = 0;

  constructor(time: Clock) {
    this.#time = time;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** How long it was frozen up to now, ms. */
  get frozenMs(): number {
    return this.#frozenMs;
  }

  /** The clock of its host, ms since 1970. */
  now(): number {
    return this.#time.now() + this.#skewMs;
  }

  /** ms since some moment, whatever becomes of the host's clock. */
  elapsed(): number {
    return this.#time.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    let isOff = false;
    const callOff = this.#time.after(delayMs, () => this.enter(() => (isOff ? undefined : callback())));
    return () => {
      isOff = true;
      callOff();
    };
  }

  /** Something reaches the process: now, once it is thawed, or never. */
  enter(callback: () => void): void {
    if (this.#isDead) return;
    if (this.#isFrozen) this.#waiting.push(callback);
    else callback();
  }

  die(): void {
    this.#isDead = true;
    this.#waiting = [];
  }

  freeze(): void {
    if (this.#isFrozen || this.#isDead) return;
    this.#isFrozen = true;
    this.#frozenAt = this.#time.now();
  }

  /** Go on; it may die or freeze again between any two of the things that have waited. */
  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#frozenMs += this.#time.now() - this.#frozenAt;
    for (const callback of this.#waiting.splice(0)) this.#time.after(0, () => this.enter(callback));
  }

  /** Set the clock of its host forward, or back. */
  jump(byMs: number): void {
    this.#skewMs += byMs;
  }
}
