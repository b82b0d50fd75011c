import type { ActorClaims, ClaimListener } from '../runtime/contracts.ts';
import type { ClaimTable } from './claim-table.ts';
import type { MemoryConnection } from './memory-connection.ts';

const renewMs = 500;
/** So long after a renewal was sent nobody else can have taken us for dead; some of the session's life is left for the answer. */
const certainMs = 1_500;

/**
 * One process's claims of a campaign's actors on a {@link MemoryServer}.
 *
 * Its session lapses 2 s after the last renewal, which its own clock makes: a process that is frozen or cut off loses it. One that
 * has died is noticed earlier, by `ClaimTable.end`.
 */
export class MemoryClaims implements ActorClaims {
  readonly session: string;
  readonly #connection: MemoryConnection;
  readonly #table: ClaimTable;
  readonly #actors: readonly string[];
  /** Actors that are ours, by the numbers of our claims. */
  readonly #mine = new Map<string, number>();
  #listener: ClaimListener = { free: () => undefined, lost: () => undefined };
  #certainUntil = -Infinity;
  #renewing: Promise<void> | null = null;
  #confirming: Promise<void> | null = null;
  #isOpen = false;
  #undo: (() => void)[] = [];

  /** @param session unique among all processes and all their lives. */
  constructor(connection: MemoryConnection, session: string, actors: readonly string[]) {
    this.#connection = connection;
    this.session = session;
    this.#actors = actors;
    this.#table = connection.server.claims(connection.campaign);
  }

  async open(listener: ClaimListener): Promise<void> {
    this.#listener = listener;
    await this.#renew();
    const free = await this.#connection.request(() =>
      this.#actors.filter((actor) => this.#table.ownerOf(actor) === null),
    );
    this.#isOpen = true;
    let isComing = false;
    const look = (): void => {
      isComing = false;
      this.#look();
    };
    this.#undo = [
      this.#table.onChange(() => {
        if (isComing) return;
        isComing = true;
        this.#connection.receive(look, () => (isComing = false));
      }),
      this.#connection.onBack(look),
    ];
    this.#tick();
    for (const actor of free) listener.free(actor);
    this.#look();
  }

  async claim(actor: string): Promise<boolean> {
    while (!this.#mine.has(actor)) {
      const sentAt = this.#connection.life.elapsed();
      const claim = await this.#connection.request(() => this.#table.claim(actor, this.session));
      if (claim === null) return false;
      // An answer that took long, since we were frozen, may not be true any more.
      if (this.#connection.life.elapsed() < sentAt + certainMs) this.#mine.set(actor, claim);
    }
    return true;
  }

  async release(actor: string): Promise<void> {
    const claim = this.#mine.get(actor);
    this.#mine.delete(actor);
    if (claim !== undefined) await this.#connection.request(() => this.#table.release(actor, claim));
  }

  ownerOf(actor: string): string | null {
    const owner = this.#table.ownerOf(actor);
    return owner === null ? null : this.#table.nameOf(owner);
  }

  doubt(): Promise<void> | null {
    if (this.#confirming !== null) return this.#confirming;
    if (this.#isCertain) return null;
    this.#confirming = this.#confirm().finally(() => (this.#confirming = null));
    return this.#confirming;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    for (const undo of this.#undo.splice(0)) undo();
    for (const actor of [...this.#mine.keys()]) await this.release(actor);
    await this.#connection.request(() => this.#table.end(this.session));
  }

  get #isCertain(): boolean {
    return this.#connection.life.elapsed() < this.#certainUntil;
  }

  #tick(): void {
    this.#connection.clock.after(renewMs, () => {
      if (!this.#isOpen) return;
      void this.#renew();
      this.#tick();
    });
  }

  #renew(): Promise<void> {
    const sentAt = this.#connection.life.elapsed();
    this.#renewing ??= this.#connection
      .request(() => this.#table.renew(this.session, this.session))
      .then(() => void (this.#certainUntil = sentAt + certainMs))
      .finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** Renew until it is certain that we live, and find out what is still ours. */
  async #confirm(): Promise<void> {
    while (!this.#isCertain) await this.#renew();
    const owners = await this.#connection.request(() =>
      [...this.#mine.keys()].map((actor): [string, string | null] => [actor, this.#table.ownerOf(actor)]),
    );
    for (const [actor, owner] of owners) this.#lose(actor, owner);
  }

  /** See what has changed. */
  #look(): void {
    if (!this.#isOpen) return;
    for (const actor of this.#actors) {
      const owner = this.#table.ownerOf(actor);
      if (this.#mine.has(actor)) this.#lose(actor, owner);
      else if (owner === null) this.#listener.free(actor);
    }
  }

  /** Unless it is ours, or would be again with our next renewal. */
  #lose(actor: string, owner: string | null): void {
    if (owner === this.session || owner === null || !this.#mine.delete(actor)) return;
    this.#listener.lost(actor, this.#table.nameOf(owner));
  }
}
