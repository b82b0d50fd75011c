/** Gaussian process regression over a sum of kernels: a mean, and how sure it is. */
import { z } from 'zod';
import { ConfigError, InputError } from '../protocol/errors.ts';
import { chooseByEvidence } from './evidence.ts';
import type { FeatureTable } from './feature-table.ts';
import { fixedSettings, settingsSchema, type ProcessSettings } from './gaussian-process-settings.ts';
import { learnedPoints, type LearnedPoints } from './learned-points.ts';
import type { ChunkState, FitOptions, JointPrediction, Model, ModelKind, Prediction } from './model.ts';
import type { MoleculeRows } from './rows.ts';
import { blockRows, SumKernel } from './sum-kernel.ts';
import { addWhitened, type WhitenedSums } from './whitened-sums.ts';
import { Whitening } from './whitening.ts';

/** A chunk remembers its kernel values where those of the whole space take no more than this; else its sums only. */
const keptKernelBytes = 224_000_000;

/** How many points' word an amplitude of 1 has. */
const amplitudeWeight = 4;

const optionsSchema = z.strictObject({ hyperparameters: z.enum(['fixed', 'evidence']).default('fixed') });

/**
 * Gaussian process regression (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1) with the sum of
 * kernels of {@link SumKernel}. Targets are centred and scaled to a variance of 1 (by 1 where they are all equal but for rounding), and
 * the noise is a share of that variance. Mean and deviation are in the unit of the values. The deviation is that of the function, not of
 * another noisy observation of it: of a molecule that was simulated it is small, but not 0. It is scaled by the amplitude of the kernel
 * under which the values are likeliest, sqrt(y^T (K + noise I)^-1 y / n), as far as there are values to tell: 1 has the word of four.
 *
 * Hyperparameters are those given, or with the option `{ hyperparameters: 'evidence' }` chosen at every fit by
 * {@link chooseByEvidence}; after one that chose others, nothing is gone on with. Learns from at most 1,200 points;
 * {@link learnedPoints} says which.
 */
export const gaussianProcessWith = (settings: ProcessSettings): ModelKind => ({
  name: 'gp',
  version: 1,
  fit(rows, values, { options }) {
    const { hyperparameters } = parseOptions(options);
    const chosen = hyperparameters === 'fixed' ? settings : chooseByEvidence(settings, rows.features, values);
    return new GaussianProcess(chosen, rows.features, values, null);
  },
  load(body, rows, values, older) {
    const from = older instanceof GaussianProcess ? older : null;
    return new GaussianProcess(parseSettings(body), rows.features, values, from);
  },
});

/** The Gaussian process with our own hyperparameters. */
export const gaussianProcess: ModelKind = gaussianProcessWith(fixedSettings);

function parseOptions(options: FitOptions['options']): z.infer<typeof optionsSchema> {
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    `The Gaussian process does not know these options: ${z.prettifyError(parsed.error)}; it takes hyperparameters, fixed or evidence`,
    { code: 'config.model' },
  );
}

function parseSettings(body: Uint8Array): ProcessSettings {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder().decode(body));
  } catch {
    // Reported below, with what is JSON and fits no schema.
  }
  const settings = settingsSchema.safeParse(said).data;
  if (settings !== undefined) return settings;
  throw new InputError('A saved model of kind "gp" has no hyperparameters that can be read; train again', {
    code: 'input.model',
  });
}

/** What is worked out of the training set once, at the first prediction. */
interface Posterior {
  readonly whitening: Whitening;
  /** W y, y being the values less the first, and W 1. */
  readonly parts: { readonly values: Float64Array; readonly ones: Float64Array };
  /** mean = first + centre + value - centre one; deviation = scale sqrt(rest). */
  readonly first: number;
  readonly centre: number;
  readonly scale: number;
}

class GaussianProcess implements Model {
  readonly #settings: ProcessSettings;
  /** Features and values of what is learnt from. */
  readonly #training: FeatureTable;
  readonly #values: Float64Array;
  readonly #points: LearnedPoints;
  #older: GaussianProcess | null;
  #posterior: Posterior | null = null;
  /** Of the training points from the one at which a chunk was left; chunks of one space were mostly left at the same one. */
  readonly #kernels = new Map<number, SumKernel>();

  constructor(settings: ProcessSettings, features: FeatureTable, values: Float64Array, older: GaussianProcess | null) {
    this.#settings = settings;
    this.#points = learnedPoints(values);
    const isAll = this.#points.rows.length === values.length;
    this.#training = isAll ? features : features.take(this.#points.rows);
    this.#values = isAll ? values : Float64Array.from(this.#points.rows, (row) => values[row] as number);
    // Refused now rather than when somebody predicts with it.
    this.#kernelFrom(this.#values.length);
    this.#older = older !== null && older.#points.epoch === this.#points.epoch ? older : null;
  }

  save(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify(this.#settings));
  }

  predict(rows: MoleculeRows): Prediction {
    return this.again(rows, null).prediction;
  }

  again({ features }: MoleculeRows, given: ChunkState | null, spaceLength = Number.POSITIVE_INFINITY) {
    const posterior = this.#worked();
    const { whitening, parts } = posterior;
    const state = this.#continues(given, features.length)
      ? given
      : new ProcessState(features.length, this.#points.epoch);
    const before = state.points;
    if (spaceLength * whitening.length * 8 > keptKernelBytes) state.forgetKernels();
    const own = new Float64Array(blockRows);
    for (let from = 0, block = 0; from < features.length && before < whitening.length; from += blockRows, block++) {
      const rows = features.slice(from, Math.min(from + blockRows, features.length));
      const { values, filled } = state.kernelOf(block, whitening.length);
      this.#kernelFrom(filled).fill(rows, values, filled, own);
      if (before === 0) state.sums.rest.set(own, from);
      addWhitened(whitening, values, before, parts, state.sums, from);
    }
    state.points = whitening.length;
    return { prediction: this.#predictionOf(posterior, state.sums, features.length), state };
  }

  joint(rows: MoleculeRows): JointPrediction {
    const posterior = this.#worked();
    const { prediction, state } = this.again(rows, null, 0);
    return new Conditioned(this.#settings, posterior, rows.features, prediction, state);
  }

  #continues(state: ChunkState | null, rows: number): state is ProcessState {
    return (
      state instanceof ProcessState &&
      state.rows === rows &&
      state.epoch === this.#points.epoch &&
      state.points <= this.#values.length
    );
  }

  #kernelFrom(first: number): SumKernel {
    let kernel = this.#kernels.get(first);
    if (kernel === undefined) {
      kernel = new SumKernel(this.#settings, this.#training.slice(first, this.#training.length));
      this.#kernels.set(first, kernel);
    }
    return kernel;
  }

  /** Worked out when first asked for: whoever fits a model only stores it. */
  #worked(): Posterior {
    if (this.#posterior !== null) return this.#posterior;
    const before = this.#older === null ? null : this.#older.#posterior;
    this.#older = null;
    const whitening = before === null ? new Whitening(this.#settings.noise) : before.whitening.copy();
    grow(whitening, this.#kernelFrom(0), this.#training);
    const first = this.#values[0] as number;
    const values = this.#values.map((value) => value - first);
    const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length;
    const parts = { values: whitening.apply(values), ones: whitening.apply(values.map(() => 1)) };
    const rounding = 1e-12 * this.#values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const spread = Math.sqrt(variance) > rounding ? Math.sqrt(variance) : 1;
    const scale = spread * amplitudeOf(parts, centre, spread);
    this.#posterior = { whitening, parts, first, centre, scale };
    return this.#posterior;
  }

  #predictionOf({ first, centre, scale }: Posterior, sums: WhitenedSums, rows: number) {
    const mean = new Float64Array(rows);
    const deviation = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      mean[row] = first + centre + ((sums.value[row] as number) - centre * (sums.one[row] as number));
      deviation[row] = scale * Math.sqrt(Math.max(0, sums.rest[row] as number));
    }
    return { mean, deviation };
  }
}

/** By what factor deviations are to be larger or smaller than the kernel says. */
function amplitudeOf({ values, ones }: Posterior['parts'], centre: number, spread: number): number {
  let squares = amplitudeWeight;
  for (let i = 0; i < values.length; i++) {
    squares += (((values[i] as number) - centre * (ones[i] as number)) / spread) ** 2;
  }
  return Math.sqrt(squares / (amplitudeWeight + values.length));
}

/** Add the training points that a whitening does not have yet. */
function grow(whitening: Whitening, kernel: SumKernel, training: FeatureTable): void {
  const values = new Float64Array(kernel.length * blockRows);
  const own = new Float64Array(blockRows);
  const covariances = new Float64Array(kernel.length);
  for (let from = whitening.length; from < training.length; from += blockRows) {
    const to = Math.min(from + blockRows, training.length);
    kernel.fill(training.slice(from, to), values, 0, own);
    for (let point = from; point < to; point++) {
      for (let other = 0; other < point; other++)
        covariances[other] = values[other * blockRows + point - from] as number;
      whitening.add(covariances, own[point - from] as number);
    }
  }
}

/** A chunk of molecules as far as it was predicted: sums over the training points, and the kernel values where there is room. */
class ProcessState implements ChunkState {
  readonly rows: number;
  readonly epoch: number;
  readonly sums: WhitenedSums;
  /** Training points that are in the sums. */
  points = 0;
  /** Blocks of kernel values [points, up to the next multiple of four, x blockRows]; or one for all, used over again. */
  #blocks: Float64Array<ArrayBuffer>[] | null = [];
  #scratch = new Float64Array(0);

  constructor(rows: number, epoch: number) {
    this.rows = rows;
    this.epoch = epoch;
    const length = Math.ceil(rows / blockRows) * blockRows;
    this.sums = { rest: new Float64Array(length), value: new Float64Array(length), one: new Float64Array(length) };
  }

  get bytes(): number {
    const sums = 3 * this.sums.rest.byteLength;
    return (this.#blocks ?? [this.#scratch]).reduce((bytes, block) => bytes + block.byteLength, sums);
  }

  forgetKernels(): void {
    this.#blocks = null;
  }

  /** Room for a block's kernel values with so many training points, and how many points of it are filled. */
  kernelOf(block: number, points: number): { values: Float64Array; filled: number } {
    const blocks = this.#blocks;
    const kept = blocks?.[block] ?? (blocks === null ? this.#scratch : new Float64Array(0));
    const values = withRoom(kept, points);
    if (blocks === null) this.#scratch = values;
    else blocks[block] = values;
    return { values, filled: blocks === null ? 0 : this.points };
  }
}

/** Sixteen points more than there are, so that growing by a few seldom copies them all. */
function withRoom(kept: Float64Array<ArrayBuffer>, points: number): Float64Array<ArrayBuffer> {
  const needed = Math.ceil(points / 4) * 4 * blockRows;
  if (kept.length >= needed) return kept;
  const larger = new Float64Array(needed + 16 * blockRows);
  larger.set(kept);
  return larger;
}

/** Deviations of a few molecules, conditioned on some of them one after another: a Cholesky decomposition of what is left. */
class Conditioned implements JointPrediction {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly #settings: ProcessSettings;
  readonly #posterior: Posterior;
  readonly #features: FeatureTable;
  readonly #state: ProcessState;
  readonly #columns: Float64Array[] = [];

  constructor(
    settings: ProcessSettings,
    posterior: Posterior,
    features: FeatureTable,
    { mean, deviation }: { mean: Float64Array; deviation: Float64Array },
    state: ProcessState,
  ) {
    this.mean = mean;
    this.deviation = deviation;
    this.#settings = settings;
    this.#posterior = posterior;
    this.#features = features;
    this.#state = state;
  }

  condition(row: number): void {
    const column = this.#covariancesWith(row);
    const { rest } = this.#state.sums;
    const scale = 1 / Math.sqrt(Math.max(0, rest[row] as number) + this.#settings.noise);
    for (let other = 0; other < column.length; other++) {
      const part = (column[other] as number) * scale;
      column[other] = part;
      rest[other] = (rest[other] as number) - part * part;
      this.deviation[other] = this.#posterior.scale * Math.sqrt(Math.max(0, rest[other] as number));
    }
    this.#columns.push(column);
  }

  /** Covariances of all with one, as they are now. */
  #covariancesWith(row: number): Float64Array {
    const features = this.#features;
    const { whitening } = this.#posterior;
    const points = whitening.length;
    const column = new Float64Array(features.length);
    const alone = new SumKernel(this.#settings, features.slice(row, row + 1));
    const values = new Float64Array(blockRows);
    const own = new Float64Array(blockRows);
    const weights = whitening.applyTransposed(whitening.apply(this.#withTraining(row)));
    for (let from = 0, block = 0; from < features.length; from += blockRows, block++) {
      const to = Math.min(from + blockRows, features.length);
      alone.fill(features.slice(from, to), values, 0, own);
      const kernel = this.#state.kernelOf(block, points).values;
      for (let other = from; other < to; other++) {
        let covariance = values[other - from] as number;
        for (let j = 0, at = other - from; j < points; j++, at += blockRows) {
          covariance -= (kernel[at] as number) * (weights[j] as number);
        }
        for (const earlier of this.#columns) covariance -= (earlier[other] as number) * (earlier[row] as number);
        column[other] = covariance;
      }
    }
    return column;
  }

  /** Kernel values of one with the training points. */
  #withTraining(row: number): Float64Array {
    const points = this.#posterior.whitening.length;
    const kernel = this.#state.kernelOf(Math.floor(row / blockRows), points).values;
    return Float64Array.from({ length: points }, (_, j) => kernel[j * blockRows + (row % blockRows)] as number);
  }
}
