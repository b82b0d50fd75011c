/** The actors as they are and were: a replay of the log behind the story, in slices, so that nobody waits for it. */
import type { ActorPlan } from '../protocol/actor.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { Replay, type PastActors, type ReadFacts } from '../replay/replay.ts';
import type { ActorOwners } from './actor-owners.ts';
import type { ActorLive } from './api.ts';

const pageSize = 1_000;
/** So long the replay goes on before others have their turn, ms. */
const sliceMs = 15;
/** So long it waits for whoever has asked something, ms: what a view asks comes in one go, and its answers take many turns. */
const wayMs = 1_000;
/** After a page that could not be read, ms. */
const againMs = 1_000;

export class History {
  readonly #replay: Replay;
  readonly #readFacts: ReadFacts;
  /** Sequence of the last fact that there is to take. */
  #known = 0;
  /** Whether the replay has taken all that there was, and takes each fact as it comes. */
  #isLive = false;
  #running: Promise<void> | null = null;
  #isResting = true;
  #wayUntil = 0;

  constructor(plans: readonly ActorPlan[], readFacts: ReadFacts) {
    this.#replay = new Replay(plans);
    this.#readFacts = readFacts;
  }

  /** Sequence of the last fact that the replay has taken. */
  get position(): number {
    return this.#isLive ? this.#known : this.#replay.position;
  }

  /** The next fact, as it was read by whoever reads the log. */
  take(fact: StoredFact): void {
    this.#known = fact.sequence;
    if (this.#isLive) this.#replay.take(fact);
  }

  /** Read in the background what there is and was not taken; whether there is any. */
  catchUp(): boolean {
    if (this.#isLive) return false;
    this.#isResting = false;
    this.#running ??= this.#readOn().finally(() => (this.#running = null));
    return true;
  }

  /** Somebody has asked something else than this: that comes first. */
  giveWay(): void {
    this.#wayUntil = performance.now() + wayMs;
  }

  /** Read nothing more until {@link catchUp}. */
  rest(): void {
    this.#isResting = true;
    this.#isLive = false;
  }

  actors(owners: ActorOwners): ActorLive[] {
    return this.#replay.actors().map((actor) => ({ ...actor, ...owners.of(actor.actor) }));
  }

  /** The actors right after an event; null as long as the replay has not come that far. */
  past(sequence: number): Promise<PastActors | null> {
    this.#wayUntil = 0;
    return this.#replay.past(sequence, this.#readFacts);
  }

  async #readOn(): Promise<void> {
    let from = this.#replay.position + 1;
    while (!this.#isResting) {
      if (from > this.#known) {
        // Nobody else had a turn since this was looked at: the next fact is given to the replay as it comes.
        this.#isLive = true;
        return;
      }
      const to = Math.min(this.#known, from + pageSize - 1);
      const facts = await this.#readFacts(from, to).catch(() => null);
      if (facts === null) {
        await new Promise((resolve) => setTimeout(resolve, againMs));
        continue;
      }
      await this.#takeAll(facts);
      from = to + 1;
    }
  }

  async #takeAll(facts: readonly StoredFact[]): Promise<void> {
    let since = performance.now();
    for (const fact of facts) {
      this.#replay.take(fact);
      if (performance.now() - since < sliceMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      for (let wait = this.#wayUntil - performance.now(); wait > 0; wait = this.#wayUntil - performance.now()) {
        await new Promise((resolve) => setTimeout(resolve, Math.min(wait, 50)));
      }
      since = performance.now();
    }
  }
}
