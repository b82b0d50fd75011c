/**
 * Which candidate comes next, pure: what people pinned, then the best of the ranking in force that is not taken, then the next of a
 * seeded shuffle, then what people added; never what they vetoed. Each choice says why, for people and the log: who wanted it, or
 * the model, what it predicted, and how stale the ranking was.
 */
import type { Says } from '../src/protocol/events.ts';
import type { Ranked } from '../src/protocol/ranking.ts';
import {
  candidatesIn,
  isIn,
  noCandidates,
  withCandidate,
  withoutCandidate,
  type CandidateSet,
} from './candidate-set.ts';
import { placeInShuffle, shuffledAt } from './random-order.ts';
import { hearWish, noWishes, type Pin, type WishEvent, type Wishes } from './wishes.ts';

/** A scoring of candidates: by which update's model, what that was trained on, and when it was made (the log's clock, ms). */
interface Scoring {
  readonly update: number;
  readonly trainedOn: number;
  readonly model: string | null;
  readonly at: number;
}

interface Ranking extends Scoring {
  /** Best first. */
  readonly entries: Readonly<Ranked>;
  /** The entry to take next; those before it are taken. */
  readonly next: number;
  /** Candidates [from, to) that stand as an older scoring has them. */
  readonly older: (Scoring & { readonly ranges: readonly (readonly [number, number])[] }) | null;
}

export interface Choices {
  /** How many candidates there are, numbered 0 .. candidates - 1. */
  readonly candidates: number;
  /** How many of them have a shuffled order, and its seed: those that were added later come behind, in their own. */
  readonly shuffled: number;
  readonly seed: number;
  /** Candidates that have a task that did not end as withdrawn. */
  readonly taken: CandidateSet;
  /** Places of the shuffled order that were passed: all before this are taken or vetoed. */
  readonly passed: number;
  readonly ranking: Ranking | null;
  readonly wishes: Wishes;
}

/** What is known at the moment of a choice: the log's clock, ms, and how many simulations succeeded. */
export interface Moment {
  readonly at: number;
  readonly successes: number;
}

export interface Choice {
  readonly candidate: number;
  /** Why, as the task keeps it. */
  readonly choice: Record<string, unknown>;
  readonly after: Choices;
}

/** Nothing is taken, nothing is ranked. */
export function noChoices(candidates: number, seed: number): Choices {
  return { candidates, shuffled: candidates, seed, taken: noCandidates, passed: 0, ranking: null, wishes: noWishes };
}

/** Whether every candidate is taken or vetoed. */
export function noneLeft({ candidates, taken, wishes: { vetoed } }: Choices): boolean {
  if (taken.size + vetoed.size < candidates) return false;
  const both = candidatesIn(vetoed, 0, candidates).filter((candidate) => isIn(taken, candidate)).length;
  return taken.size + vetoed.size - both >= candidates;
}

/** The best candidate that may be chosen, and the choices after taking it; null when none is left. */
export function choose(choices: Choices, moment: Moment): Choice | null {
  const { ranking, candidates, taken, wishes } = choices;
  if (noneLeft(choices)) return null;
  const pin = wishes.pinned.find((one) => !isIn(taken, one.candidate));
  if (pin !== undefined) {
    return { candidate: pin.candidate, choice: wishOf(pin, ranking, moment), after: take(choices, pin.candidate) };
  }
  const entries = ranking?.entries ?? [];
  for (let index = ranking?.next ?? 0; ranking !== null && index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry === undefined || !isOpen(choices, entry[0])) continue;
    const after = { ...take(choices, entry[0]), ranking: { ...ranking, next: index + 1 } };
    return { candidate: entry[0], choice: reasonOf(ranking, index, entry, moment), after };
  }
  const ranked = ranking === null ? null : { ...ranking, next: entries.length };
  for (let place = choices.passed; place < candidates; place += 1) {
    const candidate = atPlace(choices, place);
    if (!isOpen(choices, candidate)) continue;
    const after = { ...take(choices, candidate), passed: place + 1, ranking: ranked };
    return { candidate, choice: { by: 'shuffle', place: place + 1 }, after };
  }
  return null;
}

/** The candidates that would be chosen next, so many of them, if these were not taken. */
export function wouldChoose(choices: Choices, freed: readonly number[], count: number, moment: Moment): number[] {
  let now = freed.reduce(giveBack, choices);
  const chosen: number[] = [];
  for (let choice = choose(now, moment); choice !== null && chosen.length < count; choice = choose(now, moment)) {
    chosen.push(choice.candidate);
    now = choice.after;
  }
  return chosen;
}

/** The choices after a candidate was given back: it may be chosen again. */
export function giveBack(choices: Choices, candidate: number): Choices {
  return lookFrom({ ...choices, taken: withoutCandidate(choices.taken, candidate) }, candidate);
}

/** The choices after people wished something of a candidate, or added some; what makes no sense as things are changes nothing. */
export function heed(choices: Choices, event: WishEvent): Choices {
  if (event.type === 'candidates.added') {
    const { first, candidates } = event;
    return first === choices.candidates ? { ...choices, candidates: first + candidates.length } : choices;
  }
  const { candidate } = event;
  if (candidate >= choices.candidates) return choices;
  const wishes = hearWish(choices.wishes, event);
  return event.type === 'candidate.allowed' ? lookFrom({ ...choices, wishes }, candidate) : { ...choices, wishes };
}

/** Look again at a candidate that was passed. */
function lookFrom(choices: Choices, candidate: number): Choices {
  const { shuffled, seed, passed, ranking } = choices;
  const place = candidate < shuffled ? placeInShuffle(candidate, shuffled, seed) : candidate;
  return {
    ...choices,
    passed: Math.min(passed, place),
    ranking: ranking === null ? null : { ...ranking, next: 0 },
  };
}

/** The choices from now on by a new ranking. */
export function rank(
  choices: Choices,
  event: Extract<Says<'inference-runner'>, { type: 'ranking.updated' }> & { at: number },
): Choices {
  const { ranking: entries, update, trainedOn, model = null, older: part, at } = event;
  const before = choices.ranking;
  const olderAt = part === undefined ? at : (madeAt(before, part.update) ?? at);
  const older = part === undefined ? null : { ...part, model: part.model ?? null, at: olderAt };
  return { ...choices, ranking: { entries, next: 0, update, trainedOn, model, at, older } };
}

/** When the scoring of this update was made that stands in a ranking; null when none does. */
function madeAt(ranking: Ranking | null, update: number): number | null {
  if (ranking?.older?.update === update) return ranking.older.at;
  return ranking?.update === update ? ranking.at : null;
}

/** Whether a candidate may be chosen. */
const isOpen = ({ taken, wishes }: Choices, candidate: number): boolean =>
  !isIn(taken, candidate) && !isIn(wishes.vetoed, candidate);

const atPlace = ({ shuffled, seed }: Choices, place: number): number =>
  place < shuffled ? shuffledAt(place, shuffled, seed) : place;

const take = (choices: Choices, candidate: number): Choices => ({
  ...choices,
  taken: withCandidate(choices.taken, candidate),
});

/** Why a pinned candidate is chosen: who wanted it and why, beside what the model thinks of it, where it stands in the ranking. */
function wishOf({ candidate, who, why }: Pin, ranking: Ranking | null, moment: Moment): Record<string, unknown> {
  const index = ranking?.entries.findIndex(([one]) => one === candidate) ?? -1;
  const entry = ranking?.entries[index];
  const predicted = ranking === null || entry === undefined ? {} : reasonOf(ranking, index, entry, moment);
  return { ...predicted, by: 'pin', who, why };
}

function reasonOf(
  ranking: Ranking,
  index: number,
  [candidate, score, mean = null, deviation = null]: Ranked[number],
  { at, successes }: Moment,
): Record<string, unknown> {
  const { older } = ranking;
  const isOlder = older?.ranges.some(([from, to]) => candidate >= from && candidate < to) === true;
  const { update, trainedOn, model, at: made } = isOlder ? older : ranking;
  return {
    by: update === 0 ? 'first' : 'ranking',
    rank: index + 1,
    score,
    mean,
    deviation,
    update,
    ...(model === null ? {} : { model }),
    trainedOn,
    // A clock may be put back.
    stale: { results: successes - trainedOn, seconds: Math.max(0, Math.round(at - made) / 1_000) },
  };
}
