/** Progress as one line on stderr: rewritten on a terminal, and said now and then in a log. */
const everyMs = { terminal: 200, log: 10_000 };
const barWidth = 30;

export class LineProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #began = performance.now();
  #saidAt = -Infinity;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** How far it is, and what share of everything is done where that is known; said if nothing was said for a while. */
  say(line: string, share: number | null = null): void {
    const now = performance.now();
    const isTerminal = this.#stream.isTTY;
    if (now - this.#saidAt < (isTerminal ? everyMs.terminal : everyMs.log) && share !== 1) return;
    this.#saidAt = now;
    const seconds = `${((now - this.#began) / 1_000).toFixed(0).padStart(4)} s`;
    if (!isTerminal) {
      this.#stream.write(`${seconds}  ${line}\n`);
      return;
    }
    const done = Math.round((share ?? 0) * barWidth);
    const bar = share === null ? '' : `${'█'.repeat(done)}${'░'.repeat(barWidth - done)}  `;
    this.#stream.write(`\r\u001B[K${seconds}  ${bar}${line}`);
    this.#isShown = true;
  }

  /** Take the line away. */
  close(): void {
    if (this.#isShown) this.#stream.write('\r\u001B[K');
    this.#isShown = false;
  }
}
