/** Rankings: the best candidates of a search space, compact on the wire, and how those of several chunks become one. */
import { z } from 'zod';

const predicted = z.number().nullable().optional();
/**
 * `[candidate, score, mean, deviation]`, best first: the highest score, and among equal scores the lowest candidate. What is
 * predicted, in the unit of the objective, may be left out or null.
 */
export const rankedSchema = z.array(z.tuple([z.number().int().nonnegative(), z.number(), predicted, predicted]));
export type Ranked = z.infer<typeof rankedSchema>;

/** Negative where `a` ranks before `b`, positive where after: the one order in which candidates are ranked. */
export function compareRanked(a: Ranked[number], b: Ranked[number]): number {
  if (a[1] !== b[1]) return a[1] > b[1] ? -1 : 1;
  return a[0] - b[0];
}

/**
 * The best `keep` of several lists as one, best first, without the excluded candidates; a candidate that stands in
 * several lists counts once, with its best score. The lists may be given in any order.
 */
export function mergeBest(lists: readonly Ranked[], keep: number, excluded: Iterable<number> = []): Ranked {
  const left = new Set(excluded);
  const best: Ranked = [];
  for (const entry of lists.flat().sort(compareRanked)) {
    if (best.length >= keep) break;
    if (left.has(entry[0])) continue;
    left.add(entry[0]);
    best.push(entry);
  }
  return best;
}
