import { defineMethod, schema } from 'coxswain';
import { firstChoice, objectRefSchema, rankedSchema, type Ranked, warmSpace } from 'coxswain/ml';

/**
 * The first `count` candidates, before anything is known: as unlike each other as can be, scores falling from `count` to 1.
 *
 * @throws InputError when an object is not what it should be, or they are not of equally many molecules.
 */
export const chooseFirst = defineMethod({
  name: 'choose-first',
  pool: 'infer',
  timeoutMs: 60_000,
  input: schema.object({
    fingerprints: objectRefSchema,
    features: objectRefSchema.optional(),
    count: schema.number().int().nonnegative(),
    seed: schema.number().int(),
  }),
  output: schema.object({ ranking: rankedSchema }),

  async run({ fingerprints, features, count, seed }, context) {
    const chosen = firstChoice(await warmSpace(context, { fingerprints, features }), count, seed);
    const ranking: Ranked = chosen.map((one, place) => [one, count - place]);
    return { ranking };
  },
});
