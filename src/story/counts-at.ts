/** The counts right after a past event, from the places of tasks in the log. */
import type { Records } from './records.ts';
import type { Overview } from './views.ts';

/**
 * What had been counted once the fact of this sequence was stored, at this time (ms since 1970): the same as the counts of an
 * overview that was asked for then.
 */
export function countsAt(
  records: Records,
  sequence: number,
  at: number,
): { readonly counts: Overview['counts']; readonly found: number } {
  const { tasks, options } = records;
  const counts = { succeeded: 0, failed: 0, running: 0, queued: 0, withdrawn: 0, retried: 0 };
  let found = 0;
  for (let row = 0; row < tasks.length; row += 1) {
    const isFinished = tasks.finished.at(row) <= sequence;
    if (isFinished) counts.retried += tasks.attempts.orNull(row) ?? 0;
    if (!records.isObjective(row)) continue;
    if (tasks.recorded.at(row) <= sequence) {
      const value = tasks.value.orNull(row);
      if (tasks.stateOf(row) === 'withdrawn') counts.withdrawn += 1;
      else if (value === null) counts.failed += 1;
      else counts.succeeded += 1;
      if (records.isFound(value)) found += 1;
    } else if (!isFinished && tasks.created.at(row) <= sequence) {
      if (tasks.grantedAt.at(row) <= at) counts.running += 1;
      else counts.queued += 1;
    }
  }
  return { counts: { total: options.total, ...counts }, found };
}
