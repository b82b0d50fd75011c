/** An answer of the server that a component shows, asked again when something has changed, but not too often. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from './api.ts';
import { connection } from './live.ts';

export interface Answer<T> {
  /** The last one; what was shown stays until the next has come. */
  readonly data: T | null;
  /** Why there is none, or no newer one. */
  readonly error: string | null;
  readonly isAsking: boolean;
}

/**
 * The answer to `path`, null for none. It is asked again when `version` changes, at most once in `everyMs`, and when the connection
 * is back; one question is under way at a time.
 */
export function useAnswer<T>(path: string | null, version: unknown = 0, everyMs = 3_000): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ data: null, error: null, isAsking: path !== null });
  const inquiry = useRef<Inquiry<T> | null>(null);
  const isConnected = connection.value.state === 'there';
  useEffect(() => {
    if (path === null) return;
    const asked = new Inquiry<T>(path, everyMs, (change) => setAnswer((before) => ({ ...before, ...change })));
    inquiry.current = asked;
    return () => {
      asked.stop();
      inquiry.current = null;
    };
  }, [path, everyMs]);
  useEffect(() => inquiry.current?.ask(), [path, everyMs, version, isConnected]);
  return answer;
}

class Inquiry<T> {
  readonly #path: string;
  readonly #everyMs: number;
  readonly #tell: (change: Partial<Answer<T>>) => void;
  readonly #abort = new AbortController();
  #askedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #isWantedAgain = false;

  constructor(path: string, everyMs: number, tell: (change: Partial<Answer<T>>) => void) {
    this.#path = path;
    this.#everyMs = everyMs;
    this.#tell = tell;
  }

  ask(): void {
    if (this.#isAsking) this.#isWantedAgain = true;
    else this.#timer ??= setTimeout(() => void this.#now(), Math.max(0, this.#askedAt + this.#everyMs - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #now(): Promise<void> {
    this.#timer = undefined;
    this.#isAsking = true;
    this.#askedAt = Date.now();
    this.#tell({ isAsking: true });
    try {
      this.#finish({ data: await get<T>(this.#path, this.#abort.signal), error: null });
    } catch (error) {
      // The log is still being read, or the connection will be back.
      if (error instanceof ApiError && error.status === 503) this.#isWantedAgain = true;
      this.#finish({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  #finish(change: Partial<Answer<T>>): void {
    if (this.#abort.signal.aborted) return;
    this.#isAsking = false;
    this.#tell({ ...change, isAsking: false });
    if (!this.#isWantedAgain) return;
    this.#isWantedAgain = false;
    this.ask();
  }
}
