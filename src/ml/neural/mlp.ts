import { z } from 'zod';
import { ConfigError, InputError } from '../../protocol/errors.ts';
import type { Model, ModelKind, Prediction } from '../model.ts';
import type { MoleculeRows } from '../rows.ts';
import { openBackend, type Backend } from './backend.ts';
import { inputsOf, inputWidth } from './inputs.ts';
import { learn, outputs, type Shape, type Weights } from './networks.ts';
import { SeededRandom } from '../seeded-random.ts';
import { ridgeLine } from './ridge-line.ts';

const optionsSchema = z.strictObject({
  members: z.number().int().min(2).max(64).default(8),
  units: z.number().int().min(1).max(512).default(32),
});

/** Rows that are predicted at a time, whoever asks: memory is bounded, and a row's prediction does not depend on those asked with it. */
const blockRows = 1024;

/**
 * An ensemble of eight small neural networks in TensorFlow.js. Each member is given a bootstrap sample of the points (drawn with replacement), draws the
 * line of a ridge regression through it, and learns what the line misses with a layer of 32 rectified units; learning stops where the
 * members predict best what was left out of their samples. Mean: that of the members. Deviation: their standard deviation, times a factor
 * that makes it as large as what they miss of the points left out; no noise is added. Of equal values it is 0.
 *
 * Sources: Breiman, Mach. Learn. 1996, 24, 123 (bootstrap and left-out points); Lakshminarayanan et al., NIPS 2017 (ensembles); the
 * line and the factor are ours.
 */
export const neuralEnsemble: ModelKind = {
  name: 'mlp',
  version: 1,

  async fit(rows, values, { seed, options }) {
    const parsed = optionsSchema.safeParse(options);
    if (!parsed.success) {
      throw new ConfigError(`The model "mlp" cannot be fitted so: ${z.prettifyError(parsed.error)}`, {
        code: 'config.model',
      });
    }
    const { members, units } = parsed.data;
    const shape = { members, units, inputs: inputWidth(rows) };
    const backend = await openBackend();
    return fitted(backend, shape, rows, values, seed);
  },

  async load(body, rows) {
    const { header, weights } = readBody(body);
    if (header.inputs !== inputWidth(rows)) {
      throw new InputError(
        `A saved model of kind "mlp" has ${header.inputs} inputs, and molecules of this space ${inputWidth(rows)}; train it again`,
        { code: 'input.model' },
      );
    }
    return new Ensemble(await openBackend(), header, weights);
  },
};

function fitted(backend: Backend, shape: Shape, rows: MoleculeRows, values: Float64Array, seed: number): Ensemble {
  const { members, inputs: width } = shape;
  const points = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / points;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / points);
  // Equal values up to rounding have nothing to tell apart.
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = deviation > 1e-12 * largest ? deviation : 0;
  const targets = values.map((value) => (scale === 0 ? 0 : (value - mean) / scale));
  const inputs = inputsOf(rows);
  const random = new SeededRandom(seed);
  const counts = new Float32Array(points * members);
  const line = new Float32Array(width * members);
  for (let member = 0; member < members; member++) {
    const own = new Float32Array(points);
    for (let draw = 0; draw < points; draw++) {
      const point = random.below(points);
      own[point] = (own[point] as number) + 1;
    }
    const weights = ridgeLine(inputs, width, targets, own);
    for (let point = 0; point < points; point++) counts[point * members + member] = own[point] as number;
    for (let input = 0; input < width; input++) line[input * members + member] = weights[input] as number;
  }
  const { weights, leftOut } = backend.run((tf) => learn(tf, shape, { inputs, targets, counts, line }, random));
  return new Ensemble(
    backend,
    { ...shape, centre: scale === 0 ? (values[0] as number) : mean, scale, spread: leftOut.spreadFactor() },
    weights,
  );
}

const headerSchema = z.strictObject({
  members: z.number().int().min(2),
  units: z.number().int().positive(),
  inputs: z.number().int().positive(),
  /** Mean of the values, and their standard deviation. */
  centre: z.number(),
  scale: z.number().nonnegative(),
  /** What the members' deviation is multiplied by. */
  spread: z.number().nonnegative(),
});
type Header = z.infer<typeof headerSchema>;

class Ensemble implements Model {
  readonly #backend: Backend;
  readonly #header: Header;
  readonly #weights: Weights;

  constructor(backend: Backend, header: Header, weights: Weights) {
    this.#backend = backend;
    this.#header = header;
    this.#weights = weights;
  }

  predict(rows: MoleculeRows): Prediction {
    const mean = new Float64Array(rows.length);
    const deviation = new Float64Array(rows.length);
    for (let from = 0; from < rows.length; from += blockRows) {
      const block = rows.slice(from, Math.min(from + blockRows, rows.length));
      this.#predictBlock(block, mean.subarray(from), deviation.subarray(from));
    }
    return { mean, deviation };
  }

  #predictBlock(block: MoleculeRows, mean: Float64Array, deviation: Float64Array): void {
    const { members, inputs: width, centre, scale, spread } = this.#header;
    const inputs = new Float32Array(blockRows * width);
    inputs.set(inputsOf(block));
    const told = this.#backend.run((tf) => outputs(tf, this.#header, this.#weights, inputs));
    for (let row = 0; row < block.length; row++) {
      const own = told.subarray(row * members, (row + 1) * members);
      const middle = own.reduce((sum, value) => sum + value, 0) / members;
      const squares = own.reduce((sum, value) => sum + (value - middle) ** 2, 0);
      mean[row] = centre + scale * middle;
      deviation[row] = scale * spread * Math.sqrt(squares / (members - 1));
    }
  }

  /** A line of JSON, then the weights of the hidden layers, the outputs and the lines: 32-bit floats with the low byte first. */
  save(): Uint8Array {
    const { hidden, output, line } = this.#weights;
    const header = Buffer.from(`${JSON.stringify(headerSchema.parse(this.#header))}\n`);
    const body = new Uint8Array(header.length + 4 * (hidden.length + output.length + line.length));
    body.set(header);
    const view = new DataView(body.buffer, header.length);
    let at = 0;
    for (const array of [hidden, output, line]) for (const weight of array) view.setFloat32(4 * at++, weight, true);
    return body;
  }
}

function readBody(body: Uint8Array): { header: Header; weights: Weights } {
  const refused = (what: string): InputError =>
    new InputError(`A saved model of kind "mlp" ${what}; train it again`, { code: 'input.model' });
  const end = body.indexOf(0x0a);
  const header = headerSchema.safeParse(parsedJson(new TextDecoder().decode(body.subarray(0, Math.max(end, 0))))).data;
  if (header === undefined) throw refused('does not begin with its sizes');
  const { members, units, inputs } = header;
  const sizes = [inputs * members * units, members * units, inputs * members] as const;
  const bytes = 4 * (sizes[0] + sizes[1] + sizes[2]);
  if (body.length - end - 1 !== bytes)
    throw refused(`has ${body.length - end - 1} bytes of weights instead of ${bytes}`);
  const view = new DataView(body.buffer, body.byteOffset + end + 1, bytes);
  let at = 0;
  const next = (length: number): Float32Array =>
    Float32Array.from({ length }, () => {
      const weight = view.getFloat32(4 * at++, true);
      if (!Number.isFinite(weight)) throw refused('has a weight that is not a number');
      return weight;
    });
  return { header, weights: { hidden: next(sizes[0]), output: next(sizes[1]), line: next(sizes[2]) } };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the caller reports what the schema does not find.
    return null;
  }
}
