/** A terminal's second screen: drawn over in place, and gone without a trace however the process ends. */
export class AlternateScreen {
  readonly #stream: NodeJS.WriteStream;
  readonly #restore = (): void => this.close();
  #isOpen = true;

  /** @param resized called when the terminal has another size. */
  constructor(stream: NodeJS.WriteStream, resized: () => void) {
    this.#stream = stream;
    stream.write('\u001b[?1049h\u001b[?25l\u001b[2J');
    stream.on('resize', resized);
    process.on('exit', this.#restore);
  }

  /** Show these lines, and nothing else. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => `${line}\u001b[K`).join('\r\n');
    // Between the two marks a terminal that knows them draws nothing by halves.
    this.#stream.write(`\u001b[?2026h\u001b[H${text}\u001b[J\u001b[?2026l`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#restore);
    this.#stream.write('\u001b[?25h\u001b[?1049l');
  }
}

/**
 * Tell of each key as it is pressed, Ctrl-C among them, until the returned function is called; without a keyboard of none.
 */
export function onKey(stream: NodeJS.ReadStream, pressed: (key: string) => void): () => void {
  if (!stream.isTTY) return () => undefined;
  const take = (data: Buffer): void => pressed(data.toString());
  const restore = (): void => void stream.setRawMode(false);
  stream.setRawMode(true);
  stream.resume();
  stream.on('data', take);
  process.on('exit', restore);
  return () => {
    process.off('exit', restore);
    stream.off('data', take);
    stream.pause();
    restore();
  };
}
