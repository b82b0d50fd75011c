/** What scoring is made of, pure: a space in chunks, and what their tasks return. */
import { rankedSchema, type Ranked } from '../src/protocol/ranking.ts';
import type { TaskResult } from '../src/protocol/task.ts';

/** Candidates from, up to and without to. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** A space, and how it is cut. */
interface Space {
  readonly candidates: number;
  readonly submitted: { readonly size: number };
  readonly chunkSize: number;
  readonly minChunks: number;
}

/**
 * The candidates 0 .. n-1 in max(floor(left / chunkSize), minChunks) even ranges, never more than there are candidates. Where more
 * than half are gone there are more, since a chunk's task names those of its candidates that are gone: none is of four times `chunkSize`.
 */
export function chunksOf({ candidates, submitted, chunkSize, minChunks }: Space): Chunk[] {
  const left = candidates - submitted.size;
  const least = Math.max(minChunks, Math.floor(candidates / (2 * chunkSize)));
  const count = Math.min(Math.max(Math.floor(left / chunkSize), least), candidates);
  const edge = (i: number): number => Math.floor((i * candidates) / count);
  return Array.from({ length: count }, (_, i) => ({ from: edge(i), to: edge(i + 1) }));
}

/** A ranking in a task's value; null if the task failed or returned something else, such as candidates that do not exist. */
export function rankedIn(result: TaskResult, field: 'best' | 'ranking', candidates: number): Ranked | null {
  if (!result.success) return null;
  const value = result.value as Record<string, unknown> | null;
  const ranked = rankedSchema.safeParse(value?.[field]);
  return ranked.success && ranked.data.every(([candidate]) => candidate < candidates) ? ranked.data : null;
}

/** What a scoring task returned; null as above. */
export function scoresOf(result: TaskResult, candidates: number): { best: Ranked; scored: number } | null {
  const best = rankedIn(result, 'best', candidates);
  if (best === null) return null;
  const { scored } = result.value as { scored?: unknown };
  return typeof scored === 'number' ? { best, scored } : null;
}
