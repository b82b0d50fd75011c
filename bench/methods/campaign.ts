/** Methods that compute nothing, to measure everything around them, and a campaign of naps that the whole actor loop decides. */
import { defineCampaign, defineMethod, schema } from 'coxswain';
import { campaign, fleet, plan, resourceLedger, resultProcessor, submitter } from 'coxswain/actors';

/** Returns its argument. */
const noop = defineMethod({
  name: 'noop',
  pool: 'simulate',
  timeoutMs: 60_000,
  input: schema.unknown(),
  output: schema.unknown(),
  run: (given) => given,
});

/** Waits for so many ms; returns when it began and ended, ms since 1970. */
const nap = defineMethod({
  name: 'nap',
  pool: 'simulate',
  timeoutMs: 60_000,
  input: schema.object({ ms: schema.number().nonnegative() }),
  output: schema.object({ startedAt: schema.number(), endedAt: schema.number() }),
  run: async ({ ms }) => {
    const startedAt = performance.timeOrigin + performance.now();
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { startedAt, endedAt: performance.timeOrigin + performance.now() };
  },
});

const settings = schema.object({
  policy: schema.enum(['random']).default('random').describe('how candidates are chosen'),
  total: schema.int().positive().default(200).describe('stop after so many naps'),
  threshold: schema.number().default(0).describe('of no meaning here'),
  ms: schema.number().nonnegative().default(100).describe('length of a nap'),
  lookahead: schema.int().nonnegative().default(0).describe('naps that wait beyond the slots'),
});

export default defineCampaign<schema.infer<typeof settings>>({
  name: 'bench',
  settings,
  methods: [noop, nap],
  policies: {
    random: ({ settings: { total, lookahead }, candidates }) => [
      plan(resourceLedger, { pools: ['simulate'], lookahead: lookahead > 0 }),
      plan(resultProcessor, { topic: 'simulate', objective: 'endedAt', total, updates: null, failuresInARow: 16 }),
      plan(submitter, { candidates, seed: 1, method: 'nap', topic: 'simulate', pool: 'simulate', lookahead }),
      plan(campaign, {}),
      plan(fleet, {}),
    ],
  },
  objective: { topic: 'simulate', field: 'endedAt', label: 'end', unit: 'ms', also: { unit: 's', factor: 1e-3 } },
  needs: [],
  loadCandidates: ({ total, ms }) =>
    Promise.resolve({
      count: total + 1_000,
      argumentsOf: () => ({ ms }),
      labelOf: (candidate) => `nap ${candidate}`,
      objects: {},
      digest: `naps of ${ms} ms`,
      notes: {},
    }),
});
