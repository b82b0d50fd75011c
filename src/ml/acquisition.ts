/** How much it is worth to simulate a candidate next, given what is predicted of it. */
import { z } from 'zod';
import { ConfigError } from '../protocol/errors.ts';
import type { Prediction } from './model.ts';
import { normalBelow, normalExcess, normalOf } from './normal.ts';

/** Names of the acquisition functions. */
export const acquisitionNames = ['greedy', 'ucb', 'ei', 'thompson', 'probability'] as const;

/**
 * How candidates are scored, and what is searched for. Every field has a default: greedy, for the highest.
 */
export const acquisitionSchema = z.strictObject({
  kind: z.enum(acquisitionNames).default('greedy'),
  /** Deviations that `ucb` adds to the mean. */
  beta: z.number().nonnegative().default(1),
  /** `best`: find the `top` best of the space. `threshold`: find all that lie beyond `threshold`. */
  goal: z.enum(['best', 'threshold']).default('best'),
  top: z.int().positive().default(80),
  /** In the unit of the objective. */
  threshold: z.number().default(0),
  seek: z.enum(['highest', 'lowest']).default('highest'),
  /** Of what `thompson` draws. */
  seed: z.int().nonnegative().default(0),
});
export type Acquisition = z.infer<typeof acquisitionSchema>;
/** As methods are given it, before the defaults. */
export type AcquisitionInput = z.input<typeof acquisitionSchema>;

/** What scoring knows beside predictions. */
export interface ScoringState {
  /** Values of what was simulated so far, none of them twice. */
  readonly values: Float64Array;
  /** Number of the update, from which `thompson` draws anew. */
  readonly update: number;
}

/**
 * Scores a candidate by its mean and deviation (null: unknown): the higher, the sooner it should be simulated. With s = 1 where the
 * highest is sought, s = -1 where the lowest is, m = s mean, d = deviation, and the incumbent t = s threshold, or s times the
 * `top`-th best value so far (the worst while there are fewer):
 *
 * - `greedy`: m.
 * - `ucb`: m + beta d. Cox and John 1997; Srinivas et al., ICML 2010, https://arxiv.org/abs/0912.3995. Without a deviation: m.
 * - `ei`: expected improvement over t, d (phi(u) + u Phi(u)) with u = (m - t) / d. Jones et al., J. Glob. Optim. 1998, 13, 455,
 *   https://doi.org/10.1023/A:1008306431147. Without a deviation, or with one of 0: max(0, m - t).
 * - `probability`: that the value lies beyond t, Phi(u); with a deviation of 0 it is 0 or 1, and 1/2 at t.
 *
 * Both are numbers that cannot be told from 0 where the incumbent is more than 37 deviations above the mean, as where a
 * threshold is far beyond anything known: there they are u times 1e-305, below 0, so that what comes nearest still comes first.
 *
 * - `thompson`: s times a draw from the candidate's own normal distribution, which follows from the seed, the update and the candidate, and so
 *   not from how the space was cut into chunks. The draws are independent: unlike a function drawn from the whole process, neighbours
 *   do not go up and down together, so that a batch has more variety than Thompson sampling proper would give it, and in a large
 *   space chance decides more.
 */
export type Scorer = (candidate: number, mean: number, deviation: number | null) => number;

/**
 * The scorer of an acquisition.
 * @throws ConfigError where `thompson` or `probability` is asked of a model that knows no deviation.
 */
export function scorerOf(acquisition: Acquisition, state: ScoringState, knowsDeviation: boolean): Scorer {
  const { kind, beta, seek, seed } = acquisition;
  const sign = seek === 'highest' ? 1 : -1;
  switch (kind) {
    case 'greedy':
      return (_, mean) => sign * mean;
    case 'ucb':
      return (_, mean, deviation) => sign * mean + beta * (deviation ?? 0);
    case 'ei': {
      const incumbent = incumbentOf(acquisition, state.values);
      return (_, mean, deviation) => {
        const gain = sign * mean - incumbent;
        if (deviation === null || deviation === 0) return Math.max(0, gain);
        return beyondReach(gain / deviation) ?? deviation * normalExcess(gain / deviation);
      };
    }
    case 'probability': {
      requireDeviation(kind, knowsDeviation);
      const incumbent = incumbentOf(acquisition, state.values);
      return (_, mean, deviation) => {
        const gain = sign * mean - incumbent;
        if (deviation === null || deviation === 0) return (Math.sign(gain) + 1) / 2;
        return beyondReach(gain / deviation) ?? normalBelow(gain / deviation);
      };
    }
    case 'thompson':
      requireDeviation(kind, knowsDeviation);
      return (candidate, mean, deviation) => sign * mean + (deviation ?? 0) * normalOf(seed, state.update, candidate);
  }
}

/** Scores [n] of the candidates `from`, `from + 1`, ... by what is predicted of them; see {@link scorerOf}. */
export function scoresOf(
  acquisition: Acquisition,
  { mean, deviation }: Prediction,
  from: number,
  state: ScoringState,
): Float64Array {
  const score = scorerOf(acquisition, state, deviation !== null);
  const scores = new Float64Array(mean.length);
  for (let row = 0; row < mean.length; row++) {
    const uncertain = deviation === null ? null : (deviation[row] as number);
    scores[row] = score(from + row, mean[row] as number, uncertain);
  }
  return scores;
}

/** Deviations below the incumbent from which chances are too small for a number. */
const farthest = 37;

/** The score in place of a chance that is too small for a number; null where it is not. */
const beyondReach = (u: number): number | null => (u < -farthest ? Math.max(u, -1e300) * 1e-305 : null);

/** What is to be exceeded, in the direction of the search. */
function incumbentOf({ goal, top, threshold, seek }: Acquisition, values: Float64Array): number {
  const sign = seek === 'highest' ? 1 : -1;
  if (goal === 'threshold') return sign * threshold;
  const sorted = values.map((value) => sign * value).sort();
  return sorted[Math.max(0, sorted.length - top)] ?? Number.NEGATIVE_INFINITY;
}

function requireDeviation(kind: string, known: boolean): void {
  if (known) return;
  throw new ConfigError(
    `The acquisition "${kind}" needs a model that knows how sure it is, such as gp; choose greedy, ucb or ei for this one`,
    { code: 'config.acquisition' },
  );
}
