/** The networks of an ensemble as one: matrices side by side, so that every member learns and predicts in the same few products. */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './backend.ts';
import { LeftOut } from './left-out.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** Sizes of an ensemble. */
export interface Shape {
  readonly members: number;
  /** Of a member's hidden layer. */
  readonly units: number;
  readonly inputs: number;
}

/** What an ensemble has learnt; units of one member lie side by side. */
export interface Weights {
  /** [inputs x members * units]. */
  readonly hidden: Float32Array;
  /** [members * units]: from each unit to its member's output. */
  readonly output: Float32Array;
  /** [inputs x members]: the line to which a member's network is added. */
  readonly line: Float32Array;
}

/** What networks are to learn: inputs [n x width], targets [n], how often each point counts for each member [n x members], and the lines. */
export interface Lesson {
  readonly inputs: Float32Array;
  readonly targets: Float64Array;
  readonly counts: Float32Array;
  readonly line: Float32Array;
}

const learningRate = 0.005;
const momentum = 0.9;
const squareMomentum = 0.99;
/** Larger than usual: weights whose gradients are rounding errors stay where they are, on every backend. */
const tiny = 1e-4;
const batchRows = 512;
const mostSteps = 200;
/** With fewer points too few are left out to tell when to stop. */
const fewestToStop = 16;
const stepsWithFew = 30;
const stepsBetweenChecks = 5;
const patienceSteps = 50;
const mostChecked = 2048;

/**
 * Weights learnt by Adam (Kingma and Ba, arXiv 1412.6980) on the squared error of each member's own points, and how the members do on the
 * points that they were not given. Learning stops where the mean of the members that a point was left out of predicts best. Networks
 * begin as nothing added to the lines.
 */
export function learn(
  tf: TensorFlow,
  shape: Shape,
  lesson: Lesson,
  random: SeededRandom,
): { weights: Weights; leftOut: LeftOut } {
  const { members, inputs: width } = shape;
  const points = lesson.targets.length;
  const order = random.order(points);
  const batches = batchesOf(order).map((rows) => new Batch(tf, shape, lesson, rows));
  const checked =
    batches.length === 1 ? (batches[0] as Batch) : new Batch(tf, shape, lesson, order.subarray(0, mostChecked));
  const mask = blockMask(tf, shape);
  const scale = Math.sqrt(2 / width);
  const initial = Float32Array.from({ length: width * members * shape.units }, () => scale * random.normal());
  let state: State = {
    hidden: Parameter.of(tf, tf.tensor2d(initial, [width, members * shape.units])),
    output: Parameter.of(tf, tf.zerosLike(mask)),
  };
  let best = copied(tf, state);
  let bestLeftOut = checked.leftOut(tf, state);
  let bestStep = 0;
  const stops = points >= fewestToStop && bestLeftOut.points > 0;
  const steps = stops ? mostSteps : stepsWithFew;
  for (let step = 1; step <= steps; step++) {
    const batch = batches[(step - 1) % batches.length] as Batch;
    state = advance(tf, state, () => batch.gradients(tf, state, mask), step);
    const isLast = step === steps;
    if (stops ? step % stepsBetweenChecks !== 0 : !isLast) continue;
    const leftOut = checked.leftOut(tf, state);
    // Less than a thousandth is no reason to go on, and would be decided by rounding.
    if (!stops || leftOut.error < 0.999 * bestLeftOut.error) {
      tf.dispose(best);
      [best, bestLeftOut, bestStep] = [copied(tf, state), leftOut, step];
    } else if (step - bestStep >= patienceSteps) break;
  }
  const output = tf.tidy(() => tf.sum(best.output, 1).dataSync<'float32'>());
  return {
    weights: { hidden: best.hidden.dataSync<'float32'>(), output, line: lesson.line },
    leftOut: bestLeftOut,
  };
}

/** Inputs [n x width] -> what each member predicts of them [n x members]. */
export function outputs(tf: TensorFlow, shape: Shape, weights: Weights, inputs: Float32Array): Float32Array {
  const { members, units, inputs: width } = shape;
  return tf.tidy(() => {
    const x = tf.tensor2d(inputs, [inputs.length / width, width]);
    const hidden = tf.relu(tf.matMul(x, tf.tensor2d(weights.hidden, [width, members * units])));
    const output = tf.mul<Tensor2D>(blockMask(tf, shape), tf.tensor2d(weights.output, [members * units, 1]));
    const corrections = tf.matMul(hidden, output);
    return tf.add(corrections, tf.matMul(x, tf.tensor2d(weights.line, [width, members]))).dataSync<'float32'>();
  });
}

/** [members * units x members]: 1 where a unit belongs to a member. Weights elsewhere are held at 0: members do not meet. */
function blockMask(tf: TensorFlow, { members, units }: Shape): Tensor2D {
  const mask = new Float32Array(members * units * members);
  for (let unit = 0; unit < members * units; unit++) mask[unit * members + Math.floor(unit / units)] = 1;
  return tf.tensor2d(mask, [members * units, members]);
}

function batchesOf(order: Uint32Array): Uint32Array[] {
  const count = Math.ceil(order.length / batchRows);
  const bounds = Array.from({ length: count + 1 }, (_, place) => Math.round((place * order.length) / count));
  return bounds.slice(1).map((end, place) => order.subarray(bounds[place], end));
}

interface State {
  readonly hidden: Parameter;
  readonly output: Parameter;
}
type Matrices = Record<keyof State, Tensor2D>;

const copied = (tf: TensorFlow, { hidden, output }: State): Matrices => ({
  hidden: tf.clone(hidden.value),
  output: tf.clone(output.value),
});

/** The state one step later; what the one before held is disposed of. */
function advance(tf: TensorFlow, state: State, gradients: () => Matrices, step: number): State {
  const next = tf.tidy(() => {
    const { hidden, output } = gradients();
    return { hidden: state.hidden.moved(tf, hidden, step), output: state.output.moved(tf, output, step) } as never;
  }) as State;
  tf.dispose(state as never);
  return next;
}

/** A matrix of weights, and Adam's running means of its gradient and of the gradient's square. */
class Parameter {
  // Public, so that tidy finds what is to be kept.
  readonly value: Tensor2D;
  readonly mean: Tensor2D;
  readonly square: Tensor2D;

  constructor(value: Tensor2D, mean: Tensor2D, square: Tensor2D) {
    this.value = value;
    this.mean = mean;
    this.square = square;
  }

  static of(tf: TensorFlow, value: Tensor2D): Parameter {
    return new Parameter(value, tf.zerosLike(value), tf.zerosLike(value));
  }

  moved(tf: TensorFlow, gradient: Tensor2D, step: number): Parameter {
    const blend = (old: Tensor2D, fresh: Tensor2D, kept: number): Tensor2D =>
      tf.add(tf.mul(old, kept), tf.mul(fresh, 1 - kept));
    const mean = blend(this.mean, gradient, momentum);
    const square = blend(this.square, tf.square(gradient), squareMomentum);
    const deviation = tf.add(tf.sqrt(tf.mul(square, 1 / (1 - squareMomentum ** step))), tiny);
    const change = tf.div(tf.mul(mean, learningRate / (1 - momentum ** step)), deviation);
    return new Parameter(tf.sub(this.value, change), mean, square);
  }
}

/** Some of the points of a lesson as tensors. */
class Batch {
  readonly #points: number;
  readonly #counts: Float32Array;
  readonly #inputs: Tensor2D;
  /** Kept, since WebAssembly is ten times slower at products with a transposed matrix. */
  readonly #inputsAcross: Tensor2D;
  /** What the lines leave to the networks [n x members]. */
  readonly #rest: Tensor2D;
  readonly #weights: Tensor2D;

  constructor(tf: TensorFlow, { members, inputs: width }: Shape, lesson: Lesson, rows: Uint32Array) {
    this.#points = rows.length;
    this.#counts = gathered(lesson.counts, members, rows);
    this.#inputs = tf.tensor2d(gathered(lesson.inputs, width, rows), [rows.length, width]);
    this.#inputsAcross = tf.transpose(this.#inputs);
    this.#weights = tf.tensor2d(
      this.#counts.map((count) => (2 * count) / rows.length),
      [rows.length, members],
    );
    const targets = tf.tensor2d(
      Float32Array.from(rows, (row) => lesson.targets[row] as number),
      [rows.length, 1],
    );
    this.#rest = tf.tidy(() => tf.sub(targets, tf.matMul(this.#inputs, tf.tensor2d(lesson.line, [width, members]))));
  }

  /** The derivative of the mean squared error by each weight, member by member. */
  gradients(tf: TensorFlow, { hidden, output }: State, mask: Tensor2D): Matrices {
    const active = tf.relu(tf.matMul(this.#inputs, hidden.value));
    const missed = tf.sub(tf.matMul(active, output.value), this.#rest);
    const weighted = tf.mul<Tensor2D>(missed, this.#weights);
    const byUnit = tf.mul<Tensor2D>(tf.matMul(weighted, tf.transpose(output.value)), tf.step(active));
    return {
      hidden: tf.matMul(this.#inputsAcross, byUnit),
      output: tf.mul<Tensor2D>(tf.matMul(tf.transpose(active), weighted), mask),
    };
  }

  /** How members do on the points that they were not given. */
  leftOut(tf: TensorFlow, { hidden, output }: State): LeftOut {
    const missed = tf.tidy(() => {
      const active = tf.relu(tf.matMul(this.#inputs, hidden.value));
      return tf.sub(tf.matMul(active, output.value), this.#rest).dataSync<'float32'>();
    });
    return LeftOut.of(missed, this.#counts, this.#counts.length / this.#points);
  }
}

function gathered(matrix: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const result = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) result.set(matrix.subarray(row * width, (row + 1) * width), place * width);
  return result;
}
