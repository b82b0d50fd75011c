/** What there is to be found in a table of known answers, and what one could find of it without and with all knowledge. */

/** Which end of the objective is wanted. */
export type Seek = 'highest' | 'lowest';

/** What is worth finding. */
export interface Truth {
  readonly seek: Seek;
  /** Candidates, and those of them that have an answer. */
  readonly candidates: number;
  readonly answered: number;
  /** The best 1 % of the answered: as many as {@link aim}, and all that are as good as the last of them. */
  readonly best: ReadonlySet<number>;
  /** One in a hundred of the answered, rounded up. */
  readonly aim: number;
  /** The value of the last of the best. */
  readonly cut: number;
  readonly threshold: number;
  /** Those beyond the threshold, on the side that is sought. */
  readonly beyond: ReadonlySet<number>;
}

/** What is worth finding among `values` [candidates], NaN where there is no answer; at least one must have one. */
export function truthOf(values: Float64Array, { seek, threshold }: { seek: Seek; threshold: number }): Truth {
  const sign = seek === 'highest' ? 1 : -1;
  const answered = [...values.keys()].filter((candidate) => !Number.isNaN(values[candidate]));
  const goodness = (candidate: number): number => sign * (values[candidate] ?? NaN);
  const sorted = [...answered].sort((a, b) => goodness(b) - goodness(a));
  const aim = Math.ceil(answered.length / 100);
  const last = sorted[aim - 1] ?? -1;
  return {
    seek,
    candidates: values.length,
    answered: answered.length,
    best: new Set(answered.filter((candidate) => goodness(candidate) >= goodness(last))),
    aim,
    cut: values[last] ?? NaN,
    threshold,
    beyond: new Set(answered.filter((candidate) => goodness(candidate) > sign * threshold)),
  };
}

/** How many of `wanted` candidates so many evaluations in random order find, on average: the hypergeometric mean. */
export function foundAtRandom({ answered }: Pick<Truth, 'answered'>, wanted: number, evaluations: number): number {
  return (wanted * Math.min(evaluations, answered)) / answered;
}

/**
 * How many of `wanted` candidates perfect foresight finds: after `blind` evaluations that know nothing and find none, each is one.
 * With `blind` 0 nothing can find more.
 */
export function foundByForesight(wanted: number, evaluations: number, blind: number): number {
  return Math.min(wanted, Math.max(0, evaluations - blind));
}
