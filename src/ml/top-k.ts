import { InputError, InvariantError } from '../protocol/errors.ts';
import type { Ranked } from '../protocol/ranking.ts';

/**
 * The best `keep` of a scored chunk, best first: the highest score, and among equal scores the lowest candidate.
 * `scores [n]` belong to the candidates `from`, `from + 1`, ...; those in `exclude` are left out. Memory is of the order of
 * `n` bytes and `keep` entries.
 *
 * @throws InputError when an excluded candidate lies outside the chunk; InvariantError when a score is not a number.
 */
export function bestOf(scores: Float64Array, keep: number, from = 0, exclude: readonly number[] = []): Ranked {
  const skip = new Uint8Array(scores.length);
  for (const candidate of exclude) {
    if (!Number.isInteger(candidate) || candidate < from || candidate >= from + scores.length) {
      throw new InputError(
        `Candidate ${candidate} is excluded from a chunk of ${from} to ${from + scores.length} that lacks it`,
        {
          code: 'input.exclude',
        },
      );
    }
    skip[candidate - from] = 1;
  }
  // A heap of row numbers with the worst on top. Rows come in rising order, so that one which only equals the worst loses.
  const heap: number[] = [];
  const isWorse = (a: number, b: number): boolean => {
    const difference = (scores[a] as number) - (scores[b] as number);
    return difference < 0 || (difference === 0 && a > b);
  };
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] as number;
    if (Number.isNaN(score)) throw new InvariantError(`The model's score of candidate ${from + row} is not a number`);
    if (skip[row] === 1) continue;
    if (heap.length < keep) {
      heap.push(row);
      siftUp(heap, isWorse);
    } else if (keep > 0 && score > (scores[heap[0] as number] as number)) {
      heap[0] = row;
      siftDown(heap, isWorse);
    }
  }
  return heap.sort((a, b) => (isWorse(a, b) ? 1 : -1)).map((row) => [from + row, scores[row] as number]);
}

function siftUp(heap: number[], isWorse: (a: number, b: number) => boolean): void {
  const row = heap.at(-1) as number;
  let place = heap.length - 1;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (!isWorse(row, heap[parent] as number)) break;
    heap[place] = heap[parent] as number;
    place = parent;
  }
  heap[place] = row;
}

function siftDown(heap: number[], isWorse: (a: number, b: number) => boolean): void {
  const row = heap[0] as number;
  let place = 0;
  for (let child = 1; child < heap.length; child = 2 * place + 1) {
    if (child + 1 < heap.length && isWorse(heap[child + 1] as number, heap[child] as number)) child++;
    if (!isWorse(heap[child] as number, row)) break;
    heap[place] = heap[child] as number;
    place = child;
  }
  heap[place] = row;
}
