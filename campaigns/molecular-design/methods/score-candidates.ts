import { defineMethod, schema } from 'coxswain';
import { acquisitionSchema, objectRefSchema, rankChunk, rankedSchema, warmModel, warmPrediction } from 'coxswain/ml';
import { models } from './models.ts';

const candidate = schema.number().int().nonnegative();

/**
 * Predict the candidates `from` up to, not including, `to`, and return the best `keep` of them by the acquisition's score, highest
 * first, with what was predicted, and without those in `exclude`, which lie in the same chunk. Memory grows with the chunk, not with the
 * space, once the space is there; a child that predicted the chunk for an older model goes on from there.
 *
 * @throws InputError when the chunk lies outside the space, an excluded candidate outside the chunk, or an object is not what it should
 *   be; ConfigError when the acquisition needs deviations that the model does not know.
 */
export const scoreCandidates = defineMethod({
  name: 'score-candidates',
  pool: 'infer',
  timeoutMs: 300_000,
  input: schema.object({
    model: objectRefSchema,
    fingerprints: objectRefSchema,
    features: objectRefSchema,
    acquisition: acquisitionSchema,
    from: candidate,
    to: candidate,
    exclude: schema.array(candidate),
    keep: schema.number().int().positive(),
    update: candidate,
  }),
  output: schema.object({ best: rankedSchema, scored: schema.number().int().nonnegative() }),

  async run({ model, fingerprints, features, acquisition, from, to, exclude, keep, update }, context) {
    const refs = { fingerprints, features };
    const trained = await warmModel(context, models, model, refs);
    const prediction = await warmPrediction(context, trained, refs, { from, to });
    const state = { values: trained.values, update };
    const best = rankChunk(prediction, acquisition, state, { from, keep, exclude });
    return { best, scored: to - from - new Set(exclude).size };
  },
});
