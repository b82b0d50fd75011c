import { blockRows } from './sum-kernel.ts';
import { rowStart, type Whitening } from './whitening.ts';

/**
 * What points add to the predictions of a block of molecules: with v_i = sum_j W_ij k_j, i from `first` on, subtract v_i^2 from
 * `rest`, and add v_i `values[i]` to `value` and v_i `ones[i]` to `one`, all from `place` on, a molecule each.
 *
 * `kernel` holds k_j of the block's molecules at `j * blockRows`, up to the next multiple of four of the points. Four points and two
 * molecules at a time, so that eight sums stay in registers; each v_i is summed in the order of j, whatever `first` is, so that
 * going on gives the same numbers as beginning anew. Takes most of the time of a prediction: 2.4 billion multiplications a second
 * and core where it was measured.
 */
export function addWhitened(
  whitening: Whitening,
  kernel: Float64Array,
  first: number,
  parts: { readonly values: Float64Array; readonly ones: Float64Array },
  sums: WhitenedSums,
  place: number,
): void {
  const w = whitening.rows;
  const points = whitening.length;
  const { values, ones } = parts;
  const { rest, value, one } = sums;
  for (let four = first >> 2; 4 * four < points; four++) {
    const begin = 4 * four;
    const length = begin + 4;
    const [w0, w1, w2, w3] = [rowStart(begin), rowStart(begin + 1), rowStart(begin + 2), rowStart(begin + 3)];
    const whole = begin >= first && begin + 4 <= points;
    for (let column = 0; column < blockRows; column += 2) {
      let [a0, a1, b0, b1, c0, c1, d0, d1] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let j = 0, k = column; j < length; j++, k += blockRows) {
        const x = kernel[k] as number;
        const y = kernel[k + 1] as number;
        const p = w[w0 + j] as number;
        const q = w[w1 + j] as number;
        const r = w[w2 + j] as number;
        const s = w[w3 + j] as number;
        a0 += p * x;
        a1 += p * y;
        b0 += q * x;
        b1 += q * y;
        c0 += r * x;
        c1 += r * y;
        d0 += s * x;
        d1 += s * y;
      }
      for (let half = 0; half < 2; half++) {
        const at = place + column + half;
        const [a, b, c, d] = half === 0 ? [a0, b0, c0, d0] : [a1, b1, c1, d1];
        let left = rest[at] as number;
        let sum = value[at] as number;
        let unit = one[at] as number;
        if (whole || (begin >= first && begin < points)) {
          left -= a * a;
          sum += a * (values[begin] as number);
          unit += a * (ones[begin] as number);
        }
        if (whole || (begin + 1 >= first && begin + 1 < points)) {
          left -= b * b;
          sum += b * (values[begin + 1] as number);
          unit += b * (ones[begin + 1] as number);
        }
        if (whole || (begin + 2 >= first && begin + 2 < points)) {
          left -= c * c;
          sum += c * (values[begin + 2] as number);
          unit += c * (ones[begin + 2] as number);
        }
        if (whole || (begin + 3 >= first && begin + 3 < points)) {
          left -= d * d;
          sum += d * (values[begin + 3] as number);
          unit += d * (ones[begin + 3] as number);
        }
        rest[at] = left;
        value[at] = sum;
        one[at] = unit;
      }
    }
  }
}

/** Sums over the training points, a molecule each; the length is a multiple of `blockRows`. */
export interface WhitenedSums {
  /** k(x, x) - sum_i v_i^2: the variance that is left. */
  readonly rest: Float64Array;
  /** sum_i v_i (W y)_i and sum_i v_i (W 1)_i: what the mean is made of, wherever targets are centred. */
  readonly value: Float64Array;
  readonly one: Float64Array;
}
