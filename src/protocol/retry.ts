/**
 * Which failures are worth another try, how often, and when: one rule for each kind of failure. Pure; what was tried before is
 * given by whoever asks.
 */
import type { LimitRetries } from './method.ts';
import type { Attempt, TaskFailure } from './task.ts';

/** So many processes that die with one task are enough. */
const mostDeaths = 3;
/** Tries at what a method itself says may go better next time. */
const mostTries = 3;
const firstWaitMs = 500;
const longestWaitMs = 30_000;

/** What is to be done about a failure: it is the task's end, or it is tried again, or it was the last straw. */
export type Verdict = { readonly is: 'final' | 'poison' } | { readonly is: 'again'; readonly afterMs: number };

/** Failures that are counted together; null are those that another try would not mend. */
type Kind = 'death' | 'time-limit' | 'memory-limit' | 'passing' | null;

function kindOf({ code, retry }: Pick<TaskFailure, 'code' | 'retry'>): Kind {
  if (code === 'worker.child-died' || code === 'worker.died-with') return 'death';
  if (code === 'task.timed-out') return 'time-limit';
  if (code === 'task.out-of-memory') return 'memory-limit';
  // The calculation ran and gave no answer: it would give none again.
  if (code.startsWith('method.')) return null;
  return retry === 'never' ? null : 'passing';
}

function mostAttempts(kind: NonNullable<Kind>, retries: LimitRetries): number {
  switch (kind) {
    case 'death':
      return mostDeaths;
    case 'time-limit':
      return 1 + (retries.timeLimit ?? 0);
    case 'memory-limit':
      return 1 + (retries.memoryLimit ?? 0);
    case 'passing':
      return mostTries;
  }
}

/**
 * What is to be done about a failure of a task.
 * @param earlier what was tried before this.
 * @param random from 0 to 1, drawn anew for each failure: tasks that failed together are not tried again together.
 */
export function judge(
  failure: Pick<TaskFailure, 'code' | 'retry'>,
  earlier: readonly Attempt[],
  retries: LimitRetries,
  random: number,
): Verdict {
  const kind = kindOf(failure);
  if (kind === null) return { is: 'final' };
  const alike = earlier.filter(({ code }) => kindOf({ code, retry: 'elsewhere' }) === kind).length;
  if (alike + 1 < mostAttempts(kind, retries)) return { is: 'again', afterMs: backoffMs(earlier.length + 1, random) };
  return { is: kind === 'death' ? 'poison' : 'final' };
}

/**
 * How long to wait before a task is tried again: from half to all of 0.5 s after its first attempt, twice that after each
 * further one, and never more than 30 s.
 */
function backoffMs(attempts: number, random: number): number {
  const fullMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts - 1, 30));
  return fullMs * (0.5 + random / 2);
}

/** The failure of a task that has taken too many processes with it; null while it has not. */
export function poisonIn(attempts: readonly Attempt[]): TaskFailure | null {
  const deaths = attempts.filter(({ code }) => kindOf({ code, retry: 'elsewhere' }) === 'death');
  if (deaths.length < mostDeaths) return null;
  const where = deaths.map(({ worker }) => worker).join(', ');
  return {
    code: 'task.poisoned',
    message: `${deaths.length} processes that computed this task died (workers ${where}); it is set aside`,
    retry: 'never',
    details: { deaths },
  };
}
