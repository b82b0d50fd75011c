import type { Clock } from '../runtime/contracts.ts';

const lifeMs = 2_000;
/** After the server was away, its clients get so long to renew what they hold. */
const graceMs = 1_000;

interface Session {
  readonly name: string;
  callOff: () => void;
}

/** What a server knows of who runs which actor of one campaign: claims that hold for as long as their owner's session does. */
export class ClaimTable {
  readonly #time: Clock;
  readonly #isDown: () => boolean;
  readonly #living = new Map<string, Session>();
  /** Of each claimed actor: by which session, and the number of that claim among all. */
  readonly #owners = new Map<string, { readonly session: string; readonly claim: number }>();
  #claims = 0;
  readonly #onChange = new Set<() => void>();

  constructor(time: Clock, isDown: () => boolean) {
    this.#time = time;
    this.#isDown = isDown;
  }

  /** A process says that it lives; without another renewal it is taken for dead 2 s later. */
  renew(session: string, name: string): void {
    const before = this.#living.get(session);
    before?.callOff();
    const known: Session = { name, callOff: () => undefined };
    this.#living.set(session, known);
    this.#limit(session, known, lifeMs);
    // What it has claimed is its own again.
    if (before === undefined) this.#tell();
  }

  /** It is seen to be gone, or says so. */
  end(session: string): void {
    this.#living.get(session)?.callOff();
    if (this.#living.delete(session)) this.#tell();
  }

  serverIsBack(): void {
    for (const [id, session] of this.#living) {
      session.callOff();
      this.#limit(id, session, lifeMs + graceMs);
    }
  }

  /** Take an actor for a session; the number of the claim, or null while another one that lives has it. */
  claim(actor: string, session: string): number | null {
    const owner = this.ownerOf(actor);
    if (owner !== null && owner !== session) return null;
    this.#claims += 1;
    this.#owners.set(actor, { session, claim: this.#claims });
    this.#tell();
    return this.#claims;
  }

  /** End this claim, if it still stands. */
  release(actor: string, claim: number): void {
    if (this.#owners.get(actor)?.claim !== claim) return;
    this.#owners.delete(actor);
    this.#tell();
  }

  /** The living session that has an actor; null when it is free. */
  ownerOf(actor: string): string | null {
    const owner = this.#owners.get(actor);
    return owner !== undefined && this.#living.has(owner.session) ? owner.session : null;
  }

  nameOf(session: string): string {
    return this.#living.get(session)?.name ?? session;
  }

  /** Call back at every change, until the returned function is called. */
  onChange(callback: () => void): () => void {
    this.#onChange.add(callback);
    return () => this.#onChange.delete(callback);
  }

  #limit(id: string, session: Session, afterMs: number): void {
    session.callOff = this.#time.after(afterMs, () => {
      // What lapses while the server is away is looked at when it is back.
      if (!this.#isDown()) this.end(id);
    });
  }

  #tell(): void {
    for (const tell of [...this.#onChange]) tell();
  }
}
