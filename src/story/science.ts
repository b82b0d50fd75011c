/** What was found, beside what chance would have found, and how well the model knew it. */
import type { Records } from './records.ts';
import type { Science } from './views.ts';

/** Shares of results, and within how many deviations of the mean a normal distribution has them. */
const intervals: readonly (readonly [share: number, deviations: number])[] = [
  [0.1, 0.125661],
  [0.2, 0.253347],
  [0.3, 0.38532],
  [0.4, 0.524401],
  [0.5, 0.67449],
  [0.6, 0.841621],
  [0.7, 1.036433],
  [0.8, 1.281552],
  [0.9, 1.644854],
  [0.95, 1.959964],
  [0.99, 2.575829],
];

export function scienceOf(records: Records): Science {
  const { tasks, options, finds } = records;
  const rows = records.successes.slice();
  const origin = records.course.startedAt ?? records.origin;
  const orNull = (column: { orNull(row: number): number | null }): (number | null)[] =>
    rows.map((row) => column.orNull(row));
  return {
    origin,
    threshold: options.threshold,
    seek: options.seek,
    results: {
      at: rows.map((row) => Math.round(tasks.recordedAt.at(row) - origin)),
      value: rows.map((row) => tasks.value.at(row)),
      task: rows.map((row) => tasks.ids[row] ?? ''),
      label: rows.map((row) => tasks.labels[row] ?? ''),
      predicted: orNull(tasks.mean),
      deviation: orNull(tasks.deviation),
      update: orNull(tasks.update),
      staleResults: orNull(tasks.staleResults),
      staleSeconds: orNull(tasks.staleSeconds),
      decisionMs: rows.map((row) => Math.round((tasks.decisionMs.orNull(row) ?? 0) * 10) / 10),
    },
    found: finds.slice(),
    random: byChance(records, rows),
    updates: updatesOf(records, rows, origin),
    calibration: calibrationOf(records, rows),
  };
}

/** Fewer than this that were chosen at random say less than those do that were chosen as unlike each other as can be. */
const enoughAtRandom = 8;

/** The rate of finds among those that were chosen at random; where there are few, among all that were chosen without a model. */
function byChance(records: Records, rows: readonly number[]): Science['random'] {
  const { tasks } = records;
  const chosenBy = (row: number): string | null => tasks.names.at(tasks.by.at(row));
  const shuffled = rows.filter((row) => chosenBy(row) === 'shuffle');
  const isRandom = shuffled.length >= enoughAtRandom;
  const unguided = isRandom ? shuffled : rows.filter((row) => ['shuffle', 'first'].includes(chosenBy(row) ?? ''));
  const count = unguided.length;
  if (count === 0) return null;
  const found = unguided.filter((row) => records.isFound(tasks.value.at(row))).length;
  const rate = found / count;
  // Agresti and Coull: an error that is not 0 where all or none were found.
  const adjusted = (found + 2) / (count + 4);
  return {
    rate,
    error: Math.sqrt((adjusted * (1 - adjusted)) / (count + 4)),
    from: isRandom
      ? `the ${count.toLocaleString('en')} that were chosen at random`
      : `the ${count.toLocaleString('en')} that were chosen before there was a model, as unlike each other as can be`,
  };
}

function updatesOf({ tasks, knowledge }: Records, rows: readonly number[], origin: number): Science['updates'] {
  const errors = new Map<number, { sum: number; count: number }>();
  for (const row of rows) {
    const update = tasks.update.orNull(row);
    const mean = tasks.mean.orNull(row);
    if (update === null || mean === null) continue;
    const so = errors.get(update) ?? { sum: 0, count: 0 };
    so.sum += Math.abs(tasks.value.at(row) - mean);
    so.count += 1;
    errors.set(update, so);
  }
  return knowledge.updates.flatMap(({ update, trainedOn, startedAt, endedAt, failed }) => {
    if (endedAt === null || failed) return [];
    const { sum = 0, count = 0 } = errors.get(update) ?? {};
    const seconds = (endedAt - startedAt) / 1_000;
    return [
      { update, trainedOn, at: endedAt - origin, seconds, error: count === 0 ? null : sum / count, results: count },
    ];
  });
}

function calibrationOf({ tasks }: Records, rows: readonly number[]): Science['calibration'] {
  const offs = rows.flatMap((row) => {
    const deviation = tasks.deviation.orNull(row);
    const mean = tasks.mean.orNull(row);
    if (deviation === null || mean === null || deviation <= 0) return [];
    return [Math.abs(tasks.value.at(row) - mean) / deviation];
  });
  if (offs.length === 0) return null;
  return {
    expected: intervals.map(([share]) => share),
    observed: intervals.map(([, within]) => offs.filter((off) => off <= within).length / offs.length),
    count: offs.length,
  };
}
