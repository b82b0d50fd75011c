import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { Task } from '../protocol/task.ts';

type Added = Extract<Says<'operator'>, { type: 'candidates.added' }>;

/** What people want of candidates is heeded: none is chosen, because of anything after its veto, that is still vetoed. */
export class WishAudit {
  readonly #wrong: (message: string) => void;
  /** How many candidates there are: what is said of others says nothing. */
  #candidates: number;
  /** Vetoed candidates, and where that stands in the log. */
  readonly #vetoed = new Map<number, number>();

  /** @param candidates how many the campaign began with. */
  constructor(candidates: number, wrong: (message: string) => void) {
    this.#candidates = candidates;
    this.#wrong = wrong;
  }

  /** Take a fact in its turn. */
  take({ source, event, cause, sequence }: StoredFact): void {
    if (source === 'operator') this.#hear(event as unknown as Says<'operator'>, sequence);
    else if (event.type === 'task.created') this.#choose(event['task'] as Task, cause ?? 0);
  }

  #hear(event: Says<'operator'>, sequence: number): void {
    if (event.type === 'candidates.added') this.#grow(event);
    if (!('candidate' in event) || event.candidate >= this.#candidates) return;
    if (event.type === 'candidate.vetoed' && !this.#vetoed.has(event.candidate))
      this.#vetoed.set(event.candidate, sequence);
    if (event.type === 'candidate.allowed') this.#vetoed.delete(event.candidate);
  }

  #grow({ first, candidates }: Added): void {
    if (first === this.#candidates) this.#candidates += candidates.length;
  }

  #choose({ id, candidate }: Task, cause: number): void {
    const vetoed = candidate === null ? undefined : this.#vetoed.get(candidate);
    if (vetoed !== undefined && cause > vetoed)
      this.#wrong(`${id} is about candidate ${candidate}, which was vetoed at ${vetoed}`);
    if (candidate !== null && candidate >= this.#candidates)
      this.#wrong(`${id} is about candidate ${candidate}, and there are ${this.#candidates}`);
  }
}
