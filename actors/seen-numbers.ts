/**
 * Which of the numbers 1, 2, 3, ... were seen, in bounded memory: all up to a mark, and the few above it that came early.
 */
export interface SeenNumbers {
  readonly upTo: number;
  readonly above: readonly number[];
}

export const noneSeen: SeenNumbers = { upTo: 0, above: [] };

export function isSeen(seen: SeenNumbers, number: number): boolean {
  return number <= seen.upTo || seen.above.includes(number);
}

/** The same with one more number. */
export function see(seen: SeenNumbers, number: number): SeenNumbers {
  if (isSeen(seen, number)) return seen;
  const above = new Set([...seen.above, number]);
  let upTo = seen.upTo;
  while (above.delete(upTo + 1)) upTo += 1;
  return { upTo, above: [...above] };
}
