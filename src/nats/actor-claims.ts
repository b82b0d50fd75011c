import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { z } from 'zod';
import { buckets, subjects } from '../protocol/subjects.ts';
import type { ActorClaims, ClaimListener } from '../runtime/contracts.ts';
import { onReconnect } from './connection.ts';
import { readLog, type LogReader, type StoredMessage } from './log-reader.ts';
import { PresenceWatch } from './presence.ts';
import { nameOf, Session, type Owner } from './session.ts';
import { openLapsing } from './streams.ts';

const ownerSchema: z.ZodType<Owner> = z.object({
  session: z.string(),
  host: z.string(),
  pid: z.number(),
  since: z.number(),
});

/** Who wrote a claim; null when it was written by nobody of ours. */
function readOwner(data: Uint8Array): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return null;
  }
}

interface Entry {
  readonly owner: Owner;
  readonly revision: number;
}

/** After the server was away its clients come back one by one, and renew. */
const graceMs = 2_000;
const againMs = 300;

/**
 * Claims of actors in `cox-leases`, one key `<campaign>.<actor>` each, that hold for as long as their owner's session does.
 *
 * One renewal a process keeps all that it runs. An owner is gone when its key was removed, when its session has lapsed (frozen,
 * cut off: 2 s), or when nobody listens at its presence any more (killed: 0.3 s). Every claim is written by revision: of two that
 * want a free actor one gets it.
 */
export class NatsActorClaims implements ActorClaims {
  readonly #connection: NatsConnection;
  readonly #campaign: string;
  readonly #actors: readonly string[];
  readonly #session: Session;
  readonly #entries = new Map<string, Entry>();
  readonly #living = new Set<string>();
  /** Sessions that were seen to be gone before their keys lapsed. */
  readonly #dead = new Set<string>();
  readonly #mine = new Map<string, number>();
  #leases: KV | null = null;
  #sessions: KV | null = null;
  #readers: LogReader[] = [];
  #presence: PresenceWatch | null = null;
  #listener: ClaimListener = { free: () => undefined, lost: () => undefined };
  #confirming: Promise<void> | null = null;
  #isTelling = false;
  #trustsFrom = 0;
  #stopWatching: () => void = () => undefined;

  /** @param actors all actors of the campaign that this process may come to run. */
  constructor(connection: NatsConnection, campaign: string, actors: readonly string[]) {
    this.#connection = connection;
    this.#campaign = campaign;
    this.#actors = actors;
    this.#session = new Session(connection);
  }

  async open(listener: ClaimListener): Promise<void> {
    this.#listener = listener;
    const connection = this.#connection;
    await this.#session.open();
    this.#leases = await openLapsing(connection, 'leases');
    this.#sessions = await openLapsing(connection, 'sessions');
    this.#stopWatching = onReconnect(connection, () => (this.#trustsFrom = performance.now() + graceMs));
    this.#presence = new PresenceWatch(connection, (session) => {
      this.#dead.add(session);
      this.#freeOf(session);
    });
    const watch = (bucket: string, filter: string, onMessage: (message: StoredMessage) => void): Promise<LogReader> =>
      readLog(connection, { stream: `KV_${bucket}`, filters: [filter], from: 1, onMessage });
    this.#readers = await Promise.all([
      watch(buckets.sessions, subjects.kv(buckets.sessions, '>'), (message) => this.#hearSession(message)),
      watch(buckets.leases, this.#subject('*'), (message) => this.#hearLease(message)),
    ]);
    await Promise.all(this.#readers.map(({ caughtUp }) => caughtUp));
    this.#isTelling = true;
    for (const actor of this.#actors) if (this.#seemsFree(actor)) listener.free(actor);
  }

  async claim(actor: string): Promise<boolean> {
    if (this.#mine.has(actor)) return true;
    const key = this.#key(actor);
    const value = JSON.stringify(this.#session.owner);
    try {
      const found = await this.#leases?.get(key);
      if (found?.operation !== 'PUT') {
        return this.#own(actor, (await this.#leases?.create(key, value)) ?? 0);
      }
      const { session } = ownerSchema.parse(found.json());
      const isOurs = session === this.#session.owner.session;
      if (!isOurs && (await this.#lives(session))) return false;
      return this.#own(actor, (await this.#leases?.update(key, value, found.revision)) ?? 0);
    } catch (error) {
      if (this.#connection.isClosed()) throw error;
      // Somebody else was faster, and will be watched like any owner; or the server is away or not ready, and it is tried again.
      this.#tellLater([actor], againMs);
      return false;
    }
  }

  /** Ours, unless somebody took it after this revision: a process that was frozen may hear of that before its own answer. */
  #own(actor: string, revision: number): boolean {
    const entry = this.#entries.get(actor);
    if (entry !== undefined && entry.revision > revision && entry.owner.session !== this.#session.owner.session)
      return false;
    this.#mine.set(actor, revision);
    return true;
  }

  async release(actor: string): Promise<void> {
    const revision = this.#mine.get(actor);
    this.#mine.delete(actor);
    if (revision === undefined || this.#connection.isClosed()) return;
    try {
      await this.#leases?.delete(this.#key(actor), { previousSeq: revision });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // It is another's by now; or it still stands in our name, and nobody else would run it.
      this.#tellLater([actor], againMs);
    }
  }

  ownerOf(actor: string): string | null {
    const entry = this.#entries.get(actor);
    return entry === undefined ? null : nameOf(entry.owner);
  }

  /** Whether an actor is ours, as far as this process knows. */
  holds(actor: string): boolean {
    return this.#mine.has(actor);
  }

  doubt(): Promise<void> | null {
    if (this.#confirming !== null) return this.#confirming;
    if (this.#session.isCertain) return null;
    this.#confirming = this.#confirm().finally(() => (this.#confirming = null));
    return this.#confirming;
  }

  async close(): Promise<void> {
    this.#isTelling = false;
    await Promise.all([...this.#mine.keys()].map((actor) => this.release(actor)));
    this.#stopWatching();
    this.#presence?.close();
    await Promise.all(this.#readers.map((reader) => reader.close()));
    await this.#session.close();
  }

  /** Find out what is still ours. */
  async #confirm(): Promise<void> {
    await this.#session.confirm();
    await Promise.all([...this.#mine.keys()].map((actor) => this.#checkMine(actor)));
  }

  async #checkMine(actor: string): Promise<void> {
    while (!this.#connection.isClosed()) {
      try {
        const found = await this.#leases?.get(this.#key(actor));
        const owner = found?.operation === 'PUT' ? ownerSchema.parse(found.json()) : null;
        if (owner?.session !== this.#session.owner.session) this.#lose(actor, owner);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  #lose(actor: string, owner: Owner | null): void {
    if (!this.#mine.delete(actor) || !this.#isTelling) return;
    this.#listener.lost(actor, owner === null ? 'another process' : nameOf(owner));
    if (owner === null) this.#listener.free(actor);
  }

  #hearLease({ subject, data, sequence }: StoredMessage): void {
    const actor = subject.slice(this.#subject('').length);
    if (data.length === 0) {
      this.#entries.delete(actor);
      // A removal of our own was no loss; one by somebody else, by hand, is.
      if ((this.#mine.get(actor) ?? Infinity) < sequence) this.#lose(actor, null);
      else if (this.#isTelling && !this.#mine.has(actor)) this.#listener.free(actor);
      return;
    }
    const owner = readOwner(data);
    if (owner === null) return;
    this.#entries.set(actor, { owner, revision: sequence });
    if (owner.session === this.#session.owner.session) {
      // The answer to a claim may have been lost, or come too late for it: then it is claimed once more.
      if (!this.#mine.has(actor)) this.#tellLater([actor], againMs);
      return;
    }
    if (!this.#dead.has(owner.session)) this.#presence?.watch(owner.session);
    if ((this.#mine.get(actor) ?? Infinity) < sequence) this.#lose(actor, owner);
  }

  #hearSession({ subject, data }: StoredMessage): void {
    const session = subject.slice(subjects.kv(buckets.sessions, '').length);
    if (data.length > 0) {
      this.#living.add(session);
      // It was only reconnecting.
      if (this.#dead.delete(session)) this.#presence?.watch(session);
      return;
    }
    this.#living.delete(session);
    this.#dead.delete(session);
    this.#presence?.unwatch(session);
    this.#freeOf(session);
  }

  /** The owner of these is gone. */
  #freeOf(session: string): void {
    if (!this.#isTelling || session === this.#session.owner.session) return;
    const actors = [...this.#entries].filter(([, { owner }]) => owner.session === session).map(([actor]) => actor);
    // While the server was away nobody could renew: they get as long to come back as we took.
    if (performance.now() < this.#trustsFrom) this.#tellLater(actors, graceMs);
    else for (const actor of actors) this.#listener.free(actor);
  }

  #tellLater(actors: readonly string[], afterMs: number): void {
    setTimeout(() => {
      if (!this.#isTelling) return;
      for (const actor of actors) if (!this.#mine.has(actor) && this.#seemsFree(actor)) this.#listener.free(actor);
    }, afterMs);
  }

  #seemsFree(actor: string): boolean {
    const session = this.#entries.get(actor)?.owner.session;
    if (session === undefined) return true;
    const isOurs = session === this.#session.owner.session;
    return isOurs ? !this.#mine.has(actor) : !this.#living.has(session) || this.#dead.has(session);
  }

  async #lives(session: string): Promise<boolean> {
    if (this.#dead.has(session)) return false;
    return (await this.#sessions?.get(session))?.operation === 'PUT';
  }

  #key(actor: string): string {
    return `${this.#campaign}.${actor}`;
  }

  #subject(actor: string): string {
    return subjects.kv(buckets.leases, this.#key(actor));
  }
}
