/** How strongly weights are held at 0, beside inputs and targets of variance 1. */
const penalty = 3;
/** The last input, the constant, is held less. */
const constantPenalty = 0.1;

/**
 * The weights [width] of the line through weighted points: inputs [n x width], of which the last is 1, targets [n], and how often each point counts
 * [n]. Ridge regression, solved by Cholesky's decomposition; points that count 0 and inputs that are 0 cost nothing.
 */
export function ridgeLine(
  inputs: Float32Array,
  width: number,
  targets: Float64Array,
  counts: Float32Array,
): Float64Array {
  const gram = new Float64Array(width * width);
  const line = new Float64Array(width);
  const present = new Uint32Array(width);
  for (const [point, count] of counts.entries()) {
    if (count === 0) continue;
    const start = point * width;
    let used = 0;
    for (let column = 0; column < width; column++) if (inputs[start + column] !== 0) present[used++] = column;
    for (let i = 0; i < used; i++) {
      const row = present[i] as number;
      const weighted = count * (inputs[start + row] as number);
      line[row] = (line[row] as number) + weighted * (targets[point] as number);
      for (let j = 0; j <= i; j++) {
        const at = row * width + (present[j] as number);
        gram[at] = (gram[at] as number) + weighted * (inputs[start + (present[j] as number)] as number);
      }
    }
  }
  for (let row = 0; row < width; row++) {
    gram[row * width + row] = (gram[row * width + row] as number) + (row === width - 1 ? constantPenalty : penalty);
  }
  solveInPlace(gram, line, width);
  return line;
}

/** Solves `matrix` x = `vector` into `vector`; the matrix is positive definite, and its lower half, which is used up, is all that is read. */
function solveInPlace(matrix: Float64Array, vector: Float64Array, size: number): void {
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      let sum = matrix[row * size + column] as number;
      for (let k = 0; k < column; k++) {
        sum -= (matrix[row * size + k] as number) * (matrix[column * size + k] as number);
      }
      matrix[row * size + column] = row === column ? Math.sqrt(sum) : sum / (matrix[column * size + column] as number);
    }
  }
  for (let row = 0; row < size; row++) {
    let sum = vector[row] as number;
    for (let k = 0; k < row; k++) sum -= (matrix[row * size + k] as number) * (vector[k] as number);
    vector[row] = sum / (matrix[row * size + row] as number);
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = vector[row] as number;
    for (let k = row + 1; k < size; k++) sum -= (matrix[k * size + row] as number) * (vector[k] as number);
    vector[row] = sum / (matrix[row * size + row] as number);
  }
}
