/** Times in words: durations with a unit that fits, and the ticks of an axis of them. */
import { duration } from '../words.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time from milliseconds up: `850 ms`, `9.4 s`, `3 min 05 s`. */
export const lengthText = (ms: number): string =>
  ms < second ? `${Math.round(Math.max(0, ms))} ms` : duration(ms / second);

/** How to write parts of so many slot seconds: all in one unit, so that they compare. */
export function slotTimes(all: number): (seconds: number) => string {
  const [size, unit] = all < 10_000 ? [1, 's'] : all < 100 * 3_600 ? [60, 'min'] : [3_600, 'h'];
  return (seconds) => `${(seconds / size).toFixed(1)} ${unit}`;
}

const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 4, 6, 12].map((n) => n * hour),
];

/** Where an axis from `from` to `to` has ticks, ms, at most `most` of them, and what they say. */
export function ticks(from: number, to: number, most: number): { readonly at: number; readonly text: string }[] {
  const length = to - from;
  const step = steps.find((one) => length / one <= most) ?? Math.ceil(length / most / day) * day;
  const found: { at: number; text: string }[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push({ at, text: tickText(at, step) });
  return found;
}

function tickText(at: number, step: number): string {
  if (at === 0) return '0';
  if (step < second) return `${Number((at / second).toFixed(3))} s`;
  const parts: string[] = [];
  const take = (unit: number, name: string, isShown: boolean): void => {
    const of = Math.floor(rest / unit);
    rest -= of * unit;
    if (isShown && of > 0) parts.push(`${of} ${name}`);
  };
  let rest = at;
  take(day, 'd', true);
  take(hour, 'h', true);
  take(minute, 'min', step < day);
  take(second, 's', step < minute || at < minute);
  return parts.join(' ');
}
