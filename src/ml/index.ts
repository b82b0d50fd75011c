/** What campaign folders import from `coxswain/ml`. */
export {
  acquisitionNames,
  acquisitionSchema,
  scoresOf,
  scorerOf,
  type Acquisition,
  type AcquisitionInput,
} from './acquisition.ts';
export { arrange, type Arrangement } from './arrange.ts';
export { calibration, type Calibration } from './calibration.ts';
export { FeatureTable, type CountView, type FeatureParts } from './feature-table.ts';
export { firstChoice } from './first-choice.ts';
export { FingerprintIndex, fingerprintBits, fingerprintBytes } from './fingerprint-index.ts';
export type { ChunkState, FitOptions, JointPrediction, Model, ModelKind, Prediction } from './model.ts';
export { modelKinds, ourModels, type ModelKinds } from './model-kinds.ts';
export { MoleculeRows } from './rows.ts';
export { rankChunk } from './rank-chunk.ts';
export { bestOf } from './top-k.ts';
export { TrainedModel } from './trained-model.ts';
export { warmModel, warmPrediction, warmSpace } from './warm-objects.ts';
export { objectRefSchema } from '../protocol/object-ref.ts';
export { compareRanked, mergeBest, rankedSchema, type Ranked } from '../protocol/ranking.ts';
