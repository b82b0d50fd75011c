/** From traces to numbers: what each way of steering found, as mean and standard error over seeds. */
import { calibration, type Calibration } from '../ml/calibration.ts';
import type { Busy, Trace } from './trace.ts';
import { foundAtRandom, foundByForesight, type Truth } from './truth.ts';

/** A number over seeds. */
export interface Estimate {
  readonly mean: number;
  /** Standard error of the mean; null for a single seed. */
  readonly standardError: number | null;
}

/** How long it takes to find so many of the best. */
export interface FindTime {
  readonly finds: number;
  /** Over the seeds that came so far; null where none did. */
  readonly seconds: Estimate | null;
  readonly evaluations: Estimate | null;
  readonly seeds: number;
}

/** What was found after so many evaluations that succeeded. */
export interface Finds {
  readonly budget: number;
  /** Of the best 1 %, and beyond the threshold. */
  readonly best: Estimate;
  readonly beyond: Estimate;
}

/** How one way of steering did. */
export interface SteeringReport {
  readonly found: readonly Finds[];
  readonly timeToFind: readonly FindTime[];
  /** From the start to the last result that was wanted. */
  readonly seconds: Estimate;
  /** Share of the slots' time in which they computed. */
  readonly busy: Readonly<Record<keyof Busy, Estimate>>;
  readonly updates: Estimate;
  /** Of the choices that a model made: results that its ranking did not know, and the age of that; null where none did. */
  readonly staleness: { readonly results: Estimate; readonly seconds: Estimate } | null;
  /** Simulations that failed. */
  readonly failed: Estimate;
  /** What the model predicted of the candidates that were chosen by it, against what came out, over all seeds; null without deviations. */
  readonly calibration: Calibration | null;
}

/** A curve over seeds: mean and standard error at each x. */
export interface Curve {
  readonly x: readonly number[];
  readonly mean: readonly number[];
  readonly standardError: readonly number[];
}

/** Mean and standard error of what several seeds gave. @throws RangeError when there is nothing. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) throw new RangeError('there is nothing to estimate from');
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, standardError: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) };
}

/** After each evaluation that succeeded, from 0 on, how many of the wanted were found: [up to budget + 1]. */
export function discovery({ evaluations }: Trace, wanted: ReadonlySet<number>, budget: number): number[] {
  const found = [0];
  for (const { candidate, value } of evaluations) {
    if (value === null) continue;
    if (found.length > budget) break;
    found.push((found.at(-1) ?? 0) + (wanted.has(candidate) ? 1 : 0));
  }
  return found;
}

/** When the wanted were found, one after another, up to the budget. */
function findsOf(
  trace: Trace,
  wanted: ReadonlySet<number>,
  budget: number,
): { seconds: number; evaluations: number }[] {
  const finds: { seconds: number; evaluations: number }[] = [];
  let evaluations = 0;
  for (const { candidate, value, at } of trace.evaluations) {
    if (value === null) continue;
    evaluations += 1;
    if (evaluations > budget) break;
    if (wanted.has(candidate)) finds.push({ seconds: at, evaluations });
  }
  return finds;
}

/** How a way of steering did, by its traces, one a seed. */
export function reportOf(
  traces: readonly Trace[],
  truth: Truth,
  { budgets, finds }: { budgets: readonly number[]; finds: readonly number[] },
): SteeringReport {
  const budget = Math.max(...budgets);
  const curves = (wanted: ReadonlySet<number>): number[][] => traces.map((trace) => discovery(trace, wanted, budget));
  const [best, beyond] = [curves(truth.best), curves(truth.beyond)];
  const at = (all: number[][], place: number): Estimate => estimate(all.map((one) => one[place] ?? one.at(-1) ?? 0));
  const found = traces.map((trace) => findsOf(trace, truth.best, budget));
  const stale = traces
    .map(({ evaluations }) => evaluations.map((one) => one.stale).filter((one) => one !== null))
    .filter((choices) => choices.length > 0);
  const meanOf = (values: readonly number[]): number => estimate(values).mean;
  return {
    found: budgets.map((one) => ({ budget: one, best: at(best, one), beyond: at(beyond, one) })),
    timeToFind: finds.map((k) => {
      const reached = found.map((one) => one[k - 1]).filter((one) => one !== undefined);
      const over = (of: 'seconds' | 'evaluations'): Estimate | null =>
        reached.length === 0 ? null : estimate(reached.map((one) => one[of]));
      return { finds: k, seconds: over('seconds'), evaluations: over('evaluations'), seeds: reached.length };
    }),
    seconds: estimate(traces.map(({ seconds }) => seconds)),
    busy: {
      all: estimate(traces.map(({ busy }) => busy.all)),
      simulating: estimate(traces.map(({ busy }) => busy.simulating)),
      pool: estimate(traces.map(({ busy }) => busy.pool)),
    },
    updates: estimate(traces.map(({ updates }) => updates)),
    staleness:
      stale.length === 0
        ? null
        : {
            results: estimate(stale.map((choices) => meanOf(choices.map(({ results }) => results)))),
            seconds: estimate(stale.map((choices) => meanOf(choices.map(({ seconds }) => seconds)))),
          },
    failed: estimate(traces.map(({ evaluations }) => evaluations.filter(({ value }) => value === null).length)),
    calibration: calibrationOf(traces),
  };
}

function calibrationOf(traces: readonly Trace[]): Calibration | null {
  const predicted = traces
    .flatMap(({ evaluations }) => evaluations)
    .filter(({ value, mean, deviation }) => value !== null && mean !== null && deviation !== null);
  if (predicted.length === 0) return null;
  const all = (of: 'mean' | 'deviation' | 'value'): number[] => predicted.map((one) => one[of] ?? NaN);
  return calibration(all('mean'), all('deviation'), all('value'));
}

/** What chance and perfect foresight find, at each budget. */
export interface Baseline {
  readonly budget: number;
  readonly random: { readonly best: number; readonly beyond: number };
  /** After `blind` evaluations that find nothing; and from the first on, which nothing can pass. */
  readonly foresight: { readonly best: number; readonly beyond: number };
  readonly most: { readonly best: number; readonly beyond: number };
}

/** The baselines of a table. @param blind evaluations before a model can know anything. */
export function baselinesOf(truth: Truth, budgets: readonly number[], blind: number): Baseline[] {
  const both = (of: (wanted: number) => number): { best: number; beyond: number } => ({
    best: of(truth.best.size),
    beyond: of(truth.beyond.size),
  });
  return budgets.map((budget) => ({
    budget,
    random: both((wanted) => foundAtRandom(truth, wanted, budget)),
    foresight: both((wanted) => foundByForesight(wanted, budget, blind)),
    most: both((wanted) => foundByForesight(wanted, budget, 0)),
  }));
}

/** How many of the best were found after 0, 1, ... evaluations. */
export function discoveryCurve(traces: readonly Trace[], wanted: ReadonlySet<number>, budget: number): Curve {
  const curves = traces.map((trace) => discovery(trace, wanted, budget));
  const length = Math.min(...curves.map((curve) => curve.length));
  return curveOf(
    Array.from({ length }, (_, x) => x),
    (x) => curves.map((curve) => curve[x] ?? 0),
  );
}

/** How many of the best were found by a time, seconds, at `points` times from the start to the mean end of the runs. */
export function timeCurve(
  traces: readonly Trace[],
  wanted: ReadonlySet<number>,
  { budget, points }: { budget: number; points: number },
): Curve {
  const finds = traces.map((trace) => findsOf(trace, wanted, budget).map(({ seconds }) => seconds));
  const end = estimate(traces.map(({ seconds }) => seconds)).mean;
  return curveOf(
    Array.from({ length: points + 1 }, (_, i) => (end * i) / points),
    (x) => finds.map((seconds) => seconds.filter((one) => one <= x).length),
  );
}

function curveOf(x: readonly number[], valuesAt: (x: number) => readonly number[]): Curve {
  const estimates = x.map((one) => estimate(valuesAt(one)));
  return {
    x,
    mean: estimates.map(({ mean }) => mean),
    standardError: estimates.map(({ standardError }) => standardError ?? 0),
  };
}
