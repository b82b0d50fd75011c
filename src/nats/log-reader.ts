import { jetstreamManager, AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import { createInbox, nanos, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import { answered } from './answered.ts';
import { onReconnect } from './connection.ts';

/** A message of a stream, with its place and time. */
export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly sequence: number;
  /** The server's clock when it was stored, ms since 1970. */
  readonly storedAt: number;
  /** How many more messages the stream held for this reader when this one was sent. */
  readonly pending: number;
  /** The id under which it was stored, `Nats-Msg-Id`; empty when it has none. */
  readonly id: string;
}

/** Where in a stream to begin: a sequence, or the first message stored at or after a time (ms since 1970). */
export type ReadFrom = number | { readonly time: number };

/** What to read: a stream, which of its subjects, from where, with or without the messages' contents. */
export interface ReadOptions {
  readonly stream: string;
  readonly filters: readonly string[];
  readonly from: ReadFrom;
  /** Leave the contents with the server: `data` is empty, the rest is as it would be. */
  readonly headersOnly?: boolean;
  readonly onMessage: (message: StoredMessage) => void;
}

export interface LogReader {
  /** Resolves when everything that was stored at the start has been read. */
  readonly caughtUp: Promise<void>;
  close(): Promise<void>;
}

/** Place, time and delivery of a message, from the reply subject that JetStream gives it. */
export function deliveryOf(reply: string): {
  sequence: number;
  delivery: number;
  consumerSequence: number;
  storedAt: number;
  pending: number;
} {
  const tokens = reply.split('.');
  // $JS.ACK.<stream>.<consumer>.<...>, or with a domain and an account in front.
  const at = tokens.length > 9 ? 6 : 4;
  return {
    delivery: Number(tokens[at]),
    sequence: Number(tokens[at + 1]),
    consumerSequence: Number(tokens[at + 2]),
    storedAt: Number(tokens[at + 3]) / 1e6,
    pending: Number(tokens[at + 4]),
  };
}

const heartbeatMs = 1_000;
const silenceMs = 3_500;
const closeMs = 500;

/**
 * Read a stream in order from a sequence on, for ever, without acknowledgements: the reader's owner remembers its place.
 *
 * Whatever goes wrong (a gap, a reconnect, a server that forgot the consumer, silence) has one remedy, a new consumer at
 * the next sequence. An ordered consumer of the client would stall 1.5 times its `expires` after a restart.
 */
export async function readLog(connection: NatsConnection, options: ReadOptions): Promise<LogReader> {
  const { stream, filters, onMessage } = options;
  const manager = await jetstreamManager(connection, { checkAPI: false });
  let next: ReadFrom = options.from;
  let subscription: Subscription | null = null;
  let consumer: string | null = null;
  let expected = 1;
  let heardAt = Date.now();
  let closed = false;
  let opening: Promise<void> | null = null;
  let isCaughtUp: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => (isCaughtUp = resolve));

  const open = async (): Promise<void> => {
    subscription?.unsubscribe();
    const inbox = createInbox();
    expected = 1;
    const mine = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null && mine === subscription) take(message);
      },
    });
    subscription = mine;
    const info = await manager.consumers.add(stream, {
      deliver_subject: inbox,
      ack_policy: AckPolicy.None,
      ...(typeof next === 'number'
        ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: next }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(next.time).toISOString() }),
      headers_only: options.headersOnly ?? false,
      replay_policy: ReplayPolicy.Instant,
      filter_subjects: [...filters],
      idle_heartbeat: nanos(heartbeatMs),
      flow_control: true,
      inactive_threshold: nanos(30_000),
      mem_storage: true,
      num_replicas: 1,
    });
    consumer = info.name;
    heardAt = Date.now();
    if (info.num_pending === 0) isCaughtUp();
  };

  const reopen = (): void => {
    if (closed || opening !== null) return;
    opening = (async () => {
      while (!closed) {
        try {
          await answered(connection, () => (closed ? Promise.resolve() : open()));
          return;
        } catch {
          // The server is not back, or its JetStream is not ready: the same again shortly.
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    })().finally(() => (opening = null));
  };

  const take = (message: Msg): void => {
    heardAt = Date.now();
    if (message.headers?.code === 100) {
      const stalled = message.headers.get('Nats-Consumer-Stalled');
      if (message.reply) message.respond();
      else if (stalled !== '') connection.publish(stalled);
      const last = message.headers.get('Nats-Last-Consumer');
      if (last !== '' && Number(last) >= expected) reopen();
      return;
    }
    if (message.reply === undefined) return;
    const delivery = deliveryOf(message.reply);
    if (delivery.consumerSequence !== expected) {
      reopen();
      return;
    }
    expected += 1;
    next = delivery.sequence + 1;
    const id = message.headers?.get('Nats-Msg-Id') ?? '';
    onMessage({ subject: message.subject, data: message.data, headers: message.headers, id, ...delivery });
    if (delivery.pending === 0) isCaughtUp();
  };

  try {
    await answered(connection, open);
  } catch (error) {
    (subscription as Subscription | null)?.unsubscribe();
    throw error;
  }
  const watch = setInterval(() => {
    if (Date.now() - heardAt > silenceMs && !connection.isClosed()) {
      heardAt = Date.now();
      reopen();
    }
  }, heartbeatMs);
  const stopWatching = onReconnect(connection, reopen);

  return {
    caughtUp,
    close: async () => {
      closed = true;
      clearInterval(watch);
      stopWatching();
      subscription?.unsubscribe();
      isCaughtUp();
      await opening;
      if (consumer === null || connection.isClosed()) return;
      // It ends by itself, too: a server that is away is not waited for.
      const { consumers } = await jetstreamManager(connection, { checkAPI: false, timeout: closeMs });
      await consumers.delete(stream, consumer).catch(() => false);
    },
  };
}

/**
 * Read what a stream holds now, from a sequence or a time on, and stop.
 * @returns how many messages were read.
 */
export async function readStored(connection: NatsConnection, options: ReadOptions): Promise<number> {
  let read = 0;
  const reader = await readLog(connection, {
    ...options,
    onMessage: (message) => {
      read += 1;
      options.onMessage(message);
    },
  });
  await reader.caughtUp;
  await reader.close();
  return read;
}
