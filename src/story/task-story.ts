/** Everything about one task, from its row; its arguments, output and attempts are in the log, by its sequences. */
import { taskRow } from './overview.ts';
import { runningTasks } from './present.ts';
import type { Records } from './records.ts';
import type { TaskStory } from './views.ts';
import { why } from './why.ts';
import { changedBy } from './changed.ts';

const mostTraining = 200;

export function taskStoryOf(records: Records, row: number): TaskStory {
  const { tasks } = records;
  return {
    ...taskRow(records, row, sinceOf(records, row)),
    method: tasks.names.at(tasks.method.at(row)) ?? '',
    arguments: null,
    steps: stepsOf(records, row),
    slots: tasks.slots.at(row),
    grant: tasks.grants[row] ?? null,
    attempts: [],
    resources: null,
    output: null,
    trainingSet: trainingSetOf(records, row),
    changed: changedBy(records, row),
    why: why(records, row),
  };
}

function sinceOf(records: Records, row: number): number | null {
  return records.running.has(row) ? (runningTasks(records).find((one) => one.row === row)?.since ?? null) : null;
}

function stepsOf(records: Records, row: number): TaskStory['steps'] {
  const { tasks, workers, cancels } = records;
  const worker = tasks.names.at(tasks.worker.at(row));
  const host = worker === null ? '' : (workers.get(worker)?.host ?? '');
  const cancel = cancels.get(tasks.ids[row] ?? '');
  const by = tasks.names.at(tasks.by.at(row));
  const isWithdrawn = tasks.stateOf(row) === 'withdrawn';
  const steps: [number, string, number | null][] = [
    [tasks.createdAt.at(row), by === null ? 'created' : 'chosen', tasks.created.orNull(row)],
    [tasks.grantedAt.at(row), `slot granted (${tasks.grants[row] ?? 'none'})`, null],
    // It is stored in the queue and in the log at once.
    [Math.max(tasks.queuedAt.at(row), tasks.createdAt.at(row)), 'queued for a worker', null],
    [tasks.pickedUp.at(row), `fetched by ${worker ?? 'a worker'} on ${host}`, null],
    [tasks.start.at(row), 'computation began', null],
    [isWithdrawn ? NaN : tasks.end.at(row), 'computation ended', null],
    [tasks.storedAt.at(row), isWithdrawn ? 'withdrawn before it began' : 'result stored', tasks.finished.orNull(row)],
    [tasks.recordedAt.at(row), 'counted', tasks.recorded.orNull(row)],
  ];
  if (cancel !== undefined) {
    steps.push([
      cancel.at,
      `cancelled by ${cancel.by}${cancel.reason === '' ? '' : `: ${cancel.reason}`}`,
      cancel.sequence,
    ]);
  }
  return steps
    .filter(([at]) => !Number.isNaN(at))
    .sort(([a], [b]) => a - b)
    .map(([at, what, sequence]) => ({ at, what, sequence }));
}

/** The results that the model knew which chose a task, the last first. */
function trainingSetOf({ tasks, successes }: Records, row: number): TaskStory['trainingSet'] {
  const known = tasks.trainedOn.orNull(row);
  if (known === null || !((tasks.update.orNull(row) ?? 0) > 0)) return [];
  const last = Math.min(known, successes.length);
  return successes
    .slice(Math.max(0, last - mostTraining), last)
    .reverse()
    .map((one) => ({ task: tasks.ids[one] ?? '', label: tasks.labels[one] ?? '', value: tasks.value.at(one) }));
}
