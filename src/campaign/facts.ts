/** The facts of a campaign's log for whoever only reads them: no actor, no publisher. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { toStoredFact } from '../nats/campaign-log.ts';
import { readLog, type LogReader, type ReadFrom, type StoredMessage } from '../nats/log-reader.ts';
import { ConfigError, messageOf, ProtocolError } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';

export interface FactReader {
  /** From this sequence, or this time, on. */
  readonly from: ReadFrom;
  readonly onFact: (fact: StoredFact) => void;
  /** Told of each message that is no fact of ours. */
  readonly onOther: (sequence: number, message: string) => void;
}

/** Read a campaign's facts in order, then those that come, until closed. */
export function followFacts(
  connection: NatsConnection,
  campaign: string,
  { from, onFact, onOther }: FactReader,
): Promise<LogReader> {
  const onMessage = (message: StoredMessage): void => {
    let fact: StoredFact;
    try {
      fact = toStoredFact(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      onOther(message.sequence, messageOf(error));
      return;
    }
    onFact(fact);
  };
  return readLog(connection, { stream: streams.log(campaign), filters: [subjects.logOf(campaign)], from, onMessage });
}

/** Read the facts that a campaign's log holds now. */
export async function readFacts(connection: NatsConnection, campaign: string, reader: FactReader): Promise<void> {
  const following = await followFacts(connection, campaign, reader);
  await following.caughtUp;
  await following.close();
}

/**
 * Sequence of the last message that a campaign's log holds, or ever held.
 * @throws ConfigError when this server has no log of it.
 */
export async function endOfLog(connection: NatsConnection, campaign: string): Promise<number> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  try {
    return (await manager.streams.info(streams.log(campaign))).state.last_seq;
  } catch (cause) {
    throw new ConfigError(`this NATS server holds no log of campaign ${campaign} (${messageOf(cause)})`, {
      code: 'campaign.no-log',
      cause,
    });
  }
}
