/** What part of the time is seen: pure. Times are ms after the timeline's origin. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** No closer than this: a pixel is then some microseconds, finer than the log's clock. */
const least = 20;

/** `wanted`, no shorter than what can be told apart and within `whole`. */
export function within(wanted: Span, whole: Span): Span {
  const all = Math.max(least, whole.to - whole.from);
  const length = Math.min(all, Math.max(least, wanted.to - wanted.from));
  const middle = (wanted.from + wanted.to) / 2;
  const start = length === wanted.to - wanted.from ? wanted.from : middle - length / 2;
  const from = Math.min(Math.max(start, whole.from), whole.from + all - length);
  return { from, to: from + length };
}

/** `factor` times as long, with the time at `at` where it is. */
export function zoomed({ from, to }: Span, factor: number, at: number, whole: Span): Span {
  const length = Math.min(whole.to - whole.from, Math.max(least, (to - from) * factor));
  const share = (at - from) / Math.max(1e-9, to - from);
  return within({ from: at - share * length, to: at + (1 - share) * length }, whole);
}

/** Moved by a part of its length. */
export const panned = ({ from, to }: Span, by: number, whole: Span): Span =>
  within({ from: from + by * (to - from), to: to + by * (to - from) }, whole);

/** Moved as little as shows the time between `from` and `to`. */
export function showing(seen: Span, { from, to }: Span, whole: Span): Span {
  const length = seen.to - seen.from;
  const room = length * 0.02;
  if (to - from > length) return within({ from: from - room, to: from - room + length }, whole);
  if (from < seen.from) return within({ from: from - room, to: from - room + length }, whole);
  if (to > seen.to) return within({ from: to + room - length, to: to + room }, whole);
  return seen;
}

/** Whether all of it is seen, so that the view grows with it. */
export const isAll = (seen: Span, whole: Span): boolean => seen.from <= whole.from && seen.to >= whole.to;
