/** What campaign folders import from `coxswain/ml`. */
export { FingerprintIndex, fingerprintBits, fingerprintBytes } from './fingerprint-index.ts';
export type { Model, Prediction } from './model.ts';
export { fitModel, loadModel, modelNames } from './model-kinds.ts';
export { bestOf } from './top-k.ts';
export { warmFingerprints, warmModel } from './warm-objects.ts';
export { objectRefSchema } from '../protocol/object-ref.ts';
export { compareRanked, mergeBest, rankedSchema, type Ranked } from '../protocol/ranking.ts';
