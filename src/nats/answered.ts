import type { NatsConnection } from '@nats-io/nats-core';
import { watchConnection } from './connection.ts';

const againAfterMs = 100;
const patienceMs = 10_000;
/** What passes: nobody was there to answer, or the connection went. */
const passing = ['TimeoutError', 'NoResponders', 'RequestError', 'JetStreamNotEnabled', 'LostError'];

class LostError extends Error {
  override readonly name = 'LostError';
}

/**
 * What a request is answered, asked again for as long as the server is away or is still starting.
 *
 * Requests that were in flight when a connection was lost are never answered: these are asked again at once when it is back, and
 * not when their time limit has passed. So the same may be asked twice.
 * @throws what the server refuses it with; what it failed with when a server that is there has not answered for ten seconds.
 */
export async function answered<T>(connection: NatsConnection, ask: () => Promise<T>): Promise<T> {
  let deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await onOneConnection(connection, ask());
    } catch (error) {
      if (error instanceof LostError) deadline = performance.now() + patienceMs;
      if (connection.isClosed() || !isPassing(error) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
    }
  }
}

async function onOneConnection<T>(connection: NatsConnection, answer: Promise<T>): Promise<T> {
  let stop: () => void = () => undefined;
  const lost = new Promise<never>((_resolve, reject) => {
    const gone = (): void => reject(new LostError('the connection was lost before the answer came'));
    // What was asked while it was down is as lost as what was in flight when it went.
    stop = watchConnection(connection, { lost: gone, back: gone });
  });
  try {
    return await Promise.race([answer, lost]);
  } finally {
    stop();
  }
}

/** Whether what a request failed with passes when the server is back and ready. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // 503: JetStream is not ready yet.
  return passing.includes(error.name) || (error as { status?: number }).status === 503;
}
