import { eventSchemas, isSource } from '../protocol/events.ts';
import { factSchema, misfit, type StoredFact } from '../protocol/fact.ts';
import type { Clock } from '../runtime/contracts.ts';
import { Fifo } from './fifo.ts';

/** A stored message of the log, as the text that a reader gets. */
interface Entry {
  readonly source: string;
  readonly json: string;
  readonly storedAt: number;
  /** What was read of it, once for all readers. */
  fact: StoredFact | null;
}

const windowMs = 120_000;

/** The ids of what was stored of late: whatever comes again within two minutes is known. */
export class RecentIds {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #known = new Map<string, number>();
  readonly #inOrder = new Fifo<{ id: string; at: number }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Where something of this id was stored within the window; null when it was not. */
  find(id: string): number | null {
    const now = this.#clock.now();
    for (;;) {
      const { first } = this.#inOrder;
      if (first === undefined || now - first.at < windowMs) break;
      this.#known.delete(first.id);
      this.#inOrder.shift();
    }
    return this.#known.get(id) ?? null;
  }

  note(id: string, place: number): void {
    this.#known.set(id, place);
    this.#inOrder.push({ id, at: this.#clock.now() });
  }

  /** As if two minutes had passed. */
  forget(): void {
    this.#known.clear();
    this.#inOrder.clear();
  }
}

/** What a server keeps of one campaign's log: messages in order, and the ids of the latest. */
export class MemoryLog {
  readonly ids: RecentIds;
  readonly #clock: Pick<Clock, 'now'>;
  /** Messages from the sequence `#dropped + 1` on. */
  #entries: Entry[] = [];
  #dropped = 0;
  readonly #onStored = new Set<(sequence: number) => void>();
  /** How far each follower has read. */
  readonly #positions = new Set<() => number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.ids = new RecentIds(clock);
  }

  /** How many messages were stored; the sequence of the last. */
  get size(): number {
    return this.#dropped + this.#entries.length;
  }

  /** Store a message, unless its id was stored of late; tells who waits for more. */
  store(source: string, json: string, id: string): { sequence: number } {
    const known = this.ids.find(id);
    if (known !== null) return { sequence: known };
    this.#entries.push({ source, json, storedAt: this.#clock.now(), fact: null });
    const sequence = this.size;
    this.ids.note(id, sequence);
    for (const tell of [...this.#onStored]) tell(sequence);
    return { sequence };
  }

  /**
   * The fact at a sequence, read and checked as from the wire; null when there is none yet, or none any more.
   * @throws ProtocolError when what is stored there is no fact of its source.
   */
  at(sequence: number): StoredFact | null {
    const entry = this.#entries[sequence - this.#dropped - 1];
    if (entry === undefined) return null;
    entry.fact ??= read(entry, sequence);
    return entry.fact;
  }

  /** The text at a sequence; null when there is none. */
  textAt(sequence: number): string | null {
    return this.#entries[sequence - this.#dropped - 1]?.json ?? null;
  }

  /** Call back each time that a message was stored, until the returned function is called. */
  onStored(callback: (sequence: number) => void): () => void {
    this.#onStored.add(callback);
    return () => this.#onStored.delete(callback);
  }

  /** Keep what a follower has not read yet, until the returned function is called. @param position what it has read. */
  keepFor(position: () => number): () => void {
    this.#positions.add(position);
    return () => this.#positions.delete(position);
  }

  /** Forget what everybody has passed, so that a log of millions needs no more memory than its end. @param upTo at most. */
  dropPassed(upTo: number): void {
    let last = upTo;
    for (const position of this.#positions) last = Math.min(last, position());
    if (last <= this.#dropped) return;
    this.#entries = this.#entries.slice(last - this.#dropped);
    this.#dropped = last;
  }
}

function read({ source, json, storedAt }: Entry, sequence: number): StoredFact {
  const where = `${source} (${sequence})`;
  const fact = factSchema.safeParse(JSON.parse(json));
  if (!fact.success) throw misfit(where, fact.error);
  if (!isSource(source)) return { ...fact.data, sequence, source, storedAt };
  const event = eventSchemas[source].safeParse(fact.data.event);
  if (!event.success) throw misfit(where, event.error);
  return { ...fact.data, event: event.data, sequence, source, storedAt };
}
