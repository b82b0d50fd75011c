/** The covariance function of our Gaussian process: a weighted sum over fragment counts and descriptors of two molecules. */
import { ConfigError } from '../protocol/errors.ts';
import type { CountView, FeatureTable } from './feature-table.ts';
import { exponential } from './exponential.ts';
import { FragmentPostings } from './fragment-postings.ts';

/** Weights and scales of the sum. The weights' own scale is that of targets with a variance of 1. */
export interface KernelSettings {
  /** Weight of MinMax (Tanimoto where counts are bits) of the fragment counts, shared evenly by all views of the features. */
  readonly fragments: number;
  /** Weight of exp(-|x - x'|^2 / (2 w (lengthScale)^2)) of the w standardised descriptors. */
  readonly rbf: number;
  /** In standard deviations a descriptor: 1 lets two molecules of a space that differ as much as usual be alike by exp(-1). */
  readonly lengthScale: number;
  /** Weight of x . x' / w of the standardised descriptors. */
  readonly linear: number;
}

/** How many molecules are worked on at a time: their kernel values with 200 others fit a core's cache. */
export const blockRows = 128;

/** Molecules in blocks: what of them the kernel is made from. */
interface Descriptors {
  /** Standardised [n x w], the w that vary in the space. */
  readonly values: Float64Array;
  /** x . x of each [n]. */
  readonly norms: Float64Array;
}

/**
 * Some fixed molecules (training points), ready to be compared with any others by the sum kernel
 *
 *     k(a, b) = fragments mean_v minmax_v(a, b) + rbf exp(-|x_a - x_b|^2 / (2 w l^2)) + linear x_a . x_b / w,
 *
 * minmax(a, b) = sum min(a_i, b_i) / sum max(a_i, b_i) of fragment counts, 1 between two molecules without any. Sources: Ralaivola
 * et al., Neural Networks 2005, 18, 1093, https://doi.org/10.1016/j.neunet.2005.07.009 (MinMax); Rasmussen and Williams, Gaussian
 * Processes for Machine Learning, 2006, ch. 4. Each value is the same whatever the fixed molecules and the block.
 */
export class SumKernel {
  readonly length: number;
  readonly #settings: KernelSettings;
  readonly #columns: Uint32Array;
  readonly #fixed: Descriptors;
  readonly #views: readonly FragmentPostings[];

  /** @throws ConfigError when nothing is known of the molecules that it could compare. */
  constructor(settings: KernelSettings, fixed: FeatureTable) {
    this.length = fixed.length;
    this.#settings = settings;
    this.#columns = varying(fixed);
    if (this.#columns.length === 0 && fixed.views.length === 0) {
      throw new ConfigError(
        'The Gaussian process compares molecules by their features, and this space has none; choose another model, such as knn',
        { code: 'config.features' },
      );
    }
    this.#fixed = this.#describe(fixed);
    this.#views = settings.fragments > 0 ? fixed.views.map((view) => new FragmentPostings(view)) : [];
  }

  /**
   * Write k(fixed j, row c) to `out[(first + j) * blockRows + c]` and k(row c, row c) to `own[c]`, for at most `blockRows` rows.
   */
  fill(rows: FeatureTable, out: Float64Array, first: number, own: Float64Array): void {
    const moving = this.#describe(rows);
    const width = this.#columns.length;
    const share = this.#settings.fragments / this.#views.length;
    const weights = this.#views.reduce((sum) => sum + share, this.#settings.rbf);
    const linear = width === 0 ? 0 : this.#settings.linear / width;
    for (let row = 0; row < rows.length; row++) own[row] = weights + linear * (moving.norms[row] as number);
    if (this.length === 0) return;
    this.#fillDescriptors(moving, rows.length, out, first * blockRows);
    for (const [place, postings] of this.#views.entries()) {
      postings.addMinMax(rows.views[place] as CountView, rows.length, share, out, first * blockRows, blockRows);
    }
  }

  /** Products first, four fixed molecules and two rows at a time, then what follows from them. */
  #fillDescriptors(moving: Descriptors, rows: number, out: Float64Array, start: number): void {
    const width = this.#columns.length;
    const { rbf, lengthScale } = this.#settings;
    const linear = width === 0 ? 0 : this.#settings.linear / width;
    const steepness = width === 0 ? 0 : -1 / (2 * width * lengthScale * lengthScale);
    const { values: fixed, norms } = this.#fixed;
    const { values: others, norms: otherNorms } = moving;
    for (let point = 0; point < this.length; point += 4) {
      // Fewer than four left, or one row: the last is worked out again in the place of those that are not there.
      const last = this.length - 1;
      const [point1, point2, point3] = [
        Math.min(point + 1, last),
        Math.min(point + 2, last),
        Math.min(point + 3, last),
      ];
      const [a, b, c, d] = [point * width, point1 * width, point2 * width, point3 * width];
      const to = start + point * blockRows;
      const [to1, to2, to3] = [start + point1 * blockRows, start + point2 * blockRows, start + point3 * blockRows];
      for (let row = 0; row < rows; row += 2) {
        const row1 = Math.min(row + 1, rows - 1);
        let [p0, p1, q0, q1, r0, r1, s0, s1] = [0, 0, 0, 0, 0, 0, 0, 0];
        for (let i = 0, x = row * width, y = row1 * width; i < width; i++, x++, y++) {
          const value0 = others[x] as number;
          const value1 = others[y] as number;
          const fixedA = fixed[a + i] as number;
          const fixedB = fixed[b + i] as number;
          const fixedC = fixed[c + i] as number;
          const fixedD = fixed[d + i] as number;
          p0 += fixedA * value0;
          p1 += fixedA * value1;
          q0 += fixedB * value0;
          q1 += fixedB * value1;
          r0 += fixedC * value0;
          r1 += fixedC * value1;
          s0 += fixedD * value0;
          s1 += fixedD * value1;
        }
        out[to + row] = p0;
        out[to + row1] = p1;
        out[to1 + row] = q0;
        out[to1 + row1] = q1;
        out[to2 + row] = r0;
        out[to2 + row1] = r1;
        out[to3 + row] = s0;
        out[to3 + row1] = s1;
      }
    }
    for (let point = 0; point < this.length; point++) {
      const norm = norms[point] as number;
      for (let row = 0, at = start + point * blockRows; row < rows; row++, at++) {
        const product = out[at] as number;
        const distance = (otherNorms[row] as number) + norm - 2 * product;
        // Rounding may leave less than nothing between two that are alike.
        out[at] = rbf * exponential(distance > 0 ? steepness * distance : 0) + linear * product;
      }
    }
  }

  #describe(table: FeatureTable): Descriptors {
    const columns = this.#columns;
    const width = columns.length;
    const values = new Float64Array(table.length * width);
    const norms = new Float64Array(table.length);
    const { descriptors, centre, scale } = table;
    for (let row = 0, to = 0; row < table.length; row++) {
      const from = row * table.width;
      let norm = 0;
      for (let i = 0; i < width; i++) {
        const column = columns[i] as number;
        const value = ((descriptors[from + column] as number) - (centre[column] as number)) / (scale[column] as number);
        values[to++] = value;
        norm += value * value;
      }
      norms[row] = norm;
    }
    return { values, norms };
  }
}

/** Descriptors that are not the same throughout the space. */
function varying({ scale }: FeatureTable): Uint32Array {
  return Uint32Array.from([...scale.keys()].filter((column) => (scale[column] as number) > 0));
}
