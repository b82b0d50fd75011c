/** The models that there are, and how one's own join them. */
import { ConfigError, InputError } from '../protocol/errors.ts';
import { gaussianProcess } from './gaussian-process.ts';
import type { Model, ModelKind } from './model.ts';
import { nearestNeighbours } from './nearest-neighbours.ts';
import { neuralEnsemble } from './neural/mlp.ts';
import type { MoleculeRows } from './rows.ts';
import { openModel, TrainedModel } from './trained-model.ts';
import { chainOf } from './training-chain.ts';

/** What a model is to be fitted to: rows of a space [n] and their values [n], in the order in which they came. */
export interface TrainingPoints {
  readonly candidates: readonly number[];
  readonly values: readonly number[];
}

/** How a model is to be fitted. */
export interface FitSettings {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** The model before, if there is one: its training set comes first, and the points are what is new. */
  readonly previous?: TrainedModel | null | undefined;
  /** Settings of the kind's own. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** A set of kinds of models, each with another name. */
export interface ModelKinds {
  /** Names under which models can be asked for. */
  readonly names: readonly string[];
  /**
   * A model of the named kind, fitted to these points of the space, after those of the previous one.
   * @throws ConfigError when there is no such kind or it does not know the options; InputError when lengths differ, there is
   *   nothing to learn from, a candidate is no row of the space, a value is not finite, or the previous model is of another kind.
   */
  fit(name: string, space: MoleculeRows, points: TrainingPoints, settings?: FitSettings): Promise<TrainedModel>;
  /**
   * The model in these bytes. `warm` are models that were loaded before: one that learnt a beginning of what this one did saves
   * work.
   * @throws InputError when they are no saved model, are damaged, are of a kind or version that is not known here, or were
   *   fitted to molecules of another space.
   */
  load(blob: Uint8Array, space: MoleculeRows, warm?: readonly TrainedModel[]): Promise<TrainedModel>;
}

/**
 * These kinds of models, to be asked for by name. A campaign that brings its own lists it beside {@link ourModels}.
 * @throws ConfigError when two share a name.
 */
export function modelKinds(kinds: readonly ModelKind[]): ModelKinds {
  const names = kinds.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) {
    throw new ConfigError(`Two kinds of models are named "${twice}"; give one of them another name`, {
      code: 'config.model',
    });
  }
  return {
    names,
    fit: async (name, space, points, settings = {}) => fit(kindNamed(kinds, name), space, points, settings),
    load: (blob, space, warm = []) => load(kinds, blob, space, warm),
  };
}

/** The kinds that come with Coxswain. */
export const ourModels: readonly ModelKind[] = [gaussianProcess, nearestNeighbours, neuralEnsemble];

function kindNamed(kinds: readonly ModelKind[], name: string): ModelKind {
  const kind = kinds.find((known) => known.name === name);
  if (kind !== undefined) return kind;
  const names = kinds.map((known) => known.name).join(', ');
  throw new ConfigError(`Unknown model "${name}"; choose one of: ${names}`, { code: 'config.model' });
}

async function fit(
  kind: ModelKind,
  space: MoleculeRows,
  points: TrainingPoints,
  { seed = 0, previous = null, options = {} }: FitSettings,
): Promise<TrainedModel> {
  if (previous !== null && previous.kind !== kind) {
    throw new InputError(
      `A model of kind "${kind.name}" cannot go on from one of kind "${previous.kind.name}"; train it without a previous one`,
      { code: 'input.model' },
    );
  }
  const candidates = [...(previous?.candidates ?? []), ...points.candidates];
  const values = Float64Array.from([...(previous?.values ?? []), ...points.values]);
  checkTraining(candidates, values);
  const rows = space.take(candidates);
  const model = await kind.fit(rows, values, { seed, previous: previous?.model ?? null, options });
  return new TrainedModel(kind, model, { candidates, values }, chainOf(kind, model.save(), rows, values));
}

/** What no model may be fitted to is refused here, for every kind. */
function checkTraining(candidates: readonly number[], values: Float64Array): void {
  const refused = (what: string): InputError =>
    new InputError(`A model cannot be fitted to ${what}`, { code: 'input.training' });
  if (candidates.length !== values.length) throw refused(`${candidates.length} molecules and ${values.length} values`);
  if (values.length === 0) throw refused('no values; run some simulations first');
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw refused(`${values[bad] as number}, the value of candidate ${candidates[bad] as number}`);
}

async function load(
  kinds: readonly ModelKind[],
  blob: Uint8Array,
  space: MoleculeRows,
  warm: readonly TrainedModel[],
): Promise<TrainedModel> {
  const { kind: name, version, training, digest, body } = openModel(blob);
  const kind = kinds.find((known) => known.name === name && known.version === version);
  if (kind === undefined) {
    throw new InputError(
      `A saved model is of kind "${name}", version ${version}, which this Coxswain does not know; update it, or train again`,
      { code: 'input.model' },
    );
  }
  const rows = space.take(training.candidates);
  const chain = chainOf(kind, body, rows, training.values);
  if (chain.at(-1) !== digest) {
    throw new InputError(`A saved model of kind "${name}" was fitted to molecules of another space; train it again`, {
      code: 'input.model',
    });
  }
  const model = await kind.load(body, rows, training.values, olderOf(kind, chain, warm));
  return new TrainedModel(kind, model, training, chain);
}

/** Of these models, the one that learnt the longest beginning of what this chain tells; null if there is none. */
function olderOf(kind: ModelKind, chain: readonly string[], warm: readonly TrainedModel[]): Model | null {
  let best: TrainedModel | null = null;
  for (const other of warm) {
    const begins = other.kind === kind && chain[other.values.length] === other.chain.at(-1);
    if (begins && other.values.length > (best?.values.length ?? 0)) best = other;
  }
  return best?.model ?? null;
}
