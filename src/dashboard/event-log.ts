/** A campaign's events looked up in its log, by pages: the log may be of any length, and none of it is kept here. */
import type { NatsConnection } from '@nats-io/nats-core';
import { toStoredFact } from '../nats/campaign-log.ts';
import { readPage } from '../nats/log-pages.ts';
import type { StoredMessage } from '../nats/log-reader.ts';
import { messageOf, ProtocolError } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { printable } from '../protocol/printable.ts';
import { parseLogSubject, streams, subjects } from '../protocol/subjects.ts';
import { eventText } from '../story/event-text.ts';
import type { TaskPlaces } from '../story/story.ts';
import type { EventDetail, EventPage, EventRow } from './api.ts';

/** Which events; empty texts and a null let all pass. */
export interface EventQuery {
  /** Only those before this sequence; null from the end of the log on. */
  readonly before: number | null;
  readonly limit: number;
  readonly source: string;
  readonly type: string;
  /** Anywhere in the line, in any case. */
  readonly text: string;
}

/** So many messages are looked through for one answer: with more the answer says where to go on. */
const mostScanned = 20_000;
const pageSize = 1_000;
/** Where consequences are looked for: an actor says what follows from an event as soon as it has heard it. */
const consequencesWithin = 4_000;
const mostConsequences = 50;
const mostCauses = 20;

export class EventLog {
  readonly #connection: NatsConnection;
  readonly #campaign: string;
  readonly #end: () => number;
  readonly #placesOf: (task: string) => TaskPlaces | null;

  /**
   * @param end sequence of the last event, as far as is known.
   * @param placesOf where a task was created and ended: workers do not say which event made them work.
   */
  constructor(
    connection: NatsConnection,
    campaign: string,
    { end, placesOf }: { end: () => number; placesOf: (task: string) => TaskPlaces | null },
  ) {
    this.#connection = connection;
    this.#campaign = campaign;
    this.#end = end;
    this.#placesOf = placesOf;
  }

  /** Events, newest first, and where to go on. */
  async page({ before, limit, source, type, text }: EventQuery): Promise<EventPage> {
    const wanted = text.toLowerCase();
    const fits = (row: EventRow): boolean =>
      wanted === '' || `${row.source} ${row.type} ${row.text}`.toLowerCase().includes(wanted);
    const filter = subjects.log(this.#campaign, source === '' ? '*' : source, type === '' ? '>' : type);
    const isFiltered = source !== '' || type !== '';
    const rows: EventRow[] = [];
    let high = Math.min(before ?? Infinity, this.#end() + 1);
    // With a filter the server passes over what does not fit, and a wide window costs little.
    let size = isFiltered ? 4 * pageSize : Math.min(pageSize, Math.max(limit, 100));
    for (let scanned = 0; high > 1 && rows.length < limit && scanned < mostScanned;) {
      const low = Math.max(1, high - size);
      const messages = await this.#read(low, high, isFiltered ? filter : undefined);
      scanned += isFiltered ? messages.length + pageSize / 4 : size;
      const found = messages.map(rowOfMessage).filter(fits).reverse();
      for (const row of found) {
        if (rows.length === limit) break;
        rows.push(row);
      }
      high = rows.length === limit ? (rows.at(-1)?.sequence ?? low) : low;
      size = isFiltered ? size * 2 : pageSize;
    }
    return { rows, before: high > 1 ? high : null };
  }

  /** One event as a line of a list; null when there is none at that place. */
  async row(at: number): Promise<EventRow | null> {
    const message = await this.#at(at);
    return message === null ? null : rowOfMessage(message);
  }

  /** One event with what led to it and what it led to; null when there is none at that place. */
  async detail(at: number): Promise<EventDetail | null> {
    const message = await this.#at(at);
    if (message === null) return null;
    const causes: EventRow[] = [];
    for (let cause = this.#causeOf(message); cause !== null && causes.length < mostCauses;) {
      const one = await this.#at(cause);
      if (one === null) break;
      causes.push(rowOfMessage(one));
      cause = this.#causeOf(one);
    }
    return {
      ...rowOfMessage(message),
      fact: contentOf(message),
      causes,
      consequences: await this.#consequencesOf(message),
    };
  }

  /** Facts of a range of sequences, both ends included; what is no fact is passed over. */
  async facts(from: number, to: number): Promise<StoredFact[]> {
    return (await this.#read(from, to + 1)).flatMap((message) => {
      const fact = factOf(message);
      return fact === null ? [] : [fact];
    });
  }

  /** What led to an event: what it says itself, and for a result the task's creation. */
  #causeOf(message: StoredMessage): number | null {
    const fact = factOf(message);
    if (fact === null) return null;
    const cause = fact.cause ?? (fact.source === 'worker' ? this.#taskOf(fact)?.created : null) ?? null;
    return cause === null || cause <= 0 || cause >= message.sequence ? null : cause;
  }

  #taskOf({ event }: StoredFact): TaskPlaces | null {
    const { task, result } = event as { task?: { id?: string }; result?: { task?: { id?: string } } };
    const id = event.type === 'task.created' ? task?.id : event.type === 'task.finished' ? result?.task?.id : undefined;
    return id === undefined ? null : this.#placesOf(id);
  }

  async #consequencesOf(message: StoredMessage): Promise<EventRow[]> {
    const at = message.sequence;
    const rows: EventRow[] = [];
    const end = Math.min(this.#end() + 1, at + 1 + consequencesWithin);
    for (let from = at + 1; from < end && rows.length < mostConsequences; from += pageSize) {
      const messages = await this.#read(from, Math.min(end, from + pageSize));
      rows.push(...messages.map(rowOfMessage).filter(({ cause }) => cause === at));
    }
    const fact = factOf(message);
    const finished = (fact?.event.type === 'task.created' ? this.#taskOf(fact)?.finished : null) ?? null;
    const result = finished === null ? null : await this.row(finished);
    return [...rows.slice(0, mostConsequences), ...(result === null ? [] : [result])];
  }

  async #at(sequence: number): Promise<StoredMessage | null> {
    const [message] = await this.#read(sequence, sequence + 1);
    return message ?? null;
  }

  /** What is stored from `low` on, below `high`. */
  async #read(low: number, high: number, filter?: string): Promise<StoredMessage[]> {
    const stream = streams.log(this.#campaign);
    const messages: StoredMessage[] = [];
    for (let from = low; from < high;) {
      const count = Math.min(pageSize, high - from);
      const page = await readPage(this.#connection, stream, {
        from,
        count,
        ...(filter === undefined ? {} : { filter }),
      });
      messages.push(...page.filter(({ sequence }) => sequence < high));
      const last = page.at(-1)?.sequence ?? high;
      if (page.length === 0 || last >= high) break;
      from = last + 1;
    }
    return messages;
  }
}

/** An event as a line of a list. */
export function rowOf(fact: StoredFact): EventRow {
  const { sequence, storedAt, source, event, cause } = fact;
  const names = { source: printable(source), type: printable(event.type) };
  return { sequence, at: storedAt, ...names, text: wordsOf(fact), cause };
}

function wordsOf(fact: StoredFact): string {
  try {
    return eventText(fact);
  } catch {
    return 'an event without the fields that it should have';
  }
}

function rowOfMessage(message: StoredMessage): EventRow {
  const fact = factOf(message);
  if (fact !== null) return rowOf(fact);
  const { source, event } = parseLogSubject(message.subject) ?? { source: '', event: '' };
  const text = 'no event of ours';
  return {
    sequence: message.sequence,
    at: message.storedAt,
    source: printable(source),
    type: printable(event),
    text,
    cause: null,
  };
}

function factOf(message: StoredMessage): StoredFact | null {
  try {
    return toStoredFact(message);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function contentOf({ data }: StoredMessage): unknown {
  const text = new TextDecoder().decode(data);
  try {
    return JSON.parse(text);
  } catch (error) {
    return { unreadable: messageOf(error), text: text.slice(0, 4_000) };
  }
}
