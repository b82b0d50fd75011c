/**
 * A seeded shuffle that needs no memory: a permutation of 0 .. n-1, computed one index at a time, forwards and back. A
 * shuffled list of a million candidates would not belong in an actor's context.
 *
 * Four rounds of a Feistel network over the smallest even number of bits that holds n, walked along its cycle until the
 * value falls below n (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002, doi:10.1007/3-540-45760-7_9).
 */

function round(half: number, round: number, seed: number): number {
  // Mixing of 32 bits after Murmur3's finaliser.
  let x = (half + Math.imul(round + 1, 0x9e3779b9) + Math.imul(seed | 0, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function halfBits(n: number): number {
  let bits = 1;
  while (2 ** (2 * bits) < n) bits += 1;
  return bits;
}

const rounds = 4;

/** The candidate at place `index` of the shuffled order; `index` and the result are in 0 .. n-1. */
export function shuffledAt(index: number, n: number, seed: number): number {
  const bits = halfBits(n);
  const size = 2 ** bits;
  let value = index;
  do {
    let left = Math.floor(value / size);
    let right = value % size;
    for (let r = 0; r < rounds; r += 1) [left, right] = [right, (left ^ round(right, r, seed)) & (size - 1)];
    value = left * size + right;
  } while (value >= n);
  return value;
}

/** The place of a candidate in the shuffled order: the inverse of {@link shuffledAt}. */
export function placeInShuffle(candidate: number, n: number, seed: number): number {
  const bits = halfBits(n);
  const size = 2 ** bits;
  let value = candidate;
  do {
    let left = Math.floor(value / size);
    let right = value % size;
    for (let r = rounds - 1; r >= 0; r -= 1) [left, right] = [(right ^ round(left, r, seed)) & (size - 1), left];
    value = left * size + right;
  } while (value >= n);
  return value;
}
