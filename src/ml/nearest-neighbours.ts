import { InputError } from '../protocol/errors.ts';
import { fingerprintBytes, FingerprintIndex } from './fingerprint-index.ts';
import { checkTraining, sealModel, type Model, type ModelKind } from './model.ts';
import { OverlapTable } from './overlap-table.ts';

/** How many training points a prediction is made of; with fewer, all of them. */
const neighbours = 4;

/**
 * k-nearest-neighbour regression, k = 4: the mean of the nearest training points, weighted by 1/d with the Jaccard
 * distance d = 1 - |a & b| / |a | b| of the fingerprints (0 between two empty ones). Where any of the nearest lies at
 * distance 0, only those count, all the same. Of points as far as the fourth the first given are taken. It knows no
 * deviation.
 *
 * Equals scikit-learn's KNeighborsRegressor(n_neighbors=4, weights='distance', metric='jaccard'), which leaves the
 * choice among ties unspecified.
 */
export const nearestNeighbours: ModelKind = {
  name: 'knn',
  version: 1,

  fit(fingerprints, values) {
    checkTraining(fingerprints, values);
    return model(fingerprints, Float64Array.from(values));
  },

  load(body) {
    const points = body.length / (8 + fingerprintBytes);
    if (!Number.isInteger(points) || points === 0) {
      throw new InputError(
        `A saved model of kind "knn" has ${body.length} bytes, no whole number of points; train again`,
        {
          code: 'input.model',
        },
      );
    }
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const values = Float64Array.from({ length: points }, (_, point) => view.getFloat64(point * 8, true));
    return model(FingerprintIndex.from(body.slice(points * 8)), values);
  },
};

/** Saved as the values, 64-bit floats with the low byte first, then the fingerprints. */
function save(training: FingerprintIndex, values: Float64Array): Uint8Array {
  const body = new Uint8Array(values.length * 8 + training.bytes.length);
  const view = new DataView(body.buffer);
  for (const [point, value] of values.entries()) view.setFloat64(point * 8, value, true);
  body.set(training.bytes, values.length * 8);
  return sealModel(nearestNeighbours.name, nearestNeighbours.version, body);
}

function model(training: FingerprintIndex, values: Float64Array): Model {
  const overlaps = new OverlapTable(training);
  return {
    predict(rows) {
      const mean = new Float64Array(rows.length);
      const counts = new Uint16Array(overlaps.paddedLength);
      const nearest = new Nearest(training.popcounts, values);
      for (let row = 0; row < rows.length; row++) {
        overlaps.countInto(rows, row, counts);
        nearest.choose(rows.popcounts[row] as number, counts);
        mean[row] = nearest.mean();
      }
      return { mean, deviation: null };
    },
    save: () => save(training, values),
  };
}

/**
 * The nearest training points of one row, nearest first. A similarity is kept as the two whole numbers shared / united, so
 * that comparing is exact and ties are ties.
 */
class Nearest {
  readonly #popcounts: Uint16Array;
  readonly #values: Float64Array;
  readonly #shared = new Int32Array(neighbours);
  readonly #united = new Int32Array(neighbours);
  readonly #point = new Int32Array(neighbours);
  #found = 0;

  constructor(popcounts: Uint16Array, values: Float64Array) {
    this.#popcounts = popcounts;
    this.#values = values;
  }

  /** Choose for a row of `bits` set bits that shares `counts[i]` of them with training point i. */
  choose(bits: number, counts: Uint16Array): void {
    const popcounts = this.#popcounts;
    const [shared, united, point] = [this.#shared, this.#united, this.#point];
    let found = 0;
    let worstShared = 0;
    let worstUnited = 1;
    for (let i = 0; i < popcounts.length; i++) {
      let both = counts[i] as number;
      let either = bits + (popcounts[i] as number) - both;
      if (either === 0) both = either = 1;
      if (found === neighbours && both * worstUnited <= worstShared * either) continue;
      let place = found < neighbours ? found++ : neighbours - 1;
      while (place > 0 && both * (united[place - 1] as number) > (shared[place - 1] as number) * either) {
        shared[place] = shared[place - 1] as number;
        united[place] = united[place - 1] as number;
        point[place] = point[place - 1] as number;
        place--;
      }
      shared[place] = both;
      united[place] = either;
      point[place] = i;
      worstShared = shared[found - 1] as number;
      worstUnited = united[found - 1] as number;
    }
    this.#found = found;
  }

  /** The weighted mean of the values of the points chosen last. */
  mean(): number {
    const onlyEqual = this.#shared[0] === this.#united[0];
    let sum = 0;
    let weights = 0;
    for (let place = 0; place < this.#found; place++) {
      const shared = this.#shared[place] as number;
      const united = this.#united[place] as number;
      if (onlyEqual && shared !== united) break;
      const weight = onlyEqual ? 1 : united / (united - shared);
      sum += weight * (this.#values[this.#point[place] as number] as number);
      weights += weight;
    }
    return sum / weights;
  }
}
