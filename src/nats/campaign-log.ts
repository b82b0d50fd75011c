import type { NatsConnection } from '@nats-io/nats-core';
import { eventSchemas, isSource } from '../protocol/events.ts';
import { decode, factSchema, misfit, type Fact, type StoredFact } from '../protocol/fact.ts';
import { parseLogSubject, streams, subjects } from '../protocol/subjects.ts';
import type { CampaignLog, FactListener } from '../runtime/contracts.ts';
import { readLog, readStored, type StoredMessage } from './log-reader.ts';
import type { StoredPublisher } from './publisher.ts';

/** A campaign's log as a JetStream stream. */
export class NatsCampaignLog implements CampaignLog {
  readonly #connection: NatsConnection;
  readonly #publisher: StoredPublisher;
  readonly #campaign: string;
  readonly #refuse: (error: unknown, sequence: number) => void;

  /** @param refuse told of each stored message that is no fact of ours; such messages are passed over, replay included. */
  constructor(
    connection: NatsConnection,
    publisher: StoredPublisher,
    campaign: string,
    refuse: (error: unknown, sequence: number) => void,
  ) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#campaign = campaign;
    this.#refuse = refuse;
  }

  append(source: string, fact: Fact): Promise<{ sequence: number }> {
    return this.#publisher.publish(
      subjects.log(this.#campaign, source, fact.event.type),
      JSON.stringify(fact),
      fact.id,
    );
  }

  async follow(from: number, listener: FactListener): Promise<{ close(): Promise<void> }> {
    return readLog(this.#connection, {
      ...this.#range(from),
      onMessage: (message) => this.#deliver(message, listener),
    });
  }

  async read(from: number, listener: FactListener): Promise<void> {
    await readStored(this.#connection, {
      ...this.#range(from),
      onMessage: (message) => this.#deliver(message, listener),
    });
  }

  #range(from: number): { stream: string; filters: string[]; from: number } {
    return { stream: streams.log(this.#campaign), filters: [subjects.logOf(this.#campaign)], from };
  }

  #deliver(message: StoredMessage, listener: FactListener): void {
    let fact: StoredFact;
    try {
      fact = toStoredFact(message);
    } catch (error) {
      this.#refuse(error, message.sequence);
      return;
    }
    listener(fact);
  }
}

/**
 * A fact as it was stored.
 * @throws ProtocolError when the message does not fit the schema of its subject.
 */
export function toStoredFact({ subject, data, sequence, storedAt }: StoredMessage): StoredFact {
  const where = `${subject} (${sequence})`;
  const source = parseLogSubject(subject)?.source ?? '';
  const fact = decode(factSchema, data, where);
  if (!isSource(source)) return { ...fact, sequence, source, storedAt };
  const parsed = eventSchemas[source].safeParse(fact.event);
  if (!parsed.success) throw misfit(where, parsed.error);
  return { ...fact, event: parsed.data, sequence, source, storedAt };
}
