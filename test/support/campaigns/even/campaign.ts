/** A second class of tasks, beside that of `odd`. */
import { defineMethod, schema } from 'coxswain';

export default {
  name: 'even',
  methods: [
    defineMethod({
      name: 'double',
      pool: 'simulate',
      timeoutMs: 10_000,
      input: schema.object({ x: schema.number() }),
      output: schema.number(),
      run: ({ x }) => 2 * x,
    }),
    defineMethod({
      name: 'echo',
      pool: 'simulate',
      timeoutMs: 10_000,
      input: schema.unknown(),
      output: schema.unknown(),
      run: (given) => given,
    }),
  ],
};
