import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { nameOf, type Owner } from '../nats/session.ts';
import { openLapsing } from '../nats/streams.ts';

/** Looked up so often: a process that takes over shows within this time. */
const everyMs = 2_000;

/** Which process runs each actor of a campaign, for as long as somebody watches. */
export class ActorOwners {
  readonly #connection: NatsConnection;
  readonly #campaign: string;
  readonly #actors: readonly string[];
  #owners: ReadonlyMap<string, Owner> = new Map();
  #timer: NodeJS.Timeout | null = null;
  #buckets: Promise<{ leases: KV; sessions: KV }> | null = null;

  constructor(connection: NatsConnection, campaign: string, actors: readonly string[]) {
    this.#connection = connection;
    this.#campaign = campaign;
    this.#actors = actors;
  }

  /** @param changed called when another process runs one of them. */
  start(changed: () => void): void {
    if (this.#timer !== null) return;
    let isLooking = false;
    const look = (): void => {
      if (isLooking) return;
      isLooking = true;
      this.#look(changed)
        // The server is away: what was known stays until it is back.
        .catch(() => undefined)
        .finally(() => (isLooking = false));
    };
    this.#timer = setInterval(look, everyMs);
    look();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Who runs an actor, as people call it, and where; null when nobody does. */
  of(actor: string): { readonly runBy: string | null; readonly host: string | null } {
    const owner = this.#owners.get(actor);
    return owner === undefined ? { runBy: null, host: null } : { runBy: nameOf(owner), host: owner.host };
  }

  async #look(changed: () => void): Promise<void> {
    this.#buckets ??= this.#open();
    const { leases, sessions } = await this.#buckets.catch((error: unknown) => {
      this.#buckets = null;
      throw error;
    });
    const claims = await Promise.all(this.#actors.map((actor) => leases.get(`${this.#campaign}.${actor}`)));
    const claimed = new Map<string, Owner>();
    claims.forEach((entry, i) => {
      if (entry?.operation === 'PUT') claimed.set(this.#actors[i] ?? '', entry.json<Owner>());
    });
    const names = [...new Set([...claimed.values()].map(({ session }) => session))];
    const living = await Promise.all(names.map((name) => sessions.get(name)));
    const alive = new Set(names.filter((_, i) => living[i]?.operation === 'PUT'));
    const owners = new Map([...claimed].filter(([, { session }]) => alive.has(session)));
    const isSame =
      owners.size === this.#owners.size &&
      [...owners].every(([actor, { session }]) => this.#owners.get(actor)?.session === session);
    this.#owners = owners;
    if (!isSame) changed();
  }

  async #open(): Promise<{ leases: KV; sessions: KV }> {
    const [leases, sessions] = await Promise.all([
      openLapsing(this.#connection, 'leases'),
      openLapsing(this.#connection, 'sessions'),
    ]);
    return { leases, sessions };
  }
}
