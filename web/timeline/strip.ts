/** Steps over time, pixel by pixel: pure. */
import type { Span } from './window.ts';

/**
 * The average of a value in each pixel of a window, weighted by time; 0 before it is known.
 * @param at when each value began to hold, ascending; the last holds for good
 */
export function averages(
  at: readonly number[],
  values: readonly number[],
  { from, to }: Span,
  pixels: number,
): Float32Array {
  const found = new Float32Array(pixels);
  const size = (to - from) / pixels;
  let next = 0;
  let value = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const end = from + (pixel + 1) * size;
    let time = from + pixel * size;
    let sum = 0;
    for (; next < at.length && (at[next] ?? Infinity) < end; next++) {
      const change = at[next] ?? end;
      if (change > time) {
        sum += value * (change - time);
        time = change;
      }
      value = values[next] ?? 0;
    }
    found[pixel] = (sum + value * (end - time)) / size;
  }
  return found;
}
