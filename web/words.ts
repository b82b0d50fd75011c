/** Numbers, times and energies as people read them. */
import type { CampaignInfo } from '../src/dashboard/api.ts';

const thousands = new Intl.NumberFormat('en-GB');

/** What stands where there is no number yet. */
export const none = '–';

export const count = (value: number | null): string => (value === null ? none : thousands.format(value));

export const percent = (share: number | null): string => (share === null ? none : `${(100 * share).toFixed(0)} %`);

/** A number with so many digits behind the point. */
export const fixed = (value: number | null, digits: number): string => (value === null ? none : value.toFixed(digits));

/** A length of time in words: `0.4 s`, `42 s`, `3 min 10 s`, `2 h 05 min`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return none;
  const whole = Math.round(Math.max(0, seconds));
  if (seconds > 0 && seconds < 0.05) return 'under 0.1 s';
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor(whole / 3600) % 24} h`;
}

/** A running clock, which keeps its width: `0:03:12`. */
export function elapsed(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** How long ago that was: `now`, `12 s ago`. */
export function ago(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  return seconds < 1 ? 'now' : `${duration(Math.max(1, Math.round(seconds))).replace('.0 s', ' s')} ago`;
}

/** A time of the day by this browser's clock: `14:03:27`. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

type Objective = CampaignInfo['objective'];

/** A value of the objective with its unit: `0.3512 Ha`. */
export const inUnit = (value: number | null, { unit }: Objective): string =>
  value === null ? none : `${value.toFixed(4)} ${shortUnit(unit)}`;

/** The same value in the other unit: `9.557 eV`. */
export const inOther = (value: number | null, { also }: Objective): string =>
  value === null ? none : `${(value * also.factor).toFixed(3)} ${shortUnit(also.unit)}`;

/** A prediction with its uncertainty: `0.3521 ± 0.0061 Ha`. */
export const plusMinus = (mean: number | null, deviation: number | null, { unit }: Objective): string =>
  mean === null
    ? none
    : `${mean.toFixed(4)}${deviation === null ? '' : ` ± ${deviation.toFixed(4)}`} ${shortUnit(unit)}`;

/** A unit as it stands behind a number. */
export const shortUnit = (unit: string): string => (unit === 'hartree' ? 'Ha' : unit);

const two = (value: number): string => String(value).padStart(2, '0');
