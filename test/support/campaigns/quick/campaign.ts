/** A campaign as the reference is one, whose simulations only take their time: to see what becomes of it when hosts fail. */
import { appendFileSync } from 'node:fs';
import { defineCampaign, defineMethod, objectRefSchema, schema, type ActorPlan } from 'coxswain';
import {
  campaign,
  fleet,
  inferenceRunner,
  plan,
  resourceLedger,
  resultProcessor,
  submitter,
  trainer,
} from 'coxswain/actors';
import { bestOf, rankedSchema } from 'coxswain/ml';

const settings = schema.object({
  policy: schema.enum(['batched', 'random', 'streaming']).default('batched').describe('how candidates are chosen'),
  total: schema.int().positive().default(40).describe('stop after so many successful simulations'),
  initial: schema.int().positive().default(8).describe('train first after so many'),
  batch: schema.int().positive().default(8).describe('train again after so many more'),
  lookahead: schema.int().nonnegative().default(0).describe('candidates that wait beyond the slots'),
  space: schema.int().positive().default(1_000).describe('candidates'),
  ms: schema
    .int()
    .nonnegative()
    .default(100)
    .describe('the least that a simulation takes; the longest takes three times that'),
  journal: schema
    .string()
    .default('')
    .describe('file that every simulation writes a line into when it starts and when it ends'),
  poison: schema.int().default(-1).describe('a candidate that kills whoever simulates it'),
  hog: schema.int().default(-1).describe('a candidate whose program takes more memory than it may'),
  stuck: schema
    .int()
    .default(-1)
    .describe('this candidate and the next start a program, in a session of its own, that does not end'),
  threshold: schema.number().default(0.9).describe('found above this'),
  seed: schema.int().nonnegative().default(1).describe('of the shuffled order of candidates'),
});
type Settings = schema.infer<typeof settings>;

/** What a candidate is worth, 0 to 1: nothing to do with its neighbours. */
const worth = (candidate: number): number => ((candidate * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A program that takes 600 MB, a little at a time. */
const takeMemory = `
  const taken = [];
  setInterval(() => taken.length < 60 && taken.push(Buffer.alloc(10_000_000, 1)), 5);`;

const measure = defineMethod({
  name: 'measure',
  pool: 'simulate',
  timeoutMs: 20_000,
  memoryMb: 400,
  input: schema.object({
    candidate: schema.number(),
    ms: schema.number(),
    journal: schema.string(),
    trouble: schema.enum(['poison', 'hog', 'stuck']).nullable(),
  }),
  output: schema.object({ worth: schema.number() }),
  run: async ({ candidate, ms, journal, trouble }, context) => {
    const note = (what: string): void => {
      if (journal !== '') appendFileSync(journal, `${what} ${candidate} ${process.pid} ${Date.now()}\n`);
    };
    note('start');
    if (trouble === 'poison') process.kill(process.pid, 'SIGKILL');
    if (trouble === 'hog') await context.run(process.execPath, ['-e', takeMemory]);
    if (trouble === 'stuck') await context.run('setsid', ['--wait', 'sleep', '617']);
    await pause(ms * (1 + 2 * worth(candidate * 7 + 1)));
    note('end');
    return { worth: worth(candidate) };
  },
});

const learn = defineMethod({
  name: 'learn',
  pool: 'train',
  timeoutMs: 20_000,
  input: schema.object({ candidates: schema.array(schema.number()), values: schema.array(schema.number()) }),
  output: schema.object({ model: objectRefSchema, trainedOn: schema.number() }),
  run: async ({ values }, { objects }) => {
    await pause(50);
    return { model: await objects.put(Buffer.from(JSON.stringify(values))), trainedOn: values.length };
  },
});

const guess = defineMethod({
  name: 'guess',
  pool: 'infer',
  timeoutMs: 20_000,
  input: schema.object({
    model: objectRefSchema,
    from: schema.number(),
    to: schema.number(),
    exclude: schema.array(schema.number()),
    keep: schema.number(),
  }),
  output: schema.object({ best: rankedSchema, scored: schema.number() }),
  run: async ({ model, from, to, exclude, keep }, { objects }) => {
    await objects.get(model);
    const scores = Float64Array.from({ length: to - from }, (_, place) => worth(from + place));
    return { best: bestOf(scores, keep, from, exclude), scored: to - from - exclude.length };
  },
});

const random = (
  { total, seed, space, lookahead }: Settings,
  updates: { initial: number; batch: number } | null,
  pausing = true,
): ActorPlan[] => [
  plan(resourceLedger, { pools: ['simulate', 'train', 'infer'], lookahead: lookahead > 0 }),
  plan(resultProcessor, { topic: 'simulate', objective: 'worth', total, updates, failuresInARow: 16 }),
  plan(submitter, {
    candidates: space,
    seed,
    method: 'measure',
    topic: 'simulate',
    pool: 'simulate',
    pausing,
    lookahead,
  }),
  plan(campaign, {}),
  plan(fleet, {}),
];

const batched = (settings: Settings, pausing = true): ActorPlan[] => [
  ...random(settings, settings, pausing),
  plan(trainer, { method: 'learn', topic: 'train', pool: 'train', from: 'simulate', arguments: {}, failuresInARow: 3 }),
  plan(inferenceRunner, {
    candidates: settings.space,
    method: 'guess',
    topic: 'infer',
    pool: 'infer',
    trainPool: 'train',
    home: 'simulate',
    arguments: {},
    minChunks: 2,
    chunkSize: 20_000,
    keep: 200,
  }),
];

const troubleOf = (candidate: number, { poison, hog, stuck }: Pick<Settings, 'poison' | 'hog' | 'stuck'>) => {
  if (candidate === poison) return 'poison';
  if (candidate === hog) return 'hog';
  return stuck >= 0 && (candidate === stuck || candidate === stuck + 1) ? 'stuck' : null;
};

export default defineCampaign<Settings>({
  name: 'quick',
  settings,
  methods: [measure, learn, guess],
  policies: {
    random: ({ settings }) => random(settings, null),
    batched: ({ settings }) => batched(settings),
    streaming: ({ settings }) => batched(settings, false),
  },
  objective: { topic: 'simulate', field: 'worth', label: 'worth', unit: '', also: { unit: '%', factor: 100 } },
  needs: [],
  loadCandidates: ({ space, ms, journal, ...settings }) =>
    Promise.resolve({
      count: space,
      argumentsOf: (candidate) => ({ candidate, ms, journal, trouble: troubleOf(candidate, settings) }),
      labelOf: (candidate) => `candidate ${candidate}`,
      objects: {},
      digest: String(space),
      notes: {},
    }),
});
