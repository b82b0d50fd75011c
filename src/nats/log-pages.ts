/** A stream by pages: so many messages from a place on, for whoever looks something up instead of following. */
import { createInbox, type Msg, type NatsConnection } from '@nats-io/nats-core';
import { TransportError } from '../protocol/errors.ts';
import type { StoredMessage } from './log-reader.ts';

export interface PageRequest {
  /** The first sequence that may be among them. */
  readonly from: number;
  readonly count: number;
  /** Only messages of this subject, which may have wildcards. */
  readonly filter?: string;
}

const silenceMs = 3_000;

/**
 * At most `count` messages of a stream from a sequence on, in order; fewer at its end, none behind it. Leaves nothing with the server.
 * (The client's own `direct.getBatch` leaves a subscription behind with each page.)
 * @throws TransportError when the server does not answer.
 */
export function readPage(
  connection: NatsConnection,
  stream: string,
  { from, count, filter }: PageRequest,
): Promise<StoredMessage[]> {
  return new Promise((resolve, reject) => {
    const messages: StoredMessage[] = [];
    const inbox = createInbox();
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      if (error === undefined) resolve(messages);
      else reject(error);
    };
    const silent = (): void =>
      finish(new TransportError('the NATS server does not answer when it is asked for events', { code: 'log.silent' }));
    const timer = setTimeout(silent, silenceMs);
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) {
          finish(error);
          return;
        }
        const { headers } = message;
        const code = headers?.code ?? 0;
        // 204: that was all; 404: there is nothing.
        if (code === 204 || code === 404) {
          finish();
          return;
        }
        if (code !== 0) {
          const words = headers?.description ?? '';
          finish(new TransportError(`the NATS server gives no events: ${code} ${words}`, { code: 'log.refused' }));
          return;
        }
        messages.push(toMessage(message));
        timer.refresh();
      },
    });
    const query = { seq: Math.max(1, from), batch: count, ...(filter === undefined ? {} : { next_by_subj: filter }) };
    connection.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), { reply: inbox });
  });
}

function toMessage({ data, headers }: Msg): StoredMessage {
  const header = (name: string): string => headers?.last(name) ?? '';
  return {
    subject: header('Nats-Subject'),
    data,
    headers,
    sequence: Number(header('Nats-Sequence')),
    storedAt: millisecondsOf(header('Nats-Time-Stamp')),
    pending: 0,
    id: header('Nats-Msg-Id'),
  };
}

/** ms since 1970 of a time as the server writes it, with its nanoseconds. */
function millisecondsOf(timestamp: string): number {
  const fraction = /\.(\d+)/.exec(timestamp)?.[1] ?? '0';
  return Date.parse(timestamp.replace(/\.\d+/, '')) + Number(`0.${fraction}`) * 1_000;
}
