/** What a rehearsed campaign did, in the order in which it did it: everything that a report is made of. */
import { z } from 'zod';
import type { StoredFact } from '../protocol/fact.ts';
import type { Says } from '../protocol/events.ts';
import type { Task, TaskResult } from '../protocol/task.ts';

/** One simulation that was counted. */
export interface Evaluation {
  readonly candidate: number;
  /** The objective; null where the simulation failed. */
  readonly value: number | null;
  /** When it was counted, seconds since the campaign's start. */
  readonly at: number;
  /** What the model predicted when it was chosen, and the standard deviation; null where none did. */
  readonly mean: number | null;
  readonly deviation: number | null;
  /**
   * How old the ranking was that it was chosen from: results that its model did not know, and seconds since it was made; null
   * where no model chose.
   */
  readonly stale: { readonly results: number; readonly seconds: number } | null;
}

/** Shares of the slots' time. */
export interface Busy {
  /** Of all slots: anything, and simulations. */
  readonly all: number;
  readonly simulating: number;
  /** Of the slots of the simulations' pool: simulations. */
  readonly pool: number;
}

/** A rehearsed campaign. */
export interface Trace {
  readonly evaluations: readonly Evaluation[];
  /** Rankings by a model. */
  readonly updates: number;
  /** From the start until the last result that was wanted. */
  readonly seconds: number;
  /** Share of that time in which slots computed. */
  readonly busy: Busy;
}

interface Choice {
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly stale: Evaluation['stale'];
}

interface Span {
  readonly simulates: boolean;
  readonly slots: number;
  readonly from: number;
  readonly to: number;
}

const staleSchema = z.object({ results: z.number(), seconds: z.number() });

/** Makes a {@link Trace} of a campaign's facts as they are stored. */
export class TraceBuilder {
  readonly #objective: { readonly topic: string };
  readonly #evaluations: Evaluation[] = [];
  readonly #choices = new Map<string, Choice>();
  readonly #withdrawn = new Set<string>();
  readonly #spans: Span[] = [];
  /** The ledger's books, each from a time on. */
  readonly #books: { readonly at: number; readonly capacity: number; readonly pools: Books['pools'] }[] = [];
  /** The updates that brought a whole ranking. */
  readonly #updates = new Set<number>();
  #successes = 0;
  #rankedAt = 0;
  #pool = '';
  #startedAt: number | null = null;
  #endedAt: number | null = null;
  /** Everything that was wanted is there; what was under way still comes in. */
  #isReached = false;

  constructor(objective: { readonly topic: string }) {
    this.#objective = objective;
  }

  take({ source, event, storedAt }: StoredFact): void {
    if (event.type === 'campaign.started') this.#startedAt ??= storedAt;
    else if (event.type === 'task.created') this.#noteChoice(event['task'] as Task, storedAt);
    else if (event.type === 'task.finished') this.#noteEnd(event['result'] as TaskResult);
    else if (event.type === 'slots.changed') {
      const { capacity, pools } = event as unknown as Books;
      this.#books.push({ at: storedAt, capacity, pools });
    } else if (event.type === 'ranking.updated') this.#noteRanking(event as unknown as Ranking, storedAt);
    else if (source === 'result-processor' && event.type === 'result.recorded') {
      this.#noteResult(event as unknown as Recorded, storedAt);
    }
  }

  finish(): Trace {
    const from = this.#startedAt ?? 0;
    const to = this.#endedAt ?? from;
    const clipped = (span: Span): number => span.slots * Math.max(0, Math.min(span.to, to) - Math.max(span.from, from));
    const computed = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + clipped(span), 0);
    const available = (slots: (books: { capacity: number; pools: Books['pools'] }) => number): number =>
      this.#books.reduce((sum, books, i) => {
        const until = Math.min(this.#books[i + 1]?.at ?? to, to);
        return sum + slots(books) * Math.max(0, until - Math.max(books.at, from));
      }, 0);
    const simulations = this.#spans.filter(({ simulates }) => simulates);
    const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
    const all = available(({ capacity }) => capacity);
    const ofPool = available(({ pools }) => (pools[this.#pool]?.allocated ?? 0) + (pools[this.#pool]?.free ?? 0));
    return {
      evaluations: this.#evaluations,
      updates: this.#updates.size,
      seconds: (to - from) / 1_000,
      busy: {
        all: share(computed(this.#spans), all),
        simulating: share(computed(simulations), all),
        pool: share(computed(simulations), ofPool),
      },
    };
  }

  #noteChoice({ id, topic, pool, choice }: Task, at: number): void {
    if (topic !== this.#objective.topic) return;
    this.#pool = pool;
    const number = (name: string): number | null => {
      const value = choice?.[name];
      return typeof value === 'number' ? value : null;
    };
    const [update, trainedOn] = [number('update') ?? 0, number('trainedOn') ?? 0];
    // The packaged submitter says it itself, also of a ranking whose parts are not of the same age.
    const said = staleSchema.safeParse(choice?.['stale']).data;
    const ours = { results: this.#successes - trainedOn, seconds: (at - this.#rankedAt) / 1_000 };
    const stale = update > 0 && trainedOn > 0 ? (said ?? ours) : null;
    this.#choices.set(id, { mean: number('mean'), deviation: number('deviation'), stale });
  }

  #noteRanking({ update, older }: Ranking, at: number): void {
    this.#rankedAt = at;
    if (update > 0 && older === undefined) this.#updates.add(update);
  }

  #noteEnd({ task, failure, times }: TaskResult): void {
    if (failure?.code === 'task.withdrawn') this.#withdrawn.add(task.id);
    const simulates = task.topic === this.#objective.topic;
    this.#spans.push({ simulates, slots: task.slots, from: times.computeStarted, to: times.computeEnded });
  }

  #noteResult({ task, topic, candidate, value, targetReached }: Recorded, at: number): void {
    if (topic !== this.#objective.topic || candidate === null || this.#withdrawn.has(task)) return;
    const choice = this.#choices.get(task) ?? { mean: null, deviation: null, stale: null };
    if (value !== null) this.#successes += 1;
    this.#evaluations.push({ candidate, value, at: (at - (this.#startedAt ?? at)) / 1_000, ...choice });
    if (this.#isReached) return;
    this.#endedAt = at;
    this.#isReached = targetReached;
  }
}

type Ranking = Extract<Says<'inference-runner'>, { type: 'ranking.updated' }>;
type Books = Extract<Says<'resource-ledger'>, { type: 'slots.changed' }>;
type Recorded = Extract<Says<'result-processor'>, { type: 'result.recorded' }>;
