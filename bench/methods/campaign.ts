/** Methods that compute nothing, to measure everything around them. */
import { defineMethod, schema } from 'coxswain';

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

export default { name: 'bench', methods: [noop, nap] };
