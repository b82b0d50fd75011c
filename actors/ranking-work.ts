/** What the inference runner knows while a model becomes a ranking, and what follows from it: slots to ask for, rankings in part. */
import type { Says } from '../src/protocol/events.ts';
import { mergeBest, type Ranked } from '../src/protocol/ranking.ts';
import { isIn, withCandidate, type CandidateSet } from './candidate-set.ts';
import type { Chunk } from './scoring-chunks.ts';

export interface InferenceRunnerInput {
  candidates: number;
  method: string;
  topic: string;
  pool: string;
  /** The pool that training leaves its slots in, and the one that they go back to. */
  trainPool: string;
  home: string;
  /** How many slots it calls from home: all by default; none where somebody else moves them. */
  borrow?: 'all' | number;
  /** Arguments of every scoring task: the fingerprints. */
  arguments: Record<string, unknown>;
  /** At least this many chunks, and one for every `chunkSize` candidates that are left. */
  minChunks: number;
  chunkSize: number;
  /** Length of the merged ranking. */
  keep: number;
  /** Whether a ranking is published as chunks come back, where the others stand as they were; by default it is when all have. */
  inParts?: boolean;
  /** What chooses the first candidates when the campaign starts; nothing by default. */
  first?: { method: string; arguments: Record<string, unknown> } | null;
  /** What arranges the first `take` of a ranking; nothing by default. */
  arrange?: { method: string; arguments: Record<string, unknown>; take: number } | null;
}

interface Waiting {
  readonly task: string;
  readonly candidate: number;
}

/** A ranking that is complete. */
interface Whole {
  readonly update: number;
  readonly trainedOn: number;
  readonly model: string;
  readonly entries: Ranked;
}

/** The inference runner's context. */
export interface RankingWork extends Required<InferenceRunnerInput> {
  /** Candidates that have a slot or had one, and those of them whose results are not in. */
  submitted: CandidateSet;
  pending: readonly number[];
  /** Tasks that wait for a slot: they are scored with the others, since they may be withdrawn for better ones. */
  waiting: readonly Waiting[];
  created: number;
  model: { ref: string; update: number; trainedOn: number } | null;
  /** The request for slots that was made last. */
  request: string;
  /** How many chunks there are, those that wait for a slot, and tasks that run: of a chunk, or of the space as a whole. */
  chunkCount: number;
  chunks: readonly Chunk[];
  running: readonly (Chunk & { readonly id: string })[];
  scored: number;
  best: Ranked;
  /** The last complete ranking; kept only where rankings are published in parts. */
  whole: Whole | null;
}

type Fact = Says<'inference-runner'>;

/** So many rankings are published at most before all chunks of an update are back: each is as long as the last. */
const mostParts = 8;

/** What asks for slots: those of training, and of simulations as they end; may be said again. */
export function callsForSlots({ borrow, pool: to, trainPool, home }: RankingWork): Fact[] {
  if (borrow === 0) return [];
  const fromHome: Fact = { type: 'reallocation.requested', from: home, to, slots: borrow };
  return [
    { type: 'reallocation.requested', from: trainPool, to, slots: 'all' },
    borrow === 'all' ? fromHome : { ...fromHome, upTo: true },
  ];
}

/** What asks for one slot more than is there, if none is; slots that were here may have been lost with their worker. */
export function callsForOne({ borrow, pool: to, home: from }: RankingWork): Fact[] {
  return borrow === 0 ? [] : [{ type: 'reallocation.requested', from, to, slots: 1, upTo: true }];
}

/** What is left of a ranking when what was submitted meanwhile is left out. */
export const unsubmitted = ({ submitted }: RankingWork, ranking: Ranked): Ranked =>
  ranking.filter(([candidate]) => !isIn(submitted, candidate));

/** A ranking of the chunks that are back, in which the others stand as they did before; null when it is not yet time for one. */
export function inPart(context: RankingWork): Fact | null {
  const { inParts, model, chunkCount, chunks, running, whole, best, keep, scored } = context;
  const missing = [...running, ...chunks];
  const partOf = (done: number): number => Math.floor((done * mostParts) / chunkCount);
  const done = chunkCount - missing.length;
  if (!inParts || model === null || missing.length === 0 || partOf(done) === partOf(done - 1)) return null;
  const { ref, update, trainedOn } = model;
  const ranges = missing.map(({ from, to }): [number, number] => [from, to]).sort(([a], [b]) => a - b);
  const isMissing = ([candidate]: Ranked[number]): boolean =>
    ranges.some(([from, to]) => candidate >= from && candidate < to);
  const ranking = unsubmitted(context, mergeBest([best, whole?.entries.filter(isMissing) ?? []], keep));
  const { entries: _, ...before } = { entries: [], ...(whole ?? { update: 0, trainedOn: 0 }) };
  return { type: 'ranking.updated', update, trainedOn, scored, ranking, model: ref, older: { ...before, ranges } };
}

/** A candidate has its slot, and its result is not in. */
export function withSlot(
  { submitted, pending }: RankingWork,
  candidate: number,
): Pick<RankingWork, 'submitted' | 'pending'> {
  return { submitted: withCandidate(submitted, candidate), pending: [...pending, candidate] };
}
