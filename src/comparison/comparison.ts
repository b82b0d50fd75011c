/** Recorded runs side by side: what each found, when, and what it took. Plain data. */
import type { Objective } from '../campaign/definition.ts';
import { ConfigError } from '../protocol/errors.ts';
import { numbersOf, type RecordedRun, type RunNumbers, type Success } from './recorded-run.ts';

/** What a run had found after so many successes. */
export interface FoundAt {
  readonly evaluations: number;
  /** Beyond the threshold; and the best value. Null where the run did not come so far. */
  readonly found: number | null;
  readonly best: number | null;
  /** Seconds since the run's first task. */
  readonly seconds: number | null;
}

/** One of the runs that are compared. */
export interface ComparedRun extends Omit<RunNumbers, 'successes'> {
  readonly id: string;
  readonly policy: string;
  readonly succeeded: number;
  readonly found: number;
  readonly best: number | null;
  readonly foundAt: readonly FoundAt[];
  readonly cpuSecondsPerFind: number | null;
  /** How many were found by each success: for curves. */
  readonly curve: { readonly found: readonly number[]; readonly seconds: readonly number[] };
}

/** A comparison of runs. */
export interface Comparison {
  readonly objective: { readonly label: string; readonly unit: string; readonly seek: string };
  readonly threshold: number;
  readonly runs: readonly ComparedRun[];
  /** Settings in which the runs differ: by name, one value a run; null where a run has none. */
  readonly differences: Readonly<Record<string, readonly unknown[]>>;
  /** The same of what they were made with and ran on: versions, methods, the space, hosts and slots. */
  readonly circumstances: Readonly<Record<string, readonly unknown[]>>;
  /** What people should know of the comparison. */
  readonly notes: readonly string[];
}

const seekOf = ({ record }: RecordedRun): string => (record.settings['seek'] === 'lowest' ? 'lowest' : 'highest');

/**
 * Compare runs.
 * @param objectives what each run looks for.
 * @param threshold counts as found beyond this; null for the one that the first run was made with.
 * @throws ConfigError when they do not look for the same.
 */
export function compareRuns(
  runs: readonly RecordedRun[],
  objectives: readonly Objective[],
  threshold: number | null,
): Comparison {
  const [first] = runs;
  const [objective] = objectives;
  if (first === undefined || objective === undefined) throw new ConfigError('there are no runs to compare');
  const wanted = (i: number): string => {
    const { label = '', unit = '', field = '' } = objectives[i] ?? {};
    return `the ${seekOf(runs[i] ?? first)} ${label} (${field}) in ${unit}`;
  };
  const other = runs.findIndex((_, i) => wanted(i) !== wanted(0));
  if (other > 0) {
    throw new ConfigError(
      `runs ${first.record.id} and ${runs[other]?.record.id ?? ''} cannot be compared: one seeks ${wanted(0)}, ` +
        `the other ${wanted(other)}`,
      { code: 'compare.objective' },
    );
  }
  const thresholds = new Set(runs.map(({ record }) => record.settings['threshold']));
  const counted = threshold ?? Number(first.record.settings['threshold']);
  const seek = seekOf(first);
  const numbers = runs.map((run) => numbersOf(run, objective));
  const budgets = budgetsOf(numbers.map(({ successes }) => successes.length));
  return {
    objective: { label: objective.label, unit: objective.unit, seek },
    threshold: counted,
    runs: runs.map((run, i) => comparedRun(run, numbers[i] as RunNumbers, { seek, threshold: counted, budgets })),
    differences: differing(runs.map(({ record }) => record.settings)),
    circumstances: differing(runs.map(circumstancesOf)),
    notes: [
      ...runs
        .filter(({ summary }) => summary === null)
        .map(
          ({ record }) => `run ${record.id} has no summary: it is still running, or was killed; numbers are as of now`,
        ),
      ...runs.flatMap(({ record, summary }) =>
        summary === null || summary.state === 'ended'
          ? []
          : [`run ${record.id} is ${summary.state}: ${summary.reason}`],
      ),
      ...(threshold === null && thresholds.size > 1
        ? [`thresholds differ; found counts beyond that of the first, ${counted} ${objective.unit}`]
        : []),
      ...(new Set(runs.map(({ record }) => record.candidates.digest)).size > 1
        ? [`they searched different spaces: ${runs.map(({ record }) => record.candidates.count).join(', ')} candidates`]
        : []),
    ],
  };
}

/** 16, 32, 64, ... up to what the longest run has, and what all have in common. */
function budgetsOf(lengths: readonly number[]): number[] {
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const budgets = new Set(least > 0 ? [least] : []);
  for (let budget = 16; budget <= most; budget *= 2) budgets.add(budget);
  return [...budgets].sort((a, b) => a - b);
}

function comparedRun(
  { record }: RecordedRun,
  numbers: RunNumbers,
  { seek, threshold, budgets }: { seek: string; threshold: number; budgets: readonly number[] },
): ComparedRun {
  const { successes, ...rest } = numbers;
  const isFound = ({ value }: Success): boolean => (seek === 'highest' ? value > threshold : value < threshold);
  const bestOf = (some: readonly Success[]): number | null => {
    const values = some.map(({ value }) => value);
    return values.length === 0 ? null : seek === 'highest' ? Math.max(...values) : Math.min(...values);
  };
  const found = [0];
  for (const success of successes) found.push((found.at(-1) ?? 0) + (isFound(success) ? 1 : 0));
  const all = found.at(-1) ?? 0;
  return {
    id: record.id,
    policy: String(record.settings['policy']),
    ...rest,
    succeeded: successes.length,
    found: all,
    best: bestOf(successes),
    foundAt: budgets.map((evaluations) => {
      const last = successes[evaluations - 1];
      return {
        evaluations,
        found: last === undefined ? null : (found[evaluations] ?? null),
        best: last === undefined ? null : bestOf(successes.slice(0, evaluations)),
        seconds: last?.at ?? null,
      };
    }),
    cpuSecondsPerFind: all === 0 ? null : (numbers.cpuHours * 3_600) / all,
    curve: { found, seconds: [0, ...successes.map(({ at }) => at)] },
  };
}

/** What a run was made with and ran on, by name. */
function circumstancesOf({ record, lines, summary }: RecordedRun): Record<string, unknown> {
  const { versions, methods, candidates } = record;
  return {
    ...Object.fromEntries(Object.entries(versions).map(([name, version]) => [`version of ${name}`, version])),
    'digest of methods': methods.slice(0, 12),
    candidates: candidates.count,
    'digest of candidates': candidates.digest.slice(0, 12),
    hosts: [...new Set(lines.map(({ worker }) => worker.host))].sort().join(', '),
    ...(summary === null ? {} : { slots: summary.slots.count }),
  };
}

/** What is not the same in all of them: by name, one value each; null where there is none. */
function differing(all: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown[]> {
  const names = new Set(all.flatMap((one) => Object.keys(one)));
  const differences: Record<string, unknown[]> = {};
  for (const name of names) {
    const values = all.map((one) => one[name] ?? null);
    if (new Set(values.map((value) => JSON.stringify(value))).size > 1) differences[name] = values;
  }
  return differences;
}
