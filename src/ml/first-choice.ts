import { InputError } from '../protocol/errors.ts';
import type { MoleculeRows } from './rows.ts';
import { SeededRandom } from './seeded-random.ts';

/** Of a larger space a random part of this many molecules is looked at: of 20,000 the extremes are as far apart as of a million. */
const sampleSize = 20_000;

/**
 * `count` molecules to begin with, as unlike each other as can be: one at random, then again and again the one that is farthest
 * from all chosen, by standardised descriptors (maxmin). Where all that is left equals what is chosen, as when there are no
 * descriptors, it goes on at random. Fewer when there are fewer molecules. The same for the same seed.
 *
 * Source: Gonzalez, Theor. Comput. Sci. 1985, 38, 293, https://doi.org/10.1016/0304-3975(85)90224-5, on a random sample.
 * @throws InputError when `count` is no whole number from 0
 */
export function firstChoice({ features }: MoleculeRows, count: number, seed: number): number[] {
  if (!Number.isInteger(count) || count < 0) {
    throw new InputError(`${count} first candidates cannot be chosen: give a whole number`, { code: 'input.count' });
  }
  const random = new SeededRandom(seed);
  const sample = shuffledSample(features.length, Math.max(count, sampleSize), random);
  const part = features.take(sample);
  const [points, width] = [part.standardised(), part.width];
  const wanted = Math.min(count, sample.length);
  const isChosen = new Uint8Array(sample.length);
  const away = new Float64Array(sample.length).fill(Infinity);
  const chosen: number[] = [];
  for (let next = 0; chosen.length < wanted; next = farthest(away, isChosen)) {
    chosen.push(sample[next] as number);
    isChosen[next] = 1;
    comeNearer(away, points, width, next);
  }
  return chosen;
}

/** The place that is farthest from all chosen; of several as far, the first of the shuffled sample. */
function farthest(away: Float64Array, isChosen: Uint8Array): number {
  let best = -1;
  for (let place = 0; place < away.length; place++) {
    if (isChosen[place] === 1) continue;
    if (best < 0 || (away[place] as number) > (away[best] as number)) best = place;
  }
  return best;
}

/** Squared distances to the nearest chosen point, now that `chosen` is one of them. */
function comeNearer(away: Float64Array, points: Float64Array, width: number, chosen: number): void {
  for (let place = 0; place < away.length; place++) {
    const limit = away[place] as number;
    let sum = 0;
    const [here, there] = [place * width, chosen * width];
    for (let column = 0; column < width && sum < limit; column++) {
      const difference = (points[here + column] as number) - (points[there + column] as number);
      sum += difference * difference;
    }
    if (sum < limit) away[place] = sum;
  }
}

/** `size` of the numbers 0 .. length - 1 in random order, or all of them, without a list of all. */
function shuffledSample(length: number, size: number, random: SeededRandom): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: Math.min(length, size) }, (_, place) => {
    const other = place + random.below(length - place);
    const taken = moved.get(other) ?? other;
    moved.set(other, moved.get(place) ?? place);
    return taken;
  });
}
