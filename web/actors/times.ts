/** A length of time in eight characters, for the narrow places of a chart. */

const units = [
  [1_000, 'ms'],
  [60_000, 's'],
  [3_600_000, 'min'],
  [86_400_000, 'h'],
] as const;

/** `850 ms`, `12.4 s`, `3.4 min`, `2.1 h`, `5.2 d`. */
export function timeIn(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  for (const [i, [below, unit]] of units.entries()) {
    const size = units[i - 1]?.[0] ?? 1;
    if (ms < below) return `${(ms / size).toFixed(1)} ${unit}`;
  }
  return `${(ms / 86_400_000).toFixed(1)} d`;
}
