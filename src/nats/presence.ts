/** Who is there, by what the server knows at once: a process that dies takes its subscriptions with it. */
import { createInbox, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import { subjects } from '../protocol/subjects.ts';
import { watchConnection } from './connection.ts';

/** Be there under an id, for as long as this process is connected or until the returned function is called. */
export function bePresent(connection: NatsConnection, id: string): () => void {
  // That somebody listens is the whole answer.
  const subscription = connection.subscribe(subjects.here(id), { callback: () => undefined });
  return () => subscription.unsubscribe();
}

const probeMs = 100;
/** At most so many probes a second: with more ids to watch each is probed less often. */
const mostProbes = 1_000;
/** So many probes in a row that nobody hears: a client that has lost its connection gets a moment to come back. */
const enough = 3;
/** After a reconnect of our own others get as long to come back, too. */
const graceMs = 1_000;

interface Probing {
  /** Unheard probes in a row, and whether the last one was among them. */
  misses: number;
  missed: boolean;
}

/**
 * Tells when a process that was there has gone, some 0.3 s after its death: the server answers a message that nobody listens to.
 *
 * One that is frozen, or whose host was cut off, is still there by this measure: what it holds lapses by its time limit. One
 * that is only reconnecting may be taken for gone, so whoever acts on this must be able to bear the two at once.
 */
export class PresenceWatch {
  readonly #connection: NatsConnection;
  readonly #gone: (id: string) => void;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #stopWatching: () => void;
  readonly #watched = new Map<string, Probing>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #trustsFrom = 0;
  #isConnected = true;

  /** @param gone called once for each id; it is watched no longer then. */
  constructor(connection: NatsConnection, gone: (id: string) => void) {
    this.#connection = connection;
    this.#gone = gone;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null && message.headers?.code === 503)
          this.#unheard(message.subject.slice(this.#inbox.length + 1));
      },
    });
    this.#stopWatching = watchConnection(connection, {
      lost: () => (this.#isConnected = false),
      back: () => {
        this.#isConnected = true;
        this.#trustsFrom = performance.now() + graceMs;
        for (const id of this.#watched.keys()) this.#watched.set(id, { misses: 0, missed: false });
      },
    });
    this.#timer = setInterval(() => this.#probe(), probeMs);
  }

  watch(id: string): void {
    if (!this.#watched.has(id)) this.#watched.set(id, { misses: 0, missed: false });
  }

  unwatch(id: string): void {
    this.#watched.delete(id);
  }

  /**
   * Which of those that are watched nobody hears at this moment: gone, or about to come back. Takes one round to the server, which
   * answers a message that nobody listens to before anything that was sent after it.
   */
  async unheardNow(): Promise<ReadonlySet<string>> {
    const before = new Map([...this.#watched].map(([id, { misses }]) => [id, misses]));
    for (const id of before.keys()) this.#ask(id);
    await this.#connection.flush();
    return new Set(
      [...before].flatMap(([id, misses]) => ((this.#watched.get(id)?.misses ?? enough) > misses ? [id] : [])),
    );
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopWatching();
    this.#subscription.unsubscribe();
    this.#watched.clear();
  }

  #probe(): void {
    if (!this.#isConnected || this.#connection.isClosed() || performance.now() < this.#trustsFrom) return;
    const every = Math.ceil((this.#watched.size * 1_000) / probeMs / mostProbes);
    this.#turn += 1;
    let place = 0;
    for (const [id, probing] of this.#watched) {
      place += 1;
      if (every > 1 && (place + this.#turn) % every !== 0) continue;
      if (!probing.missed) probing.misses = 0;
      probing.missed = false;
      this.#ask(id);
    }
  }

  #ask(id: string): void {
    this.#connection.publish(subjects.here(id), undefined, { reply: `${this.#inbox}.${id}` });
  }

  #unheard(id: string): void {
    const probing = this.#watched.get(id);
    if (probing === undefined || performance.now() < this.#trustsFrom) return;
    probing.missed = true;
    probing.misses += 1;
    if (probing.misses < enough) return;
    this.#watched.delete(id);
    this.#gone(id);
  }
}
