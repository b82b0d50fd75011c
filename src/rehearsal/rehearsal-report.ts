/** The whole report of a rehearsal: what was rehearsed, on what, and how each way of steering did. Plain data. */
import type { Objective } from '../campaign/definition.ts';
import { nameOf, type Combination } from './combination.ts';
import type { Fleet } from './rehearse.ts';
import { baselinesOf, discovery, reportOf, type Baseline, type SteeringReport } from './report.ts';
import type { TimeModel } from './task-times.ts';
import type { Trace } from './trace.ts';
import type { Seek, Truth } from './truth.ts';

/** One way of steering, and how it did. */
export interface CombinationReport extends SteeringReport {
  readonly name: string;
  /** Null where the campaign has no such setting, or it makes no difference. */
  readonly policy: string | null;
  readonly model: string | null;
  readonly acquisition: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Each seed's own numbers, for whoever compares them in pairs. */
  readonly bySeed: readonly {
    readonly seed: number;
    /** At each budget. */
    readonly best: readonly number[];
    readonly beyond: readonly number[];
    readonly seconds: number;
    readonly updates: number;
    readonly failed: number;
    readonly busy: Trace['busy'];
  }[];
}

/** What came of a rehearsal; of the same table, settings and seeds the same. */
export interface RehearsalReport {
  readonly campaign: string;
  readonly table: {
    readonly name: string;
    readonly column: string | null;
    readonly digest: string;
    readonly candidates: number;
    readonly answered: number;
  };
  readonly seek: Seek;
  readonly label: string;
  /** Null where the column is not the one of the campaign's objective: its unit is not known. */
  readonly unit: string | null;
  /** The best 1 %: as many as `aim`, and all as good as the last of them. */
  readonly best: { readonly count: number; readonly aim: number; readonly cut: number };
  /** Null where the threshold of the settings is one of another target. */
  readonly threshold: { readonly value: number; readonly count: number } | null;
  readonly budgets: readonly number[];
  readonly seeds: readonly number[];
  readonly fleet: Fleet;
  readonly times: TimeModel;
  /** Evaluations that foresight is not credited with: there is no model yet. */
  readonly blind: number;
  readonly baselines: readonly Baseline[];
  readonly combinations: readonly CombinationReport[];
  /** What people should know of the table. */
  readonly notes: readonly string[];
}

/** Put a report together. @param traces of each combination, one a seed. */
export function rehearsalReport(given: {
  campaign: string;
  objective: Objective;
  table: RehearsalReport['table'];
  truth: Truth;
  hasThreshold: boolean;
  budgets: readonly number[];
  finds: readonly number[];
  seeds: readonly number[];
  fleet: Fleet;
  times: TimeModel;
  blind: number;
  combinations: readonly Combination[];
  traces: readonly (readonly Trace[])[];
  notes: readonly string[];
}): RehearsalReport {
  const { campaign, objective, table, truth, hasThreshold, budgets, finds, seeds, fleet, times, blind } = given;
  const most = Math.max(...budgets);
  const isObjective = table.column === null || table.column === objective.field;
  const bySeed = (traces: readonly Trace[]): CombinationReport['bySeed'] =>
    traces.map((trace, i) => {
      const at = (wanted: ReadonlySet<number>): number[] => {
        const found = discovery(trace, wanted, most);
        return budgets.map((budget) => found[budget] ?? found.at(-1) ?? 0);
      };
      return {
        seed: seeds[i] ?? 0,
        best: at(truth.best),
        beyond: at(truth.beyond),
        seconds: trace.seconds,
        updates: trace.updates,
        failed: trace.evaluations.filter(({ value }) => value === null).length,
        busy: trace.busy,
      };
    });
  return {
    campaign,
    table,
    seek: truth.seek,
    label: isObjective ? objective.label : table.column,
    unit: isObjective ? objective.unit : null,
    best: { count: truth.best.size, aim: truth.aim, cut: truth.cut },
    threshold: hasThreshold ? { value: truth.threshold, count: truth.beyond.size } : null,
    budgets,
    seeds,
    fleet,
    times,
    blind,
    baselines: baselinesOf(truth, budgets, blind),
    combinations: given.combinations.map((combination, i) => {
      const traces = given.traces[i] ?? [];
      const { names, settings } = combination;
      return {
        name: nameOf(combination),
        ...names,
        settings,
        ...reportOf(traces, truth, { budgets, finds }),
        bySeed: bySeed(traces),
      };
    }),
    notes: given.notes,
  };
}
