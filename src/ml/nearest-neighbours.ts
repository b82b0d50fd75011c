import { InputError } from '../protocol/errors.ts';
import type { FingerprintIndex } from './fingerprint-index.ts';
import type { ChunkState, Model, ModelKind } from './model.ts';
import { OverlapTable } from './overlap-table.ts';
import type { MoleculeRows } from './rows.ts';

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
  version: 2,
  fit: ({ fingerprints }, values) => new NearestNeighbours(fingerprints, values),
  load(body, { fingerprints }, values) {
    if (body.length > 0) {
      throw new InputError(
        `A saved model of kind "knn" has ${body.length} bytes of its own, where there are none; train again`,
        { code: 'input.model' },
      );
    }
    return new NearestNeighbours(fingerprints, values);
  },
};

class NearestNeighbours implements Model {
  readonly #training: FingerprintIndex;
  readonly #values: Float64Array;
  /** Counts what rows share with the training points from `first` on. */
  #overlaps: { first: number; table: OverlapTable } | null = null;

  constructor(training: FingerprintIndex, values: Float64Array) {
    this.#training = training;
    this.#values = values;
  }

  save(): Uint8Array {
    return new Uint8Array();
  }

  predict(rows: MoleculeRows) {
    return this.again(rows, null).prediction;
  }

  again({ fingerprints }: MoleculeRows, state: ChunkState | null) {
    const isMine = state instanceof NearestState && state.rows === fingerprints.length;
    const nearest = isMine ? state : new NearestState(fingerprints.length);
    const first = nearest.points;
    const { length } = fingerprints;
    const mean = new Float64Array(length);
    if (first < this.#values.length) {
      const overlaps = this.#overlapsFrom(first);
      const added = this.#training.popcounts.subarray(first);
      const counts = new Uint16Array(overlaps.paddedLength);
      for (let row = 0; row < length; row++) {
        overlaps.countInto(fingerprints, row, counts);
        nearest.choose(row, fingerprints.popcounts[row] as number, counts, added);
      }
      nearest.points = this.#values.length;
    }
    for (let row = 0; row < length; row++) mean[row] = nearest.mean(row, this.#values);
    return { prediction: { mean, deviation: null }, state: nearest };
  }

  #overlapsFrom(first: number): OverlapTable {
    // Chunks of one space were mostly left at the same point.
    if (this.#overlaps?.first !== first) {
      this.#overlaps = { first, table: new OverlapTable(this.#training.slice(first, this.#training.length)) };
    }
    return this.#overlaps.table;
  }
}

/**
 * The nearest of the training points seen so far of each row of a chunk, nearest first. A similarity is kept as the two whole
 * numbers shared / united, so that comparing is exact and ties are ties.
 */
class NearestState implements ChunkState {
  /** Training points seen. */
  points = 0;
  readonly rows: number;
  readonly #shared: Uint16Array;
  readonly #united: Uint16Array;
  readonly #point: Uint32Array;

  constructor(rows: number) {
    this.rows = rows;
    this.#shared = new Uint16Array(rows * neighbours);
    this.#united = new Uint16Array(rows * neighbours);
    this.#point = new Uint32Array(rows * neighbours);
  }

  get bytes(): number {
    return this.#shared.byteLength + this.#united.byteLength + this.#point.byteLength;
  }

  /** Go on choosing for row `row` of `bits` set bits, which shares `counts[i]` of them with the i-th point that was added. */
  choose(row: number, bits: number, counts: Uint16Array, popcounts: Uint16Array): void {
    const [shared, united, point] = [this.#shared, this.#united, this.#point];
    const seen = this.points;
    const start = row * neighbours;
    let end = start + Math.min(seen, neighbours);
    const full = start + neighbours;
    let worstShared = end === full ? (shared[full - 1] as number) : 0;
    let worstUnited = end === full ? (united[full - 1] as number) : 1;
    for (let i = 0; i < popcounts.length; i++) {
      let both = counts[i] as number;
      let either = bits + (popcounts[i] as number) - both;
      if (either === 0) both = either = 1;
      if (end === full && both * worstUnited <= worstShared * either) continue;
      let place = end < full ? end++ : full - 1;
      while (place > start && both * (united[place - 1] as number) > (shared[place - 1] as number) * either) {
        shared[place] = shared[place - 1] as number;
        united[place] = united[place - 1] as number;
        point[place] = point[place - 1] as number;
        place--;
      }
      shared[place] = both;
      united[place] = either;
      point[place] = seen + i;
      worstShared = shared[end - 1] as number;
      worstUnited = united[end - 1] as number;
    }
  }

  /** The weighted mean of the values of the points chosen for a row. */
  mean(row: number, values: Float64Array): number {
    const start = row * neighbours;
    const end = start + Math.min(this.points, neighbours);
    const onlyEqual = this.#shared[start] === this.#united[start];
    let sum = 0;
    let weights = 0;
    for (let place = start; place < end; place++) {
      const shared = this.#shared[place] as number;
      const united = this.#united[place] as number;
      if (onlyEqual && shared !== united) break;
      const weight = onlyEqual ? 1 : united / (united - shared);
      sum += weight * (values[this.#point[place] as number] as number);
      weights += weight;
    }
    return sum / weights;
  }
}
