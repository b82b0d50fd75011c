/** The normal distribution, as exact in its tails as in its middle. */

const density = (z: number): number => Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);

/** Beyond this the tail is a continued fraction; before, a series. */
const middle = 3;
const terms = 60;

/**
 * Mills' ratio (1 - Phi(t)) / phi(t) for t >= 3, and 1 - t times it, without the difference of two numbers that are all but equal.
 * Source: Laplace's continued fraction 1 / (t + 1 / (t + 2 / (t + ...))), Abramowitz and Stegun 26.2.14.
 */
function mills(t: number): { ratio: number; complement: number } {
  let fraction = 0;
  for (let term = terms; term >= 2; term--) fraction = term / (t + fraction);
  const first = 1 / (t + fraction);
  const ratio = 1 / (t + first);
  return { ratio, complement: ratio * first };
}

/** Phi(z) for |z| < 3. Source: Marsaglia, J. Stat. Softw. 2004, 11, 4, https://doi.org/10.18637/jss.v011.i04. */
function series(z: number): number {
  let sum = z;
  let term = z;
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) {
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + sum * density(z);
}

/** Phi(z), the probability that a standard normal number is below z. */
export function normalBelow(z: number): number {
  if (z <= -middle) return density(z) * mills(-z).ratio;
  if (z >= middle) return 1 - density(z) * mills(z).ratio;
  return series(z);
}

/** phi(z) + z Phi(z): how much a standard normal number is expected to exceed -z by, counting what falls short as 0. */
export function normalExcess(z: number): number {
  if (z <= -middle) return density(z) * mills(-z).complement;
  if (z >= middle) return z + density(z) * mills(z).complement;
  return density(z) + z * series(z);
}

/**
 * A standard normal number that belongs to these whole numbers: the same whenever and wherever it is asked for.
 * Sources: murmur3's finalizer (Appleby) over 32 bits; Box and Muller, Ann. Math. Stat. 1958, 29, 610.
 */
export function normalOf(seed: number, update: number, candidate: number): number {
  const start = mixed(mixed(mixed(0x2545f491, seed), update), candidate);
  // Never 0, whose logarithm is infinite.
  const radius = (mixed(start, 1) + 0.5) / 2 ** 32;
  const angle = mixed(start, 2) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle);
}

function mixed(state: number, input: number): number {
  // Both halves of a number beyond 32 bits count.
  let hash = (state ^ Math.imul(input | 0, 0x9e3779b1) ^ Math.imul(Math.floor(input / 2 ** 32) | 0, 0x85ebca77)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  // A sum keeps a state of 0 and an input of 0 from staying 0.
  return ((hash ^ (hash >>> 16)) + 0x6d2b79f5) >>> 0;
}
