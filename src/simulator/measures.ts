import type { StoredFact } from '../protocol/fact.ts';
import type { Task } from '../protocol/task.ts';

/** What a run was like. */
export interface Measures {
  /** Share of the slots' time that was computed in, from the start to the end of the campaign. */
  readonly utilisation: number;
  /** Facts of the log from the result that frees a slot to the task that takes it, of all decisions. */
  readonly decisionEvents: { readonly count: number; readonly p50: number; readonly p99: number; readonly max: number };
}

/** Measures a run by its facts as they are stored, in memory that does not grow with them. */
export class RunMeasures {
  readonly #slots: number;
  /** Grants on their way to a task, and the results that made room for them. */
  readonly #freedBy = new Map<string, number>();
  /** How many decisions took so many events. */
  readonly #histogram = new Map<number, number>();
  #computedMs = 0;
  #startedAt = 0;
  #endedAt = 0;

  /** @param slots of all workers. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** A worker has computed for so long. */
  noteComputed(durationMs: number): void {
    this.#computedMs += durationMs;
  }

  take({ event, sequence, storedAt }: StoredFact): void {
    this.#endedAt = storedAt;
    switch (event.type) {
      case 'campaign.started':
        this.#startedAt = storedAt;
        break;
      case 'slots.granted':
        if (typeof event['freedBy'] === 'number') this.#freedBy.set(event['grant'] as string, event['freedBy']);
        break;
      case 'slots.released':
        this.#freedBy.delete(event['grant'] as string);
        break;
      case 'task.created': {
        const { grant } = event['task'] as Task;
        const freedBy = grant === null ? undefined : this.#freedBy.get(grant);
        if (grant === null || freedBy === undefined) break;
        this.#freedBy.delete(grant);
        const events = sequence - freedBy;
        this.#histogram.set(events, (this.#histogram.get(events) ?? 0) + 1);
      }
    }
  }

  /** @param endedAt when the campaign ended; null where it has not. */
  finish(endedAt: number | null): Measures {
    const decisions = [...this.#histogram].sort(([a], [b]) => a - b);
    const count = decisions.reduce((sum, [, n]) => sum + n, 0);
    const quantile = (share: number): number => {
      let left = share * count;
      for (const [events, n] of decisions) {
        left -= n;
        if (left <= 0) return events;
      }
      return 0;
    };
    const slotMs = this.#slots * ((endedAt ?? this.#endedAt) - this.#startedAt);
    return {
      utilisation: slotMs > 0 ? this.#computedMs / slotMs : 0,
      decisionEvents: { count, p50: quantile(0.5), p99: quantile(0.99), max: decisions.at(-1)?.[0] ?? 0 },
    };
  }
}
