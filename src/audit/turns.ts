import type { StoredFact } from '../protocol/fact.ts';

/**
 * The order in which listeners take the facts of a log: an actor's facts by their numbers, 1, 2, 3, ..., also where they were
 * stored out of turn after a broken connection; an outsider's as they come.
 */
export class Turns {
  readonly #heard = new Map<string, number>();
  readonly #early = new Map<string, Map<number, StoredFact>>();

  /** The facts whose turn it is once this one is stored: none for a duplicate and for one that comes early. */
  take(fact: StoredFact): readonly StoredFact[] {
    const { source, number } = fact;
    if (number === null) return [fact];
    let last = this.#heard.get(source) ?? 0;
    const early = this.#early.get(source);
    if (number > last + 1) {
      if (early === undefined) this.#early.set(source, new Map([[number, fact]]));
      else if (!early.has(number)) early.set(number, fact);
    }
    if (number !== last + 1) return [];
    const run = [fact];
    for (;;) {
      last += 1;
      const follower = early?.get(last + 1);
      if (follower === undefined) break;
      early?.delete(last + 1);
      run.push(follower);
    }
    this.#heard.set(source, last);
    return run;
  }

  /** For each actor with facts that still wait for an earlier one: the number that is missing, and a fact that waits for it. */
  waiting(): { source: string; missing: number; sequence: number }[] {
    return [...this.#early].flatMap(([source, early]) => {
      const [first] = [...early.values()].sort((a, b) => a.sequence - b.sequence);
      return first === undefined
        ? []
        : [{ source, missing: (this.#heard.get(source) ?? 0) + 1, sequence: first.sequence }];
    });
  }
}
