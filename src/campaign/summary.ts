/** What a run found, from its results: the numbers at its end and in `summary.json`. */
import { directionOf, type CampaignDefinition, type CommonSettings } from './definition.ts';
import { isWithdrawn } from '../protocol/task.ts';
import type { ResultLine } from './result-line.ts';

/** One candidate that was simulated, with its value. */
export interface Found {
  readonly candidate: number | null;
  readonly label: string;
  readonly value: number;
  /** The same in the second unit. */
  readonly also: number;
}

/** A run in numbers. */
export interface Summary {
  readonly id: string;
  readonly campaign: string;
  readonly policy: string;
  readonly state: string;
  readonly reason: string;
  readonly simulations: { readonly succeeded: number; readonly failed: number };
  /** Candidates beyond the threshold, above it or below as the search goes: overall, and their share among the last 25 successes. */
  readonly found: {
    readonly threshold: number;
    readonly side: 'above' | 'below';
    readonly count: number;
    readonly shareOfLast25: number;
  };
  readonly best: readonly Found[];
  /** Every failure, by task. */
  readonly failures: readonly { readonly task: string; readonly code: string; readonly message: string }[];
  /** How often each code ended a task of any kind, and how often each ended an attempt that was tried again. */
  readonly failuresByCode: Readonly<Record<string, number>>;
  readonly retriesByCode: Readonly<Record<string, number>>;
  /** Tasks that were withdrawn while they waited for a slot, and not run. */
  readonly withdrawn: number;
  readonly updates: { readonly done: number; readonly failed: number; readonly meanSeconds: number | null };
  /** Share of the time from the first start to the last end in which the slots computed: at all, and simulations. */
  readonly slots: { readonly count: number; readonly busy: number; readonly simulating: number };
  /** From the command to the end of the run, over all its lives, without the time that it stood paused and the installation of packages. */
  readonly wallSeconds: number;
  readonly units: { readonly value: string; readonly also: string };
}

/** So long before a run is told to go on its actors may speak already, ms. */
const returningMs = 10_000;

/** A run's numbers while it goes on: fed one line a task, whatever it was resumed from. */
export class SummaryBuilder {
  readonly #definition: Pick<CampaignDefinition, 'objective' | 'name'>;
  readonly #values: Found[] = [];
  readonly #failures: { task: string; code: string; message: string }[] = [];
  readonly #failuresByCode = new Map<string, number>();
  readonly #retriesByCode = new Map<string, number>();
  #withdrawn = 0;
  #computeMs = 0;
  #simulateMs = 0;
  /** Between two lives of a run nothing is idle. */
  #resuming = false;
  #pausedMs = 0;
  /** How many slots the fleet had, from which time of the log on. */
  readonly #capacities: { at: number; slots: number }[] = [];
  #begunAt = 0;
  #heardAt = 0;
  /** When something was heard in the last seconds, and the time before those. */
  #heard: number[] = [];
  #earlierMs = 0;
  #first = Infinity;
  #last = 0;

  constructor(definition: Pick<CampaignDefinition, 'objective' | 'name'>) {
    this.#definition = definition;
  }

  /** Values of the simulations that succeeded, in the order in which they were recorded. */
  get values(): readonly Found[] {
    return this.#values;
  }

  /** Simulations that failed. */
  get failed(): number {
    return this.#failures.length;
  }

  /** The run was started, or started again, at a time of the log (ms since 1970). */
  begin(at: number): void {
    this.#resuming = true;
    this.#earlierMs += this.#heardAt - this.#begunAt - this.#silenceBefore(at);
    this.#heard = [];
    this.#begunAt = at;
    this.#heardAt = at;
  }

  /** The run was paused at a time of the log: it is not alive until it begins again, whatever is said meanwhile. */
  pause(at: number): void {
    this.hear(at);
    this.#earlierMs += this.#heardAt - this.#begunAt;
    this.#begunAt = 0;
    this.#heardAt = 0;
    this.#heard = [];
  }

  /** It goes on in the same life: the time between is nobody's. */
  goOn(): void {
    this.#resuming = true;
  }

  /** Something happened at a time of the log: the run was alive then. */
  hear(at: number): void {
    if (this.#begunAt === 0) return;
    this.#heardAt = at;
    this.#heard.push(at);
    while ((this.#heard[1] ?? at) < at - returningMs) this.#heard.shift();
  }

  /**
   * A run that was killed speaks before it is told to go on: it finds its workers lost. Until then it was silent for as long as it was
   * dead.
   */
  #silenceBefore(begun: number): number {
    const gaps = this.#heard.map((at, place) => (at < begun - returningMs ? 0 : at - (this.#heard[place - 1] ?? at)));
    return Math.max(0, ...gaps);
  }

  /** The fleet's slots changed: workers of this process and of any other host. */
  staff(at: number, slots: number): void {
    this.#capacities.push({ at, slots });
  }

  /** Slots of the fleet on average between the first start and the last end; null when nothing is known of it. */
  #meanSlots(): number | null {
    let slotMs = 0;
    for (const [i, { at, slots }] of this.#capacities.entries()) {
      const until = this.#capacities[i + 1]?.at ?? this.#last;
      slotMs += Math.max(0, Math.min(until, this.#last) - Math.max(at, this.#first)) * slots;
    }
    return slotMs === 0 ? null : slotMs / (this.#last - this.#first);
  }

  /** Take a result. */
  take(line: ResultLine, labelOf: (line: ResultLine) => string): void {
    if (isWithdrawn(line.failure)) {
      this.#withdrawn += 1;
      return;
    }
    const { objective } = this.#definition;
    const { computeStarted, computeEnded } = line.times;
    const computeMs = (computeEnded - computeStarted) * line.slots;
    if (this.#resuming && this.#last > 0) this.#pausedMs += Math.max(0, computeStarted - this.#last);
    this.#resuming = false;
    this.#computeMs += computeMs;
    this.#first = Math.min(this.#first, computeStarted);
    this.#last = Math.max(this.#last, computeEnded);
    if (line.failure !== null) count(this.#failuresByCode, line.failure.code);
    for (const { code } of line.attempts) count(this.#retriesByCode, code);
    if (line.topic !== objective.topic) return;
    this.#simulateMs += computeMs;
    const value = line.success ? (line.value as Record<string, unknown>)[objective.field] : null;
    if (typeof value === 'number') {
      this.#values.push({
        candidate: line.candidate,
        label: labelOf(line),
        value,
        also: value * objective.also.factor,
      });
    } else {
      const { code, message } = line.failure ?? {
        code: 'result.no-objective',
        message: `no number "${objective.field}"`,
      };
      this.#failures.push({ task: line.id, code, message });
    }
  }

  /** The numbers up to now. */
  build(facts: {
    id: string;
    settings: CommonSettings;
    state: string;
    reason: string;
    slots: number;
    updates: { seconds: readonly number[]; failed: number };
    /** Of this life of the run. */
    wallSeconds: number;
  }): Summary {
    const { objective, name } = this.#definition;
    const { threshold, policy } = facts.settings;
    const sign = directionOf(facts.settings) === 'highest' ? 1 : -1;
    const beyond = (found: readonly Found[]): number =>
      found.filter(({ value }) => sign * value > sign * threshold).length;
    const last25 = this.#values.slice(-25);
    const spanMs = Math.max(0, this.#last - this.#first - this.#pausedMs) * (this.#meanSlots() ?? facts.slots);
    const { seconds, failed } = facts.updates;
    return {
      id: facts.id,
      campaign: name,
      policy,
      state: facts.state,
      reason: facts.reason,
      simulations: { succeeded: this.#values.length, failed: this.#failures.length },
      found: {
        threshold,
        side: sign > 0 ? 'above' : 'below',
        count: beyond(this.#values),
        shareOfLast25: last25.length === 0 ? 0 : beyond(last25) / last25.length,
      },
      best: [...this.#values].sort((a, b) => sign * (b.value - a.value)).slice(0, 10),
      failures: this.#failures,
      failuresByCode: Object.fromEntries(this.#failuresByCode),
      retriesByCode: Object.fromEntries(this.#retriesByCode),
      withdrawn: this.#withdrawn,
      updates: {
        done: seconds.length,
        failed,
        meanSeconds: seconds.length === 0 ? null : seconds.reduce((sum, one) => sum + one, 0) / seconds.length,
      },
      slots: {
        count: Math.max(
          ...(this.#capacities.length === 0 ? [facts.slots] : this.#capacities.map(({ slots }) => slots)),
        ),
        busy: spanMs === 0 ? 0 : this.#computeMs / spanMs,
        simulating: spanMs === 0 ? 0 : this.#simulateMs / spanMs,
      },
      wallSeconds: this.#earlierMs / 1_000 + facts.wallSeconds,
      units: { value: objective.unit, also: objective.also.unit },
    };
  }
}

function count(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}
