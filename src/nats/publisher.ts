import { createInbox, headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import { watchConnection } from './connection.ts';
import { LeaseError, messageOf, TransportError } from '../protocol/errors.ts';

/** Where a message was stored. */
export interface Stored {
  readonly sequence: number;
  /** True when the server had it already under the same id. */
  readonly duplicate: boolean;
}

interface Waiting {
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly id: string;
  readonly speaker: string | null;
  sentAt: number;
  readonly since: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
}

const retryAfterMs = 1_000;
const stallMs = 10_000;

/**
 * Publishes into streams, many at a time, and says when each message is stored.
 *
 * Acknowledgements come to one inbox of our own, which costs a third of a request each. Requests that were in flight when
 * the server died are never answered, so what is unanswered for a second is sent again under the same id, for as long as
 * it takes: the server drops the second copy.
 */
export class StoredPublisher {
  readonly #connection: NatsConnection;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stopWatching: () => void;
  #isConnected = true;
  #next = 0;
  #timer: NodeJS.Timeout | null = null;

  readonly #doubt: () => Promise<void> | null;
  readonly #speaksFor: (speaker: string) => boolean;
  readonly #stalled: (reason: string) => void;
  #isStalled = false;
  /** Why the server did not store what it was sent last. */
  #refusal = 'it does not answer';

  /**
   * @param options.doubt null while what was sent may be sent again, else a promise of certainty: a process that was frozen must
   * find out first whether it still speaks for its actors.
   * @param options.speaksFor whether what a speaker has said may still be sent again; by default all of it.
   * @param options.stalled told, once each time, that a server which is there has stored nothing for ten seconds, and why.
   */
  constructor(
    connection: NatsConnection,
    options: {
      doubt?: () => Promise<void> | null;
      speaksFor?: (speaker: string) => boolean;
      stalled?: (reason: string) => void;
    } = {},
  ) {
    this.#connection = connection;
    this.#doubt = options.doubt ?? (() => null);
    this.#speaksFor = options.speaksFor ?? (() => true);
    this.#stalled = options.stalled ?? (() => undefined);
    this.#stopWatching = watchConnection(connection, {
      lost: () => (this.#isConnected = false),
      back: () => {
        this.#isConnected = true;
        // What was in flight may be lost, and what was said meanwhile was not sent.
        void this.#sendAgain(Infinity);
      },
    });
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#acknowledged(message);
      },
    });
  }

  /** How many messages are not known to be stored yet. */
  get unstored(): number {
    return this.#waiting.size;
  }

  /**
   * Store a message under an id.
   * @param speaker whose message it is, if this process may lose its speaker to another.
   * @throws TransportError when the stream refuses it, or the publisher is closed before it was stored.
   * @throws LeaseError when its speaker was lost before it was stored: whoever has it says the same.
   */
  publish(subject: string, payload: string | Uint8Array, id: string, speaker: string | null = null): Promise<Stored> {
    return new Promise((resolve, reject) => {
      const token = (this.#next++).toString(36);
      const now = Date.now();
      const waiting = { subject, payload, id, speaker, sentAt: now, since: now, resolve, reject };
      this.#waiting.set(token, waiting);
      // Without a connection the client would keep it, and send it whatever has become of us meanwhile.
      if (this.#isConnected || this.#connection.isClosed()) this.#send(token, waiting);
      this.#timer ??= setInterval(() => this.#retry(), 250).unref();
    });
  }

  /** Give up what is not stored. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stopWatching();
    this.#subscription.unsubscribe();
    for (const { subject, reject } of this.#waiting.values()) {
      reject(new TransportError(`${subject}: closed before the message was stored`, { code: 'transport.closed' }));
    }
    this.#waiting.clear();
  }

  #send(token: string, { subject, payload, id }: Waiting): void {
    const header = headers();
    header.set('Nats-Msg-Id', id);
    try {
      this.#connection.publish(subject, payload, { reply: `${this.#inbox}.${token}`, headers: header });
    } catch (error) {
      // Closed for good, or a message that no server would take, such as one that is too large.
      const [what, code] = this.#connection.isClosed()
        ? ['the connection is closed', 'transport.closed']
        : [`not sent: ${messageOf(error)}`, 'transport.refused'];
      this.#settle(token, (waiting) =>
        waiting.reject(new TransportError(`${subject}: ${what}`, { code, cause: error })),
      );
    }
  }

  #acknowledged(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    // No responders: the stream's server is not back yet; the retry will find it.
    if (message.data.length === 0) {
      this.#refusal = 'it has no such stream, or its JetStream is not ready';
      return;
    }
    const answer = message.json<{ seq?: number; duplicate?: boolean; error?: { code: number; description: string } }>();
    if (answer.error !== undefined) this.#refusal = answer.error.description;
    // 503 and its like pass when the server has finished starting.
    if (answer.error !== undefined && answer.error.code >= 500 && answer.error.code !== 503) {
      this.#settle(token, ({ subject, reject }) =>
        reject(
          new TransportError(`${subject}: not stored: ${answer.error?.description ?? ''}`, {
            code: 'transport.not-stored',
          }),
        ),
      );
    } else if (answer.error !== undefined && answer.error.code < 500) {
      this.#settle(token, ({ subject, reject }) =>
        reject(
          new TransportError(`${subject}: refused: ${answer.error?.description ?? ''}`, { code: 'transport.refused' }),
        ),
      );
    } else if (answer.seq !== undefined) {
      this.#isStalled = false;
      const stored = { sequence: answer.seq, duplicate: answer.duplicate ?? false };
      this.#settle(token, ({ resolve }) => resolve(stored));
    }
  }

  #settle(token: string, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    how(waiting);
  }

  #retry(): void {
    if (this.#waiting.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    void this.#sendAgain(Date.now() - retryAfterMs);
    const [oldest] = this.#waiting.values();
    if (this.#isStalled || !this.#isConnected || oldest === undefined || Date.now() - oldest.since < stallMs) return;
    this.#isStalled = true;
    this.#stalled(this.#refusal);
  }

  /** A method, since the compiler does not see that an await may change the field. */
  #canSend(): boolean {
    return this.#isConnected;
  }

  /** Send once more, in order, what was sent by then and is not known to be stored. */
  async #sendAgain(sentBy: number): Promise<void> {
    const due = [...this.#waiting].filter(([, { sentAt }]) => sentAt <= sentBy);
    if (due.length === 0 || !this.#isConnected) return;
    const doubt = this.#doubt();
    if (doubt !== null) await doubt;
    for (const [token, waiting] of due) {
      if (!this.#canSend()) return;
      // It may have been stored, or sent again, while that was in doubt.
      if (this.#waiting.get(token) !== waiting || waiting.sentAt > sentBy) continue;
      const { subject, speaker } = waiting;
      if (speaker !== null && !this.#speaksFor(speaker)) {
        this.#settle(token, ({ reject }) =>
          reject(new LeaseError(`${subject}: another process speaks for ${speaker}`)),
        );
        continue;
      }
      waiting.sentAt = Date.now();
      this.#send(token, waiting);
    }
  }
}
