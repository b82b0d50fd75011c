/** Which of many results a Gaussian process learns from, since its costs grow with their square. */

/** A selection of training points, in the order of the results. */
export interface LearnedPoints {
  readonly rows: readonly number[];
  /** Selections of the same epoch begin with the same points; 0 holds all of them. */
  readonly epoch: number;
}

/**
 * At most this many are learnt from: of the packaged space their kernel values can just be kept, so that an update from there on takes
 * 0.1 to 0.2 s a core instead of 2 s. With 2,000, errors were a tenth smaller (docs/models.md).
 */
export const mostPoints = 1_200;
/** So many of them are given up at a time, to make room for as many new ones. */
const renewedPoints = 300;
const base = mostPoints - renewedPoints;
/** Of the others the highest and the lowest stay, as many of each: those that a search for either end decides by. */
const extremes = 200;

/**
 * All of up to 1,200 points. Of more, the newest up to 300, all that came since the last selection, and 900 of those before:
 * the 200 highest, the 200 lowest, and of the rest 500 that lie evenly in the order of the results. So the selection changes
 * only with every 300th result, and between them the model only grows. Ours; checked against nothing but that it forgets no extreme.
 */
export function learnedPoints(values: Float64Array): LearnedPoints {
  const all = [...values.keys()];
  if (values.length <= mostPoints) return { rows: all, epoch: 0 };
  const epoch = Math.ceil((values.length - mostPoints) / renewedPoints);
  const selectedAt = mostPoints + (epoch - 1) * renewedPoints;
  const byValue = all.slice(0, selectedAt).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  const middle = byValue.slice(extremes, -extremes).sort((a, b) => a - b);
  const even = base - 2 * extremes;
  const spread = Array.from({ length: even }, (_, i) => middle[Math.floor((i * middle.length) / even)] as number);
  const kept = [...byValue.slice(0, extremes), ...byValue.slice(-extremes), ...spread].sort((a, b) => a - b);
  return { rows: [...kept, ...all.slice(selectedAt)], epoch };
}
