/** What figures have in common: their words, axes, and places for labels. */
import { palettes, type, type Theme } from './palette.ts';

/** What people read around a figure: it must stand alone. */
export interface Words {
  /** What is shown. */
  readonly title: string;
  /** What to see in it: at most two lines. */
  readonly caption: string;
  readonly x: string;
  readonly y: string;
}

/** An axis of numbers that ends where it is told to, with its name beside it. */
export function axis(
  name: string,
  theme: Theme,
  options: { min: number; max: number; isVertical?: boolean; gap: number },
): Record<string, unknown> {
  const { quiet, grid } = palettes[theme];
  const { min, max, isVertical = false, gap } = options;
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: gap,
    nameTextStyle: { color: quiet, fontSize: type.text },
    min,
    max,
    axisLine: { show: !isVertical, lineStyle: { color: quiet } },
    axisTick: { show: false },
    // Where the end is no round number its label would have all its digits, over the one before.
    axisLabel: { color: quiet, fontSize: type.small, hideOverlap: true, showMaxLabel: Number.isInteger(max) },
    splitLine: { show: isVertical, lineStyle: { color: grid } },
  };
}

/** The next number at which an axis may end: 1, 2, 2.5 or 5 times a power of ten times a whole number of steps. */
export function niceMax(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [0.1, 0.2, 0.25, 0.5, 1, 2].map((of) => of * power).find((one) => value / one <= 6) ?? 2 * power;
  return Math.ceil(value / step - 1e-9) * step;
}

/** A place for each label so that none lies over another: as near to where it should be as `gap` px allow, from `top` to `bottom`. */
export function spread(
  wanted: readonly number[],
  gap: number,
  { top, bottom }: { top: number; bottom: number },
): number[] {
  const order = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const places: number[] = [];
  let last = -Infinity;
  for (const i of order) {
    last = Math.max(wanted[i] ?? 0, last + gap, top);
    places[i] = last;
  }
  let next = Infinity;
  for (const i of order.reverse()) {
    next = Math.min(places[i] ?? 0, next - gap, bottom);
    places[i] = next;
  }
  return places;
}
