/** Ctrl-C and SIGTERM, once and twice: the first asks to drain, the second ends at once. */
export class Interruption {
  #count = 0;
  #drain: (() => void) | null = null;
  #end: () => void = () => undefined;
  readonly #listener = (): void => {
    this.#count += 1;
    if (this.#count > 1 || this.#drain === null) this.#end();
    else this.#drain();
  };
  /** Resolves at the second signal, and at the first if nothing is there yet that could drain. */
  readonly second: Promise<'interrupted'>;

  constructor() {
    this.second = new Promise((resolve) => (this.#end = () => resolve('interrupted')));
    process.on('SIGINT', this.#listener);
    process.on('SIGTERM', this.#listener);
  }

  /** Whether somebody has asked to stop. */
  get requested(): boolean {
    return this.#count > 0;
  }

  /** From now on the first signal does this. */
  onFirst(drain: () => void): void {
    this.#drain = drain;
  }

  close(): void {
    process.off('SIGINT', this.#listener);
    process.off('SIGTERM', this.#listener);
  }
}
