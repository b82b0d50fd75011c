/** What figures of runs have in common: whose numbers they show, of what, and since when. */
import type { Science } from '../story/views.ts';
import { palettes, type Theme } from './palette.ts';
import { timeUnit } from './plot.ts';

/** The number that was looked for: `IE`, hartree, and a second unit that people read. */
export interface Measure {
  readonly label: string;
  readonly unit: string;
  readonly also: { readonly unit: string; readonly factor: number };
}

/** One run's results by a name that people know it by. */
export interface RunScience {
  readonly name: string;
  readonly science: Science;
}

/** Runs to be shown in one figure: one alone, or several laid over each other. They look for the same. */
export interface RunsData {
  readonly measure: Measure;
  readonly runs: readonly RunScience[];
}

/** A number of the objective in both units: `0.55 hartree (14.97 eV)`. */
export function inBoth(value: number, { unit, also }: Measure, digits?: number): string {
  const first = digits === undefined ? String(value) : value.toFixed(digits);
  return `${first} ${unit} (${(value * also.factor).toFixed(2)} ${also.unit})`;
}

/** What counts as found: `IE above 0.55 hartree (14.97 eV)`. */
export function goalOf({ measure, runs }: RunsData): string {
  const { seek = 'highest', threshold = 0 } = runs[0]?.science ?? {};
  return `${measure.label} ${seek === 'highest' ? 'above' : 'below'} ${inBoth(threshold, measure)}`;
}

/** Whether a value counts as found. */
export const isFound = (value: number, { seek, threshold }: Pick<Science, 'seek' | 'threshold'>): boolean =>
  seek === 'highest' ? value > threshold : value < threshold;

/** The unit of wall time in which all of the runs read well, and the time axis' name. */
export function wallTime(runs: readonly RunScience[]): { readonly unit: string; readonly ms: number; name: string } {
  const spans = runs.map(({ science }) => science.results.at.at(-1) ?? 0);
  const unit = timeUnit(Math.max(...spans, 0));
  return { ...unit, name: `wall time, ${unit.unit}` };
}

/** A run's colour among those that are compared. */
export function colourOf(i: number, theme: Theme): string {
  const { series, ink } = palettes[theme];
  return series[i % series.length] ?? ink;
}

/** The middle of some numbers, and other quantiles; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return low + (high - low) * (at - Math.floor(at));
}
