import type { Ranked } from '../protocol/ranking.ts';
import { scoresOf, type Acquisition, type ScoringState } from './acquisition.ts';
import type { Prediction } from './model.ts';
import { digitsFor, significant } from './significant.ts';
import { bestOf } from './top-k.ts';

/**
 * The best `keep` of the candidates `from`, `from + 1`, ... by the score of what is predicted of them, without those in `exclude`.
 * Scores count to 7 significant digits, or as many as tell the values that were learnt apart, so that a space is ranked the same however
 * it is cut into chunks.
 *
 * @throws ConfigError as `scorerOf`; InputError when an excluded candidate lies outside the chunk; InvariantError when a score is not
 *   a number.
 */
export function rankChunk(
  prediction: Prediction,
  acquisition: Acquisition,
  state: ScoringState,
  { from, keep, exclude }: { from: number; keep: number; exclude: readonly number[] },
): Ranked {
  const { mean, deviation } = prediction;
  const digits = digitsFor(state.values);
  const scores = scoresOf(acquisition, prediction, from, state).map((score) => significant(score, digits));
  return bestOf(scores, keep, from, exclude).map(([candidate, score]) => {
    const uncertain = deviation === null ? null : significant(deviation[candidate - from] as number, digits);
    return [candidate, score, significant(mean[candidate - from] as number, digits), uncertain];
  });
}
