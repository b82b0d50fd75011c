import { schema } from 'coxswain';

/** The search space that comes with the package. */
export const packagedSpace = 'data/search-space.csv';

/** Models that say how sure they are of what they predict. */
const sureModels: readonly string[] = ['gp', 'mlp'];

/** Settings of the campaign; each is a flag of `cox run`. */
export const settings = schema
  .object({
    policy: schema
      .enum(['random', 'batch', 'batched', 'streaming', 'reallocating'])
      .default('batched')
      .describe('how simulations, training and scoring take turns'),
    model: schema.enum(['gp', 'knn', 'mlp']).default('gp').describe('what predicts the ionization energy'),
    acquisition: schema
      .enum(['auto', 'greedy', 'ucb', 'ei', 'thompson', 'probability'])
      .default('auto')
      .describe('what a candidate is worth, given what is predicted; auto: greedy with knn, else ucb'),
    beta: schema.number().nonnegative().max(100).default(1).describe('deviations that ucb adds to the mean'),
    goal: schema
      .enum(['best', 'threshold'])
      .default('best')
      .describe('what ei and probability aim at: the best candidates, or all beyond the threshold'),
    top: schema.int().positive().default(80).describe('how many are the best, for ei and probability'),
    seek: schema.enum(['highest', 'lowest']).default('highest').describe('which end is the best'),
    threshold: schema
      .number()
      .default(0.55)
      .describe('a molecule counts as found above this (below it where the lowest are sought), in hartree'),
    total: schema.int().positive().default(64).describe('stop after so many successful simulations'),
    initial: schema.int().positive().default(8).describe('train the model first after so many successes'),
    batch: schema.int().positive().default(4).describe('train it again after so many more; streaming does at once'),
    start: schema
      .enum(['auto', 'diverse', 'shuffled'])
      .default('auto')
      .describe('the first candidates: far from each other, or at random; auto: shuffled with knn, else diverse'),
    nearCopies: schema
      .enum(['auto', 'avoid', 'allow'])
      .default('auto')
      .describe('of what is chosen or runs, among the next candidates; auto: allowed with knn, else avoided'),
    lookahead: schema
      .int()
      .nonnegative()
      .max(1_000)
      .default(0)
      .describe('so many chosen candidates wait at the workers beyond the slots'),
    space: schema
      .string()
      .min(1)
      .default(packagedSpace)
      .describe('file of candidates: CSV, TSV or text with a "smiles" column, or a bare .smi list'),
    seed: schema
      .int()
      .nonnegative()
      .default(1)
      .describe('of everything that is drawn: the same seed, the same choices'),
  })
  .superRefine(({ policy, total, initial, model, acquisition, lookahead }, context) => {
    const refuse = (name: string, message: string): void => context.addIssue({ code: 'custom', path: [name], message });
    if (policy !== 'random' && total < initial) {
      refuse('total', `must be at least initial (${initial}), the successes before the model is first trained`);
    }
    if (acquisition !== 'auto' && acquisition !== 'greedy' && !sureModels.includes(model)) {
      refuse('acquisition', `needs a model that says how sure it is: --model ${sureModels.join(' or ')}, not ${model}`);
    }
    if (policy === 'batch' && lookahead > 0) {
      refuse('lookahead', 'is not for --policy batch, where the next round waits for all of this one');
    }
  });

export type Settings = schema.infer<typeof settings>;
