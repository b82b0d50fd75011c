/** What the campaign knows: updates of its model, the ranking in force, and what people want of single candidates. */
import type { Says } from '../protocol/events.ts';
import type { Ranked } from '../protocol/ranking.ts';
import type { NextRow } from './views.ts';

/** One update of the model. Times are ms since 1970. */
export interface Update {
  readonly update: number;
  readonly trainedOn: number;
  readonly startedAt: number;
  trainedAt: number | null;
  /** When its ranking was in force, or it had failed. */
  endedAt: number | null;
  failed: boolean;
  model: string | null;
  /** How many candidates its model scored. */
  scored: number;
  /** Place in the log of its ranking. */
  rankedBy: number | null;
}

/** What a person said of a candidate. */
export interface Wish {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
  readonly sequence: number;
}

type Ranking = Extract<Says<'inference-runner'>, { type: 'ranking.updated' }>;

export class Knowledge {
  readonly updates: Update[] = [];
  failedUpdates = 0;
  doneUpdates = 0;
  /** The last update whose ranking is in force. */
  current: Update | null = null;
  /** Pins that were not used up, vetoes in force, and who pinned what was simulated since. */
  readonly pinned = new Map<number, Wish>();
  readonly vetoed = new Map<number, Wish>();
  readonly usedPins = new Map<number, Wish>();
  /** Of the used ones those that are in force again should their task be withdrawn. */
  readonly #returning = new Set<number>();
  #ranking: Readonly<Ranked> = [];
  readonly #taken = new Set<number>();

  /** The update that is under way; null when there is none. */
  get underWay(): Update | null {
    const last = this.updates.at(-1);
    return last === undefined || last.endedAt !== null ? null : last;
  }

  started(update: number, trainedOn: number, at: number): void {
    const before = this.underWay;
    if (before !== null) {
      before.endedAt = at;
      before.failed = before.rankedBy === null;
    }
    this.updates.push({
      update,
      trainedOn,
      startedAt: at,
      trainedAt: null,
      endedAt: null,
      failed: false,
      model: null,
      scored: 0,
      rankedBy: null,
    });
  }

  trained(number: number, model: string, at: number): void {
    const update = this.#find(number);
    if (update === null) return;
    update.trainedAt ??= at;
    update.model = model;
  }

  ranked({ update: number, ranking, scored, older }: Ranking, at: number, sequence: number): void {
    this.#ranking = ranking;
    const update = this.#find(number);
    if (update === null) return;
    if (older === undefined) {
      if (update.endedAt === null) this.doneUpdates += 1;
      update.endedAt ??= at;
      update.failed = false;
    }
    update.scored = scored;
    update.rankedBy ??= sequence;
    this.current = update;
  }

  failed(number: number, at: number): void {
    const update = this.#find(number);
    if (update === null || update.endedAt !== null) return;
    this.failedUpdates += 1;
    update.endedAt = at;
    update.failed = true;
  }

  take(candidate: number): void {
    this.#taken.add(candidate);
    const pin = this.pinned.get(candidate);
    if (pin === undefined) return;
    this.usedPins.set(candidate, pin);
    this.#returning.add(candidate);
    this.pinned.delete(candidate);
  }

  giveBack(candidate: number): void {
    this.#taken.delete(candidate);
    const pin = this.usedPins.get(candidate);
    if (pin !== undefined && this.#returning.delete(candidate)) this.pinned.set(candidate, pin);
  }

  /** As the submitter has it: the first pin holds, and what is vetoed has to be allowed before it can be pinned. */
  pin(candidate: number, wish: Wish): void {
    if (this.vetoed.has(candidate) || this.#taken.has(candidate) || this.pinned.has(candidate)) return;
    this.pinned.set(candidate, wish);
  }

  unpin(candidate: number): void {
    this.pinned.delete(candidate);
    this.#returning.delete(candidate);
  }

  veto(candidate: number, wish: Wish): void {
    this.unpin(candidate);
    this.vetoed.set(candidate, wish);
  }

  /** What would be chosen next, pinned ones first. */
  next(count: number, labelOf: (candidate: number) => string | null): NextRow[] {
    const rows: NextRow[] = [];
    const scored = new Map(this.pinned.size === 0 ? [] : this.#ranking.map((entry) => [entry[0], entry]));
    const push = (candidate: number, entry: Ranked[number] | undefined, isPinned: boolean): void => {
      const [, score = null, mean = null, deviation = null] = entry ?? [];
      rows.push({ candidate, label: labelOf(candidate), score, mean, deviation, isPinned });
    };
    for (const candidate of this.pinned.keys()) if (rows.length < count) push(candidate, scored.get(candidate), true);
    for (const entry of this.#ranking) {
      if (rows.length >= count) break;
      const [candidate] = entry;
      if (this.#taken.has(candidate) || this.vetoed.has(candidate) || this.pinned.has(candidate)) continue;
      push(candidate, entry, false);
    }
    return rows;
  }

  #find(number: number): Update | null {
    for (let place = this.updates.length - 1; place >= 0; place -= 1) {
      const update = this.updates[place];
      if (update?.update === number) return update;
    }
    return null;
  }
}
