/** What a model is: fitted to molecules and their values, asked about others, stored and loaded. Implement `ModelKind` to bring your own. */
import type { MoleculeRows } from './rows.ts';

/** What a model says of `n` molecules: mean [n] in the unit of its training values, and its deviation [n] if it knows one. */
export interface Prediction {
  readonly mean: Float64Array;
  readonly deviation: Float64Array | null;
}

/** What a model remembers of a chunk of molecules, so that a later one that only learnt more need not begin anew. */
export interface ChunkState {
  /** Bytes that it takes. */
  readonly bytes: number;
}

/** How deviations fall as some of a few molecules are simulated: for batches whose members tell different things. */
export interface JointPrediction {
  readonly mean: Float64Array;
  /** As they are after what was conditioned on so far. */
  readonly deviation: Float64Array;
  /** Suppose that molecule `row` of these were simulated, and came out at its mean. */
  condition(row: number): void;
}

/** A regression model that was fitted to some molecules. */
export interface Model {
  /** Molecules [n] -> what is predicted of each; the same for a molecule whichever others it is asked with. */
  predict(rows: MoleculeRows): Prediction | Promise<Prediction>;
  /** What it learnt, without its training set, which is stored beside it; the kind's `load` makes the model again. */
  save(): Uint8Array;
  /**
   * As `predict`, to the last bit, beginning where an older model of the same kind left off: one that saves to the same bytes, and
   * whose training set begins this one's. Without a state it begins anew. The state that was given is used up. `spaceLength` is
   * how many molecules the whole space has, by which a kind may judge how much a chunk is worth remembering.
   */
  again?(
    rows: MoleculeRows,
    state: ChunkState | null,
    spaceLength: number,
  ): { readonly prediction: Prediction; readonly state: ChunkState };
  /** Where it knows how its deviations of several molecules depend on each other. */
  joint?(rows: MoleculeRows): JointPrediction;
}

/** What a fit is given beside its data. */
export interface FitOptions {
  /** Whatever is random in the fit follows from it. */
  readonly seed: number;
  /** The model of the same kind before this one, fitted to a beginning of the same training set; null at first. */
  readonly previous: Model | null;
  /** Settings of the kind's own. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A way to make a model. */
export interface ModelKind {
  /** What settings and saved models call it. */
  readonly name: string;
  /** Of what its models save; bytes of another version are refused. */
  readonly version: number;
  /**
   * Molecules [n] and their values [n], n > 0, every value finite -> a model.
   * @throws ConfigError for options that it does not know.
   */
  fit(rows: MoleculeRows, values: Float64Array, options: FitOptions): Model | Promise<Model>;
  /**
   * The model that saved these bytes, whose checksum has been verified, after being fitted to these rows and values. `older`, if one
   * is at hand, is a loaded model that saves the same bytes and was fitted to the first of these rows.
   * @throws InputError when the bytes are none of its own.
   */
  load(body: Uint8Array, rows: MoleculeRows, values: Float64Array, older: Model | null): Model | Promise<Model>;
}
