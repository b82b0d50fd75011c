import { eventSchemas, isSource } from '../protocol/events.ts';
import { decode, factSchema, misfit, type StoredFact } from '../protocol/fact.ts';
import type { Clock } from '../runtime/contracts.ts';

/** A stored message of the log, as the bytes that a reader gets. */
interface Entry {
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly storedAt: number;
}

const encoder = new TextEncoder();
const windowMs = 120_000;

/** The ids of what was stored of late: whatever comes again within two minutes is known. */
export class RecentIds {
  readonly #clock: Clock;
  readonly #known = new Map<string, { place: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Where something of this id was stored within the window; null when it was not. */
  find(id: string): number | null {
    const now = this.#clock.now();
    // The oldest stand first.
    for (const [old, { at }] of this.#known) {
      if (now - at < windowMs) break;
      this.#known.delete(old);
    }
    return this.#known.get(id)?.place ?? null;
  }

  note(id: string, place: number): void {
    this.#known.set(id, { place, at: this.#clock.now() });
  }

  /** As if two minutes had passed. */
  forget(): void {
    this.#known.clear();
  }
}

/** What a server keeps of one campaign's log: messages in order, and the ids of the latest. */
export class MemoryLog {
  readonly ids: RecentIds;
  readonly #clock: Clock;
  readonly #entries: Entry[] = [];
  readonly #onStored = new Set<() => void>();
  /** Under which every message was ever stored. */
  readonly #everStored = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.ids = new RecentIds(clock);
  }

  /** How many messages are stored; the sequence of the last. */
  get size(): number {
    return this.#entries.length;
  }

  /** Store a message, unless its id was stored of late; tells who waits for more. */
  store(source: string, json: string, id: string): { sequence: number } {
    const known = this.ids.find(id);
    if (known !== null) return { sequence: known };
    const bytes = encoder.encode(json);
    const sequence = this.#entries.push({ source, bytes, storedAt: this.#clock.now() });
    this.ids.note(id, sequence);
    this.#everStored.add(id);
    for (const tell of [...this.#onStored]) tell();
    return { sequence };
  }

  /** Whether a message was ever stored under this id. */
  has(id: string): boolean {
    return this.#everStored.has(id);
  }

  /**
   * The fact at a sequence, read and checked as from the wire; null when there is none yet.
   * @throws ProtocolError when what is stored there is no fact of its source.
   */
  at(sequence: number): StoredFact | null {
    const entry = this.#entries[sequence - 1];
    if (entry === undefined) return null;
    const { source, bytes, storedAt } = entry;
    const where = `${source} (${sequence})`;
    const fact = decode(factSchema, bytes, where);
    if (!isSource(source)) return { ...fact, sequence, source, storedAt };
    const parsed = eventSchemas[source].safeParse(fact.event);
    if (!parsed.success) throw misfit(where, parsed.error);
    return { ...fact, event: parsed.data, sequence, source, storedAt };
  }

  /** Call back each time that a message was stored, until the returned function is called. */
  onStored(callback: () => void): () => void {
    this.#onStored.add(callback);
    return () => this.#onStored.delete(callback);
  }
}
