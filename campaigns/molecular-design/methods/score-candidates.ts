import { defineMethod, schema } from 'coxswain';
import { bestOf, objectRefSchema, rankedSchema, warmFingerprints, warmModel } from 'coxswain/ml';

const candidate = schema.number().int().nonnegative();

/**
 * Predict the candidates `from` up to, not including, `to`, and return the best `keep` of them, highest prediction first,
 * without those in `exclude`, which lie in the same chunk. Memory grows with the chunk, not with the space, once the
 * fingerprint matrix is there.
 *
 * @throws InputError when the chunk lies outside the space, an excluded candidate outside the chunk, or an object is no
 *   fingerprint matrix or no model.
 */
export const scoreCandidates = defineMethod({
  name: 'score-candidates',
  pool: 'infer',
  timeoutMs: 60_000,
  input: schema.object({
    model: objectRefSchema,
    fingerprints: objectRefSchema,
    from: candidate,
    to: candidate,
    exclude: schema.array(candidate),
    keep: schema.number().int().positive(),
  }),
  output: schema.object({ best: rankedSchema, scored: schema.number().int().nonnegative() }),

  async run({ model, fingerprints, from, to, exclude, keep }, context) {
    const chunk = (await warmFingerprints(context, fingerprints)).slice(from, to);
    const { mean } = (await warmModel(context, model)).predict(chunk);
    return { best: bestOf(mean, keep, from, exclude), scored: chunk.length - new Set(exclude).size };
  },
});
