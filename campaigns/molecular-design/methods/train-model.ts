import { defineMethod, schema } from 'coxswain';
import { fitModel, objectRefSchema, warmFingerprints } from 'coxswain/ml';

/**
 * Fit a model to the candidates computed so far, and store it: the object `model` is what `score-candidates` takes.
 * `values` are ionization energies in hartree, one a candidate; a candidate is a row of the fingerprint matrix.
 *
 * @throws ConfigError for an unknown model; InputError when lengths differ, a candidate is no row, or there is nothing.
 */
export const trainModel = defineMethod({
  name: 'train-model',
  pool: 'train',
  timeoutMs: 60_000,
  input: schema.object({
    model: schema.string(),
    fingerprints: objectRefSchema,
    candidates: schema.array(schema.number().int().nonnegative()),
    values: schema.array(schema.number()),
  }),
  output: schema.object({ model: objectRefSchema, trainedOn: schema.number().int().positive() }),

  async run({ model, fingerprints, candidates, values }, context) {
    const space = await warmFingerprints(context, fingerprints);
    const fitted = fitModel(model, space.take(candidates), values);
    return { model: await context.objects.put(fitted.save()), trainedOn: values.length };
  },
});
