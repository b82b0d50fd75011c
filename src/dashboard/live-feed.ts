/**
 * Server-sent events for any number of watchers: what is shown is made into text once, and each gets only what it has not seen.
 *
 * What is sent is always whole, so a watcher that does not keep up misses versions and not parts: while its connection is full
 * nothing is queued for it, and when there is room it gets the newest of everything.
 */
import type { ServerResponse } from 'node:http';
import type { EventRow, LiveEvents } from './api.ts';

/** What is shown now; what nothing is known of yet is left out. */
type Shown = Exclude<keyof LiveEvents, 'events' | 'beat' | 'bye'>;

const beatMs = 5_000;
/** Events that a new watcher is told, and at most at once. */
const mostRows = 200;
/** A watcher that takes nothing for so long has gone, ms. */
const deafMs = 60_000;
/** Nor is it waited for at the end for longer, ms. */
const byeMs = 1_000;

interface Watcher {
  readonly response: ServerResponse;
  /** Which version it has of each thing that is shown, by its name. */
  readonly has: Map<string, number>;
  /** How many events it was told of, or told that they were left out. */
  told: number;
  /** Since when its connection is full; null while it takes what it is given. */
  fullSince: number | null;
}

export class LiveFeed {
  readonly #watchers = new Set<Watcher>();
  readonly #shown = new Map<string, { readonly text: string; readonly frame: string; readonly version: number }>();
  readonly #changed: (watchers: number) => void;
  /** The last events, oldest first. */
  #rows: EventRow[] = [];
  #total = 0;
  #version = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param changed told how many watch, each time that this changes. */
  constructor(changed: (watchers: number) => void) {
    this.#changed = changed;
    this.#timer = setInterval(() => this.#beat(), beatMs);
    this.#timer.unref();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Tell one more, until it goes: first what is shown now. */
  open(response: ServerResponse): void {
    response.writeHead(200, {
      ...response.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const watcher: Watcher = { response, has: new Map(), told: 0, fullSince: null };
    this.#watchers.add(watcher);
    response.on('drain', () => {
      watcher.fullSince = null;
      this.#bring(watcher);
    });
    response.once('close', () => {
      this.#watchers.delete(watcher);
      this.#changed(this.#watchers.size);
    });
    // A write to a connection that has just ended is told by its end.
    response.on('error', () => undefined);
    this.#write(watcher, frame('beat', JSON.stringify({ at: Date.now() })));
    this.#bring(watcher);
    this.#changed(this.#watchers.size);
  }

  /**
   * Show something from now on; whoever has it already is not told. {@link send} tells the others.
   * @param part of what, where a kind is shown in parts that change by themselves.
   */
  show<K extends Shown>(kind: K, data: LiveEvents[K], part = ''): void {
    const name = `${kind} ${part}`;
    const text = JSON.stringify(data);
    if (this.#shown.get(name)?.text === text) return;
    this.#version += 1;
    this.#shown.set(name, { text, frame: frame(kind, text), version: this.#version });
  }

  /** Events that came, oldest first; `total` counts those that are in between and not among them, too. */
  add(rows: readonly EventRow[], total: number): void {
    this.#rows = [...this.#rows, ...rows].slice(-mostRows);
    this.#total += total;
  }

  /** Tell everybody what they do not have. */
  send(): void {
    const frames = new Map<number, string>();
    for (const watcher of this.#watchers) this.#bring(watcher, frames);
  }

  /** Say that this ends, and why; whoever takes nothing by then is not waited for. */
  async end(reason: string): Promise<void> {
    clearInterval(this.#timer);
    const bye = frame('bye', JSON.stringify({ reason }));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, byeMs)));
    const told = [...this.#watchers].map(
      ({ response }) =>
        new Promise<void>((resolve) => {
          response.once('close', resolve);
          response.end(bye, () => resolve());
        }),
    );
    await Promise.race([Promise.all(told), late]);
    clearTimeout(timer);
  }

  /** @param frames of events, by the count of what they begin behind: most watchers have the same. */
  #bring(watcher: Watcher, frames = new Map<number, string>()): void {
    if (watcher.fullSince !== null) return;
    let text = '';
    for (const [name, { frame: one, version }] of this.#shown) {
      if (watcher.has.get(name) === version) continue;
      watcher.has.set(name, version);
      text += one;
    }
    if (watcher.told < this.#total || watcher.told === 0) {
      const behind = frames.get(watcher.told) ?? this.#eventsBehind(watcher.told);
      frames.set(watcher.told, behind);
      watcher.told = this.#total;
      text += behind;
    }
    if (text !== '') this.#write(watcher, text);
  }

  #eventsBehind(told: number): string {
    if (this.#rows.length === 0) return '';
    // A new watcher has missed nothing: what came before it came is asked for by pages.
    const missed = told === 0 ? this.#rows.length : this.#total - told;
    const rows = this.#rows.slice(-Math.min(missed, this.#rows.length));
    return frame('events', JSON.stringify({ rows, leftOut: missed - rows.length }));
  }

  #write(watcher: Watcher, text: string): void {
    if (!watcher.response.write(text)) watcher.fullSince ??= Date.now();
  }

  #beat(): void {
    const text = frame('beat', JSON.stringify({ at: Date.now() }));
    for (const watcher of this.#watchers) {
      if (watcher.fullSince === null) this.#write(watcher, text);
      else if (Date.now() - watcher.fullSince > deafMs) watcher.response.destroy();
    }
  }
}

const frame = (name: string, data: string): string => `event: ${name}\ndata: ${data}\n\n`;
