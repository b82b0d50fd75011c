import { defineMethod, schema } from 'coxswain';
import { objectRefSchema, warmModel, warmSpace } from 'coxswain/ml';
import { models } from './models.ts';

/**
 * Fit a model to the candidates computed so far, and store it: the object `model` is what `score-candidates` takes, and `trainedOn`
 * the size of its whole training set. `previous` is the model before, which holds all that it learnt: `candidates` and `values`, one a
 * candidate, in the unit of the objective, are then what is new since. A candidate is a row of the space's objects.
 *
 * @throws ConfigError for an unknown model or options that it does not know; InputError when lengths differ, a candidate is no row,
 *   a value is not finite, or there is nothing to learn from.
 */
export const trainModel = defineMethod({
  name: 'train-model',
  pool: 'train',
  timeoutMs: 300_000,
  input: schema.object({
    model: schema.string(),
    options: schema.record(schema.string(), schema.unknown()).default({}),
    fingerprints: objectRefSchema,
    features: objectRefSchema,
    seed: schema.int().nonnegative(),
    previous: objectRefSchema.nullable(),
    candidates: schema.array(schema.number().int().nonnegative()),
    values: schema.array(schema.number()),
  }),
  output: schema.object({ model: objectRefSchema, trainedOn: schema.number().int().positive() }),

  async run({ model, options, fingerprints, features, seed, previous, candidates, values }, context) {
    const refs = { fingerprints, features };
    const space = await warmSpace(context, refs);
    const before = previous === null ? null : await warmModel(context, models, previous, refs);
    const fitted = await models.fit(model, space, { candidates, values }, { seed, options, previous: before });
    return { model: await context.objects.put(fitted.save()), trainedOn: fitted.values.length };
  },
});
