/** A campaign's actors, run again over its log: as they are now, and as they were right after any event. */
import type { ActorPlan } from '../protocol/actor.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { ActorHistory, PastActor } from './actor-history.ts';
import { ActorRun, type ActorMark } from './actor-run.ts';

/** The actors after some event; what a replay can go on from. */
interface Checkpoint {
  readonly sequence: number;
  readonly at: number;
  readonly marks: readonly ActorMark[];
}

/** The actors right after an event, and what they knew. */
export interface PastActors {
  readonly sequence: number;
  readonly at: number;
  readonly actors: readonly PastActor[];
  /** The machines' contexts, by actor: the ledger's books, the result processor's counts. */
  readonly contexts: Readonly<Record<string, unknown>>;
}

/** Facts of the log from one sequence to another, both included, in order. */
export type ReadFacts = (from: number, to: number) => Promise<readonly StoredFact[]>;

const mostCheckpoints = 1_024;

/**
 * Facts go in, in the log's order; what comes out is what the actors' own machines make of them.
 *
 * Every so many facts the actors are marked: snapshots are never changed, so that a mark shares nearly everything with the next. Of too
 * many marks every second is dropped, so that memory stays bounded and a past event stays near one.
 */
export class Replay {
  readonly #plans: readonly ActorPlan[];
  #runs: readonly ActorRun[] = [];
  #position = 0;
  #at = 0;
  #checkpoints: Checkpoint[] = [];
  #spacing: number;
  #sinceMark = 0;
  /** Where somebody looked last: the next look is often near. */
  #visited: Checkpoint | null = null;

  /** @param spacing facts between marks, at first. */
  constructor(plans: readonly ActorPlan[], spacing = 256) {
    this.#plans = plans;
    this.#spacing = spacing;
  }

  /** Sequence and time of the last fact that was taken. */
  get position(): number {
    return this.#position;
  }
  get at(): number {
    return this.#at;
  }

  /** How many marks there are. */
  get checkpoints(): number {
    return this.#checkpoints.length;
  }

  /** Take the next fact; one at or before the position changes nothing. */
  take(fact: StoredFact): void {
    if (fact.sequence <= this.#position) return;
    if (this.#runs.length === 0) {
      this.#runs = this.#plans.map((plan) => ActorRun.begin(plan, fact.storedAt));
      this.#checkpoints.push(this.#mark(fact.storedAt));
    }
    for (const run of this.#runs) run.take(fact);
    this.#position = fact.sequence;
    this.#at = fact.storedAt;
    this.#sinceMark += 1;
    if (this.#sinceMark < this.#spacing) return;
    this.#sinceMark = 0;
    this.#checkpoints.push(this.#mark(this.#at));
    if (this.#checkpoints.length <= mostCheckpoints) return;
    this.#checkpoints = this.#checkpoints.filter((_, index) => index % 2 === 0);
    this.#spacing *= 2;
  }

  /** The actors as of the last fact; times in states go on to `now`, ms by the log's clock, where that is later. */
  actors(now = this.#at): readonly ActorHistory[] {
    const at = Math.max(now, this.#at);
    return this.#runs.map((run) => run.history(at));
  }

  /** The machines' contexts now, by actor. */
  get contexts(): Readonly<Record<string, unknown>> {
    return contextsOf(this.#runs);
  }

  /** The actors right after an event; null when the replay has not come that far. */
  async past(sequence: number, readFacts: ReadFacts): Promise<PastActors | null> {
    if (sequence > this.#position || sequence < 1) return null;
    const from = this.#nearest(sequence);
    if (from === null) return null;
    const runs = this.#runs.map((run, index) => {
      const mark = from.marks[index];
      if (mark === undefined) throw new TypeError(`a mark lacks ${run.plan.actor.name}`);
      return run.from(mark);
    });
    let { at } = from;
    const facts = from.sequence === sequence ? [] : await readFacts(from.sequence + 1, sequence);
    for (const fact of facts) {
      if (fact.sequence > sequence) break;
      for (const run of runs) run.take(fact);
      at = fact.storedAt;
    }
    this.#visited = { sequence, at, marks: runs.map((run) => run.mark()) };
    return { sequence, at, actors: runs.map((run) => run.past(at)), contexts: contextsOf(runs) };
  }

  #mark(at: number): Checkpoint {
    return { sequence: this.#position, at, marks: this.#runs.map((run) => run.mark()) };
  }

  /** The last mark at or before an event. */
  #nearest(sequence: number): Checkpoint | null {
    let [low, high] = [0, this.#checkpoints.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#checkpoints[middle]?.sequence ?? Infinity) <= sequence) low = middle + 1;
      else high = middle;
    }
    const mark = this.#checkpoints[low - 1] ?? null;
    const visited = this.#visited;
    const isNearer = visited !== null && visited.sequence <= sequence && visited.sequence > (mark?.sequence ?? -1);
    return isNearer ? visited : mark;
  }
}

const contextsOf = (runs: readonly ActorRun[]): Record<string, unknown> =>
  Object.fromEntries(runs.map((run) => [run.plan.actor.name, (run.snapshot as { context: unknown }).context]));
