import { describe, expect, it } from 'vitest';
import { initialTransition, setup, transition } from 'xstate';
import { TransitionCoverage } from './transition-coverage.ts';

const machine = setup({
  types: {},
  actions: {},
  guards: { isOdd: ({ context }) => context.n % 2 === 1 },
}).createMachine({
  id: 'm',
  context: { n: 0 },
  initial: 'low',
  on: { reset: '.low' },
  states: {
    low: { on: { add: [{ guard: 'isOdd', target: 'high' }, { target: 'passing' }] }, after: { 1_000: 'high' } },
    passing: { always: [{ guard: 'isOdd', target: 'low' }, { target: 'high' }] },
    high: { type: 'final' },
  },
});

describe('coverage of transitions', () => {
  it('misses everything but the initial state at first', () => {
    const coverage = new TransitionCoverage(machine);
    coverage.noteStart(undefined);
    expect(coverage.missing()).toEqual([
      'state passing',
      'state high',
      '(top): reset [0] -> low',
      'low: add [0] -> high',
      'low: add [1] -> passing',
      'low: xstate.after.1000.m.low [0] -> high',
      'passing: always [0] -> low',
      'passing: always [1] -> high',
    ]);
  });

  it('tells the guarded alternatives of one event apart, and the eventless ones that follow', () => {
    const coverage = new TransitionCoverage(machine);
    const [low] = initialTransition(machine);
    coverage.noteStart(undefined);
    coverage.noteEvent(low, { type: 'add' });
    expect(transition(machine, low, { type: 'add' })[0].value).toBe('high');
    expect(coverage.missing()).toEqual([
      '(top): reset [0] -> low',
      'low: add [0] -> high',
      'low: xstate.after.1000.m.low [0] -> high',
      'passing: always [0] -> low',
    ]);
  });
});
