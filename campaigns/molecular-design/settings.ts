import { schema } from 'coxswain';

/** The search space that comes with the package. */
export const packagedSpace = 'data/search-space.csv';

/** Settings of the campaign; each is a flag of `cox run`. */
export const settings = schema
  .object({
    policy: schema.enum(['batched', 'random']).default('batched').describe('how candidates are chosen'),
    model: schema.enum(['knn']).default('knn').describe('what predicts the ionization energy'),
    total: schema.int().positive().default(64).describe('stop after so many successful simulations'),
    initial: schema.int().positive().default(8).describe('train the model first after so many successes'),
    batch: schema.int().positive().default(4).describe('train it again after so many more'),
    space: schema
      .string()
      .min(1)
      .default(packagedSpace)
      .describe('file of candidates: CSV, TSV or text with a "smiles" column, or a bare .smi list'),
    threshold: schema.number().default(0.55).describe('a molecule counts as found above this, in hartree'),
    seed: schema.int().nonnegative().default(1).describe('of the shuffled order of candidates'),
  })
  .superRefine(({ policy, total, initial }, context) => {
    if (policy === 'batched' && total < initial) {
      const message = `must be at least initial (${initial}), the successes before the model is first trained`;
      context.addIssue({ code: 'custom', path: ['total'], message });
    }
  });

export type Settings = schema.infer<typeof settings>;
