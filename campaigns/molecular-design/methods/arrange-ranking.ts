import { defineMethod, schema } from 'coxswain';
import { acquisitionSchema, arrange, objectRefSchema, rankedSchema, warmModel, warmSpace } from 'coxswain/ml';
import { models } from './models.ts';

const candidate = schema.number().int().nonnegative();

/**
 * The same ranking with its first `take` in an order in which they may be simulated together, beside `pending`, the candidates that are
 * being simulated: without near-copies of each other, or as if each before it had been simulated, where the model can tell.
 *
 * @throws InputError when a candidate is not of the space, or an object is not what it should be; ConfigError when the acquisition
 *   needs deviations that the model does not know.
 */
export const arrangeRanking = defineMethod({
  name: 'arrange-ranking',
  pool: 'infer',
  timeoutMs: 60_000,
  input: schema.object({
    model: objectRefSchema,
    fingerprints: objectRefSchema,
    features: objectRefSchema,
    acquisition: acquisitionSchema,
    ranking: rankedSchema,
    pending: schema.array(candidate),
    take: candidate,
    update: candidate,
  }),
  output: schema.object({ ranking: rankedSchema }),

  async run({ model, fingerprints, features, acquisition, ranking, pending, take, update }, context) {
    const refs = { fingerprints, features };
    const trained = await warmModel(context, models, model, refs);
    const space = await warmSpace(context, refs);
    return { ranking: arrange(trained, space, { ranking, pending, take, acquisition, update }) };
  },
});
