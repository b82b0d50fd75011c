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
  #followers = 0;
  /** What this process has said and not read back: known without reading it. */
  readonly #own = new Map<string, Fact>();

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
    if (this.#followers > 0) this.#own.set(fact.id, fact);
    return this.#publisher.publish(
      subjects.log(this.#campaign, source, fact.event.type),
      JSON.stringify(fact),
      fact.id,
      // What the host says of its workers is nobody's but its own.
      source === 'host' ? null : source,
    );
  }

  async follow(from: number, listener: FactListener): Promise<{ close(): Promise<void> }> {
    this.#followers += 1;
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

  /** A fact of our own, as it was said: with several facts for each task this spares most of the reading. */
  #recognise({ id, subject, sequence, storedAt }: StoredMessage): StoredFact | null {
    const fact = this.#own.get(id);
    if (fact === undefined) return null;
    this.#own.delete(id);
    return { ...fact, source: parseLogSubject(subject)?.source ?? '', sequence, storedAt };
  }

  #range(from: number): { stream: string; filters: string[]; from: number } {
    return { stream: streams.log(this.#campaign), filters: [subjects.logOf(this.#campaign)], from };
  }

  #deliver(message: StoredMessage, listener: FactListener): void {
    let fact: StoredFact;
    try {
      fact = this.#recognise(message) ?? toStoredFact(message);
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
