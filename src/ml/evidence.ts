/** Hyperparameters of a Gaussian process by the marginal likelihood of what it learnt. */
import type { FeatureTable } from './feature-table.ts';
import type { ProcessSettings } from './gaussian-process-settings.ts';
import { blockRows, SumKernel, type KernelSettings } from './sum-kernel.ts';
import { Whitening } from './whitening.ts';

/** Fewer points say too little to choose by; of more than the second number, as many that lie evenly are used. */
const fewest = 12;
const most = 300;
const rounds = 3;
/** How far from where it began a number may be taken, as a factor. */
const reach = 16;
const steps = [1 / 2, 2];

/**
 * The hyperparameters near `start` under which the values, centred and scaled, are likeliest (Rasmussen and Williams 2006, eq. 5.8):
 * each weight, the length scale and the noise in turn doubled or halved where that helps, three rounds at most and never further
 * than a factor of 16 from where they began. Coarse on purpose: there is little in so few values to overfit by. `start` with fewer than
 * 12 points. About 0.3 s for 100 points and 1 s from 300 on.
 */
export function chooseByEvidence(
  start: ProcessSettings,
  features: FeatureTable,
  values: Float64Array,
): ProcessSettings {
  if (values.length < fewest) return start;
  const count = Math.min(values.length, most);
  const rows = Array.from({ length: count }, (_, i) => Math.floor((i * values.length) / count));
  const targets = standardised(rows.map((row) => values[row] as number));
  const parts = new KernelParts(features.take(rows));
  // What has no weight stays without one.
  const numbers = hyperparameters.filter(({ get }) => get(start) > 0);
  let best = start;
  let likelihood = logEvidence(parts, best, targets);
  for (let round = 0; round < rounds; round++) {
    const before = best;
    for (const number of numbers) {
      for (const step of steps) {
        const value = number.get(best) * step;
        if (value > number.get(start) * reach || value < number.get(start) / reach) continue;
        const settings = number.set(best, value);
        const found = logEvidence(parts, settings, targets);
        if (found <= likelihood) continue;
        [best, likelihood] = [settings, found];
      }
    }
    if (best === before) break;
  }
  return best;
}

/** One of the hyperparameters. */
interface Hyperparameter {
  readonly get: (settings: ProcessSettings) => number;
  readonly set: (settings: ProcessSettings, value: number) => ProcessSettings;
}

const hyperparameters: readonly Hyperparameter[] = [
  { get: ({ noise }) => noise, set: (settings, noise) => ({ ...settings, noise }) },
  { get: ({ rbf }) => rbf, set: (settings, rbf) => ({ ...settings, rbf }) },
  { get: ({ lengthScale }) => lengthScale, set: (settings, lengthScale) => ({ ...settings, lengthScale }) },
  { get: ({ linear }) => linear, set: (settings, linear) => ({ ...settings, linear }) },
  { get: ({ fragments }) => fragments, set: (settings, fragments) => ({ ...settings, fragments }) },
];

/** Log of the likelihood of the targets, integrated over functions, less its constant. */
function logEvidence(parts: KernelParts, settings: ProcessSettings, targets: Float64Array): number {
  const whitening = new Whitening(settings.noise);
  const covariances = new Float64Array(targets.length);
  for (let point = 0; point < targets.length; point++) {
    for (let other = 0; other < point; other++) covariances[other] = parts.between(settings, point, other);
    whitening.add(covariances, parts.between(settings, point, point));
  }
  const fit = whitening.apply(targets).reduce((sum, part) => sum + part * part, 0);
  return -fit / 2 - whitening.halfLogDeterminant;
}

/** Each kernel of the sum between all points, so that other weights and length scales need no new ones. */
class KernelParts {
  readonly #size: number;
  readonly #fragments: Float64Array;
  readonly #linear: Float64Array;

  constructor(features: FeatureTable) {
    const none = { fragments: 0, rbf: 0, lengthScale: 1, linear: 0 };
    this.#size = features.length;
    this.#fragments = matrixOf({ ...none, fragments: 1 }, features);
    this.#linear = matrixOf({ ...none, linear: 1 }, features);
  }

  between({ fragments, rbf, lengthScale, linear }: KernelSettings, a: number, b: number): number {
    const at = a * this.#size + b;
    const product = this.#linear[at] as number;
    const norms = (this.#linear[a * this.#size + a] as number) + (this.#linear[b * this.#size + b] as number);
    const distance = Math.max(0, norms - 2 * product);
    const radial = Math.exp(-distance / (2 * lengthScale * lengthScale));
    return fragments * (this.#fragments[at] as number) + rbf * radial + linear * product;
  }
}

function matrixOf(settings: KernelSettings, features: FeatureTable): Float64Array {
  const { length } = features;
  const kernel = new SumKernel(settings, features);
  const block = new Float64Array(length * blockRows);
  const own = new Float64Array(blockRows);
  const matrix = new Float64Array(length * length);
  for (let from = 0; from < length; from += blockRows) {
    const to = Math.min(from + blockRows, length);
    kernel.fill(features.slice(from, to), block, 0, own);
    for (let other = 0; other < length; other++) {
      for (let row = from; row < to; row++) {
        matrix[row * length + other] = block[other * blockRows + row - from] as number;
      }
    }
  }
  return matrix;
}

function standardised(values: readonly number[]): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = variance > 0 ? Math.sqrt(variance) : 1;
  return Float64Array.from(values, (value) => (value - mean) / scale);
}
