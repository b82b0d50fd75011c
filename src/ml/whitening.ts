/**
 * W = L^-1 of a covariance matrix K + noise I = L L^T that grows by a row at a time: what turns covariances with the training points
 * into independent parts, so that a mean and a variance are sums which new points only add to. A row of W costs n^2 operations, and
 * depends on nothing behind it: a longer matrix begins with the rows of a shorter one, to the last bit. With a noise of 0.01 and
 * variances near 1 the inverse is as exact as solving (its condition is about n / noise).
 *
 * A pivot is at least the noise, which it is by theory; rounding may say otherwise of molecules that are all but equal.
 */
export class Whitening {
  readonly noise: number;
  #length = 0;
  #rows = new Float64Array(0);

  constructor(noise: number) {
    this.noise = noise;
  }

  get length(): number {
    return this.#length;
  }

  /** The rows of W, row i at {@link rowStart}; zeros follow each to the next multiple of four, and rows of zeros to the last. */
  get rows(): Float64Array {
    return this.#rows;
  }

  /** The same, to be grown by itself. */
  copy(): Whitening {
    const other = new Whitening(this.noise);
    other.#rows = this.#rows.slice();
    other.#length = this.#length;
    return other;
  }

  /** Add a point: its covariances with those before it [length], and its own variance without noise. */
  add(covariances: Float64Array, variance: number): void {
    const n = this.#length;
    this.#reserve(n + 1);
    const rows = this.#rows;
    const start = rowStart(n);
    let pivot = variance + this.noise;
    // The new row of L, part by part, and of -L W as it comes.
    for (let i = 0; i < n; i++) {
      const own = rowStart(i);
      let part = 0;
      for (let j = 0; j <= i; j++) part += (rows[own + j] as number) * (covariances[j] as number);
      pivot -= part * part;
      for (let j = 0; j <= i; j++) rows[start + j] = (rows[start + j] as number) - part * (rows[own + j] as number);
    }
    const diagonal = 1 / Math.sqrt(Math.max(pivot, this.noise));
    for (let j = 0; j < n; j++) rows[start + j] = (rows[start + j] as number) * diagonal;
    rows[start + n] = diagonal;
    this.#length = n + 1;
  }

  /** W x [length], of numbers one a point. */
  apply(x: Float64Array): Float64Array {
    const parts = new Float64Array(this.#length);
    for (let i = 0; i < parts.length; i++) parts[i] = this.applyRow(i, x);
    return parts;
  }

  /** Part i of W x. */
  applyRow(i: number, x: Float64Array): number {
    const start = rowStart(i);
    let part = 0;
    for (let j = 0; j <= i; j++) part += (this.#rows[start + j] as number) * (x[j] as number);
    return part;
  }

  /** W^T x [length]. */
  applyTransposed(x: Float64Array): Float64Array {
    const result = new Float64Array(this.#length);
    for (let i = 0; i < result.length; i++) {
      const start = rowStart(i);
      const factor = x[i] as number;
      for (let j = 0; j <= i; j++) result[j] = (result[j] as number) + (this.#rows[start + j] as number) * factor;
    }
    return result;
  }

  /** Half the logarithm of the determinant of K + noise I. */
  get halfLogDeterminant(): number {
    let sum = 0;
    for (let i = 0; i < this.#length; i++) sum -= Math.log(this.#rows[rowStart(i) + i] as number);
    return sum;
  }

  #reserve(length: number): void {
    const needed = rowStart(Math.ceil(length / 4) * 4);
    if (needed <= this.#rows.length) return;
    // A tenth more than is needed, so that growing by a few points seldom copies all.
    const larger = new Float64Array(rowStart(Math.ceil((length * 1.1) / 4) * 4));
    larger.set(this.#rows);
    this.#rows = larger;
  }
}

/** Where row i begins: rows stand in fours of the same length, a multiple of four. */
export function rowStart(i: number): number {
  const four = i >> 2;
  return 8 * four * (four + 1) + (i & 3) * 4 * (four + 1);
}
