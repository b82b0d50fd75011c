/** Whether a model is as sure as it should be. */
import { InputError } from '../protocol/errors.ts';
import { normalBelow } from './normal.ts';

/** How predictions and their deviations compare with what came out. */
export interface Calibration {
  readonly count: number;
  /** Root of the mean squared error, and of the mean squared deviation: equal where the model is as sure as it should be on the whole. */
  readonly error: number;
  readonly deviation: number;
  /** Share of the values within one and within two deviations of their means; 0.683 and 0.954 of normal errors. */
  readonly withinOne: number;
  readonly withinTwo: number;
  /** For each nominal share: which share of the values lay within the central interval that should hold it. */
  readonly curve: readonly { readonly nominal: number; readonly observed: number }[];
}

/** Nominal shares of the reliability curve: 5 %, 10 %, ... 95 %. */
const nominalShares = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/**
 * The calibration of predictions [n] with deviations [n] against what was observed [n], as if errors were normal. Where a deviation
 * is 0, only an exact prediction lies within any interval. Source: Kuleshov et al., ICML 2018, https://arxiv.org/abs/1807.00263.
 * @throws InputError when lengths differ, there is nothing, or a number is not finite.
 */
export function calibration(
  predicted: ArrayLike<number>,
  deviation: ArrayLike<number>,
  observed: ArrayLike<number>,
): Calibration {
  const count = predicted.length;
  if (count === 0 || deviation.length !== count || observed.length !== count) {
    throw new InputError(
      `Calibration needs as many predictions, deviations and values, at least one; got ${count}, ${deviation.length} and ${observed.length}`,
      { code: 'input.calibration' },
    );
  }
  // The central share of a normal distribution within which each value just lies.
  const shares = new Float64Array(count);
  let [squaredError, squaredDeviation] = [0, 0];
  for (let i = 0; i < count; i++) {
    const error = Math.abs((predicted[i] as number) - (observed[i] as number));
    const sigma = deviation[i] as number;
    if (!Number.isFinite(error) || !Number.isFinite(sigma)) {
      throw new InputError(`Prediction ${i} of ${count} is not a number with a deviation and a value`, {
        code: 'input.calibration',
      });
    }
    squaredError += error * error;
    squaredDeviation += sigma * sigma;
    shares[i] = error === 0 ? 0 : sigma > 0 ? 2 * normalBelow(error / sigma) - 1 : 1;
  }
  const within = (share: number): number => shares.filter((own) => own <= share).length / count;
  return {
    count,
    error: Math.sqrt(squaredError / count),
    deviation: Math.sqrt(squaredDeviation / count),
    withinOne: within(2 * normalBelow(1) - 1),
    withinTwo: within(2 * normalBelow(2) - 1),
    curve: nominalShares.map((nominal) => ({ nominal, observed: within(nominal) })),
  };
}
