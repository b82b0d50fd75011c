/** What people want of single candidates, pure: to be simulated before all others, or never. The last word about one holds. */
import type { Says } from '../src/protocol/events.ts';
import { isIn, noCandidates, withCandidate, withoutCandidate, type CandidateSet } from './candidate-set.ts';

/** What people say of candidates. */
export type WishEvent = Extract<Says<'operator'>, { candidate: number } | { type: 'candidates.added' }>;
/** The events that these are. */
export const wishEvents = [
  'operator.candidate.pinned',
  'operator.candidate.unpinned',
  'operator.candidate.vetoed',
  'operator.candidate.allowed',
  'operator.candidates.added',
] as const;

/** A candidate to be simulated first, who wants it and why. */
export interface Pin {
  readonly candidate: number;
  readonly who: string;
  readonly why: string;
}

export interface Wishes {
  /** First come first served; each until its simulation has ended, since its task may yet be withdrawn. None is vetoed. */
  readonly pinned: readonly Pin[];
  readonly vetoed: CandidateSet;
}

export const noWishes: Wishes = { pinned: [], vetoed: noCandidates };

/** The wishes after one more. A candidate that is vetoed has to be allowed before it can be pinned. */
export function hearWish(wishes: Wishes, event: Extract<WishEvent, { candidate: number }>): Wishes {
  const { pinned, vetoed } = wishes;
  const { type, candidate, by = 'somebody', reason } = event;
  const others = unpin(wishes, candidate);
  switch (type) {
    case 'candidate.pinned': {
      const isKept = others.pinned.length < pinned.length || isIn(vetoed, candidate);
      return isKept ? wishes : { ...wishes, pinned: [...pinned, { candidate, who: by, why: reason }] };
    }
    case 'candidate.unpinned':
      return others;
    case 'candidate.vetoed':
      return { ...others, vetoed: withCandidate(vetoed, candidate) };
    case 'candidate.allowed':
      return { ...wishes, vetoed: withoutCandidate(vetoed, candidate) };
  }
}

/** The wishes without the pin of a candidate; the same if there is none. */
export function unpin(wishes: Wishes, candidate: number): Wishes {
  const pinned = wishes.pinned.filter((pin) => pin.candidate !== candidate);
  return pinned.length === wishes.pinned.length ? wishes : { ...wishes, pinned };
}

/** Arguments of tasks that refer to objects of the space, which has grown. */
export function withObjects(
  args: Record<string, unknown>,
  { objects }: Extract<WishEvent, { type: 'candidates.added' }>,
): Record<string, unknown> {
  const known = Object.entries(objects).filter(([name]) => Object.hasOwn(args, name));
  return { ...args, ...Object.fromEntries(known) };
}
