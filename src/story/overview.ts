/** All that the first view shows, from counts that are kept: it costs the same after 100,000 tasks. */
import { doing } from './doing.ts';
import { slotsNow, workerRows } from './present.ts';
import type { Records } from './records.ts';
import type { ModelView, Overview, TaskRow } from './views.ts';

/** Results by which the state of things is judged, and the time in which a rate is measured, ms. */
const lastFew = 25;
const rateMs = 180_000;

/** A row of the table of tasks as people see it. @param since when it began, where a worker said so. */
export function taskRow(records: Records, row: number, since: number | null = null): TaskRow {
  const { tasks, workers } = records;
  const id = tasks.names.at(tasks.worker.at(row));
  const worker = id === null ? null : { id, host: workers.get(id)?.host ?? '', since };
  return tasks.view(row, worker, records.isFound(tasks.value.orNull(row)));
}

/** What is known at `now`, ms since 1970. */
export function overviewOf(records: Records, now: number): Overview {
  const { course, counts, knowledge, books, options } = records;
  const objective = (rows: ReadonlySet<number>): number => {
    let count = 0;
    for (const row of rows) if (records.isObjective(row)) count += 1;
    return count;
  };
  return {
    position: records.position,
    at: records.at,
    state: course.state,
    reason: course.state === 'running' ? '' : course.reason,
    doing: doing(records, now),
    startedAt: course.startedAt,
    endedAt: course.endedAt,
    elapsedSeconds: course.elapsedMs(now) / 1_000,
    counts: {
      total: options.total,
      ...counts,
      running: objective(records.running),
      queued: objective(records.queued),
    },
    found: foundOf(records, now),
    best: records.best.map((row) => taskRow(records, row)),
    recent: records.recent.map((row) => taskRow(records, row)),
    next: knowledge.next(10, (candidate) => records.added.get(candidate) ?? options.nextLabel?.(candidate) ?? null),
    pinned: [...knowledge.pinned.keys()],
    vetoed: [...knowledge.vetoed.keys()],
    capacity: books.capacity,
    pools: books.pools,
    slots: slotsNow(records, now),
    workers: workerRows(records),
    model: modelOf(records),
  };
}

function foundOf({ finds, successAt, course }: Records, now: number): Overview['found'] {
  const n = finds.length;
  const findsUpTo = (count: number): number => (count === 0 ? 0 : finds.at(count - 1));
  const count = findsUpTo(n);
  const few = Math.min(lastFew, n);
  const shareOfLast25 = few === 0 ? null : (count - findsUpTo(n - few)) / few;
  const elapsed = course.elapsedMs(now);
  const isOn = course.state === 'running' || course.state === 'draining';
  const window = isOn ? Math.min(rateMs, elapsed) : elapsed;
  const before = isOn ? successAt.countUpTo(now - window) : 0;
  const minutes = window / 60_000;
  const hasRate = n - before >= 2 && minutes > 0;
  const findsPerMinute = hasRate ? (count - findsUpTo(before)) / minutes : null;
  return {
    count,
    share: n === 0 ? null : count / n,
    shareOfLast25,
    simulationsPerMinute: hasRate ? (n - before) / minutes : null,
    findsPerMinute,
    secondsToNextFind: isOn && findsPerMinute !== null && findsPerMinute > 0 ? 60 / findsPerMinute : null,
  };
}

function modelOf(records: Records): ModelView | null {
  const { knowledge, counts, course } = records;
  const { current, underWay, doneUpdates, failedUpdates } = knowledge;
  const shown = current ?? underWay;
  if (shown === null) return null;
  return {
    update: shown.update,
    trainedOn: shown.trainedOn,
    model: shown.model,
    // A drain gives an update up; it is begun again when the campaign goes on.
    isUpdating: underWay !== null && course.state === 'running',
    staleResults: current === null ? 0 : Math.max(0, counts.succeeded - current.trainedOn),
    recentError: recentError(records),
    updates: doneUpdates,
    failedUpdates,
  };
}

/** Mean absolute error of predictions on the last few results that had one. */
function recentError({ successes, tasks }: Records): number | null {
  let sum = 0;
  let count = 0;
  const first = Math.max(0, successes.length - 20 * lastFew);
  for (let n = successes.length - 1; n >= first && count < lastFew; n -= 1) {
    const row = successes.at(n);
    const mean = tasks.mean.orNull(row);
    if (mean === null) continue;
    sum += Math.abs(tasks.value.at(row) - mean);
    count += 1;
  }
  return count === 0 ? null : sum / count;
}
