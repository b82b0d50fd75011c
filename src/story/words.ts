/** Numbers and counts as people write them. */

/** `1 task`, `2 tasks`, `12,000 tasks`. */
export function many(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(n: number): string {
  const tens = n % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n.toLocaleString('en')}${ending}`;
}

/** `0.2 s`, `12 s`, `3 min`, `2.5 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** A value with its unit, four digits behind the point: `0.5812 hartree`. */
export const valued = (value: number, unit: string): string => `${value.toFixed(4)}${unit === '' ? '' : ` ${unit}`}`;
