import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, poisonIn } from '../../../src/protocol/retry.ts';
import type { Attempt, TaskFailure } from '../../../src/protocol/task.ts';

const attempt = (code: string): Attempt => ({ at: 1, worker: 'w', host: 'h', code, message: 'm' });
const many = (code: string, count: number): Attempt[] => Array.from({ length: count }, () => attempt(code));
const random = fc.double({ min: 0, max: 1, noNaN: true });
const retry = fc.constantFrom<TaskFailure['retry']>('never', 'here', 'elsewhere');

/** How often a failure that comes each time is tried again before it is the task's end. */
function triesUntilEnd(failure: Pick<TaskFailure, 'code' | 'retry'>, retries = {}, draw = 0.5): [number, string] {
  const attempts: Attempt[] = [];
  for (;;) {
    const verdict = judge(failure, attempts, retries, draw);
    if (verdict.is !== 'again') return [attempts.length, verdict.is];
    attempts.push(attempt(failure.code));
  }
}

describe('judge', () => {
  it('never tries again what another try would not mend', () => {
    const codes = ['method.failed', 'method.threw', 'method.bad-output', 'method.unknown'];
    fc.assert(
      fc.property(fc.constantFrom(...codes), retry, random, (code, again, draw) => {
        expect(triesUntilEnd({ code, retry: again }, { timeLimit: 5, memoryLimit: 5 }, draw)).toEqual([0, 'final']);
      }),
    );
    const others = [
      'input.invalid',
      'task.cancelled',
      'task.withdrawn',
      'task.poisoned',
      'protocol.newer',
      'result.too-large',
      'odd.failed',
    ];
    for (const code of others) expect(triesUntilEnd({ code, retry: 'never' })).toEqual([0, 'final']);
  });

  it('tries again after a limit as often as the method says, by default never', () => {
    for (const [code, limit] of [
      ['task.timed-out', 'timeLimit'],
      ['task.out-of-memory', 'memoryLimit'],
    ] as const) {
      expect(triesUntilEnd({ code, retry: 'never' })).toEqual([0, 'final']);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 30 }), random, (count, draw) => {
          expect(triesUntilEnd({ code, retry: 'never' }, { [limit]: count }, draw)).toEqual([count, 'final']);
        }),
      );
    }
    expect(triesUntilEnd({ code: 'task.timed-out', retry: 'never' }, { memoryLimit: 3 })).toEqual([0, 'final']);
  });

  it('gives what may pass three tries in all, and three deaths to what kills its processes', () => {
    for (const again of ['here', 'elsewhere'] as const) {
      expect(triesUntilEnd({ code: 'transport.failed', retry: again })).toEqual([2, 'final']);
    }
    expect(triesUntilEnd({ code: 'worker.child-died', retry: 'elsewhere' })).toEqual([2, 'poison']);
    expect(triesUntilEnd({ code: 'worker.died-with', retry: 'elsewhere' })).toEqual([2, 'poison']);
  });

  it('counts each kind by itself', () => {
    const before = [...many('worker.child-died', 2), ...many('transport.failed', 1), ...many('task.timed-out', 4)];
    const verdictOf = (code: string): string => judge({ code, retry: 'elsewhere' }, before, { timeLimit: 5 }, 0.5).is;
    expect(['worker.died-with', 'resource.exhausted', 'task.timed-out', 'task.out-of-memory'].map(verdictOf)).toEqual([
      'poison',
      'again',
      'again',
      'final',
    ]);
  });

  it('waits longer after each attempt, differently each time, and never more than 30 s', () => {
    const waitMs = (attempts: number, draw: number): number => {
      const failure = { code: 'task.timed-out', retry: 'never' } as const;
      const verdict = judge(failure, many('task.timed-out', attempts), { timeLimit: 1_000_000 }, draw);
      return verdict.is === 'again' ? verdict.afterMs : Number.NaN;
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), random, random, (attempts, one, other) => {
        expect(waitMs(attempts, one)).toBeGreaterThanOrEqual(250);
        expect(waitMs(attempts, one)).toBeLessThanOrEqual(30_000);
        if (attempts < 5) expect(waitMs(attempts + 1, one)).toBeGreaterThanOrEqual(waitMs(attempts, other));
        if (one !== other && Math.abs(one - other) > 1e-6) {
          expect(waitMs(attempts, one)).not.toBe(waitMs(attempts, other));
        }
      }),
    );
    expect([0, 1, 2, 3].map((attempts) => waitMs(attempts, 1))).toEqual([500, 1_000, 2_000, 4_000]);
  });
});

describe('poisonIn', () => {
  it('tells of three deaths, of children and of workers alike, and of nothing else', () => {
    const deaths = [attempt('worker.child-died'), attempt('worker.died-with'), attempt('worker.child-died')];
    const others = [...many('transport.failed', 5), ...many('task.timed-out', 5)];
    expect(poisonIn([...others, ...deaths.slice(1)])).toBeNull();
    expect(poisonIn([...others, ...deaths])).toMatchObject({
      code: 'task.poisoned',
      retry: 'never',
      details: { deaths },
    });
  });
});
