import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { audit, sampleLog } from './sample-log.ts';

const rate = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constant(0), fc.integer({ min: 0, max }));

describe('a log that is in order', () => {
  test.each(['batched', 'random'] as const)('of a %s campaign has nothing that does not fit', (policy) => {
    const log = sampleLog(policy);
    const report = audit(log);
    expect(report).toMatchObject({ violations: [], facts: log.facts.length, end: log.facts.length });
    expect(log.isOver).toBe(true);
    const { created, finished, recorded } = report.tasks;
    expect([finished, recorded]).toEqual([created, created]);
    expect(report.slots.held).toEqual([]);
    expect(report.slots.capacity?.max).toBe(2);
    const actors = log.facts.filter(({ number }) => number !== null);
    expect(report.effects).toEqual({ replayed: actors.length, unsaid: 0 });
    const { simulate } = report.slots.pools;
    expect((simulate?.byTasks ?? 0) + (simulate?.givenBack ?? 0)).toBe(simulate?.grants);
    expect(simulate?.mostHeld).toBe(2);
  });

  test('also when actors die, lag and are stored out of turn, workers come and go, and results come twice', () => {
    const weather = fc.record({
      seed: fc.integer(),
      workers: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      hearing: fc.integer({ min: 30, max: 99 }),
      simulationFails: rate(30),
      trainingFails: rate(40),
      scoringFails: rate(10),
      duplicates: rate(40),
      fleetChanges: rate(10),
      drains: rate(4),
      restarts: rate(5),
      stalls: rate(5),
      reorders: rate(20),
    });
    fc.assert(
      fc.property(fc.constantFrom('batched' as const, 'random' as const), weather, (policy, given) => {
        const log = sampleLog(policy, given);
        expect(audit(log).violations).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  test('also while it goes on, at any place', () => {
    const log = sampleLog('batched', { duplicates: 20, reorders: 0 });
    for (let length = 0; length <= log.facts.length; length += 7) {
      const report = audit({ ...log, facts: log.facts.slice(0, length), isOver: false });
      expect(report.violations).toEqual([]);
    }
  });
});
