/** A rehearsal as people read it: tables that fit 100 columns, and 80 where names are short. */
import type { RehearsalReport } from './rehearsal-report.ts';
import type { Curve, Estimate, FindTime } from './report.ts';

const bars = ' ▁▂▃▄▅▆▇█';
const sparkWidth = 16;

/** A curve as one line of characters, from 0 to `most`. */
export function sparkline({ mean }: Pick<Curve, 'mean'>, most: number, width = sparkWidth): string {
  return Array.from({ length: width }, (_, i) => {
    const value = mean[Math.round(((i + 1) * (mean.length - 1)) / width)] ?? 0;
    const step = Math.ceil(Math.min(1, value / Math.max(most, 1e-9)) * (bars.length - 1) - 1e-9);
    return bars[step] ?? ' ';
  }).join('');
}

/** Columns of text: the first to the left and at least so wide, the others to the right, two blanks between them. */
export function columns(rows: readonly (readonly string[])[], firstWidth = 0): string[] {
  const widthOf = (i: number): number =>
    Math.max(i === 0 ? firstWidth : 0, ...rows.map((row) => (row[i] ?? '').length));
  const widths = (rows[0] ?? []).map((_, i) => widthOf(i));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

const number = (value: number, digits = 1): string => value.toFixed(digits);
const count = (n: number): string => n.toLocaleString('en');
const plural = (n: number, word: string): string => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

function estimated({ mean, standardError }: Estimate, digits = 1): string {
  return standardError === null
    ? number(mean, digits)
    : `${number(mean, digits)} ±${number(standardError, digits).padStart(digits + 2)}`;
}

const percent = ({ mean }: Estimate): string => `${(100 * mean).toFixed(1)} %`;

function ordinal(n: number): string {
  const tens = n % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}

/** Seconds to the k-th find; in brackets how many seeds came so far, where not all did. */
function findTime({ seconds, seeds }: FindTime, allSeeds: number): string {
  if (seconds === null) return 'never';
  const some = seeds < allSeeds ? ` (${seeds})` : '';
  return `${estimated(seconds, seconds.mean < 20 ? 1 : 0)} s${some}`;
}

/** What came of a rehearsal. @param curves of the best that were found, one a combination. */
export function reportText(report: RehearsalReport, curves: readonly Curve[]): string {
  const { threshold, unit, combinations } = report;
  const side = report.seek === 'highest' ? 'above' : 'below';
  const beyond = threshold && `${side} ${threshold.value}${unit === null ? '' : ` ${unit}`} (${threshold.count})`;
  const width = Math.max(17, ...combinations.map(({ name }) => name.length), beyond?.length ?? 0);
  const lines = [
    ...header(report),
    '',
    ...columns(
      findRows(report, 'best', 'best 1 % found', (i) => sparkline(curves[i] ?? { mean: [] }, report.best.count)),
      width,
    ),
    ...(beyond === null
      ? []
      : [
          '',
          ...columns(
            findRows(report, 'beyond', beyond, () => ''),
            width,
          ),
        ]),
    '',
    ...columns(courseRows(report)),
    '',
    'find: one of the best 1 % (in brackets: seeds that came so far, where not all did)',
    'busy: of all slots; simulating: of the slots of that pool',
    'stale: results that the ranking of a choice did not know, and its age',
  ];
  return `${lines.join('\n')}\n`;
}

function header({ table, best, seek, label, unit, seeds, fleet, times, notes }: RehearsalReport): string[] {
  const ties = best.count - best.aim;
  const tied = ties === 0 ? '' : ` (${count(ties)} more than one in a hundred: as good as number ${count(best.aim)})`;
  return [
    `${count(table.answered)} candidates of ${table.name}; seeking the ${seek} ${label}`,
    `the best 1 %: ${best.count}, ${seek === 'highest' ? 'from' : 'up to'} ${number(best.cut, 4)}${unit === null ? '' : ` ${unit}`}${tied}`,
    `${plural(seeds.length, 'seed')}; ${plural(fleet.workers, 'worker')} with ${plural(fleet.slots, 'slot')}; ` +
      `a simulation takes ${times.medianSeconds} s of virtual time (median)`,
    ...notes,
  ];
}

/** What was found at each budget, between what chance and what foresight would have found. */
function findRows(
  { budgets, baselines, combinations, blind }: RehearsalReport,
  of: 'best' | 'beyond',
  title: string,
  curve: (i: number) => string,
): string[][] {
  return [
    [title, ...budgets.map((budget) => `at ${count(budget)}`), ''],
    ['random, expected', ...baselines.map(({ random }) => number(random[of])), ''],
    ...combinations.map(({ name, found }, i) => [name, ...found.map((one) => estimated(one[of])), curve(i)]),
    [
      blind === 0 ? 'perfect foresight' : `foresight after ${blind}`,
      ...baselines.map(({ foresight }) => number(foresight[of])),
      '',
    ],
  ];
}

/** How the campaigns went. */
function courseRows({ budgets, combinations, seeds }: RehearsalReport): string[][] {
  const hasFailed = combinations.some(({ failed }) => failed.mean > 0);
  const finds = combinations[0]?.timeToFind ?? [];
  return [
    [
      `until ${count(Math.max(...budgets))}`,
      ...finds.map(({ finds: k }) => `${ordinal(k)} find`),
      ...['end', 'busy', 'simulating', 'updates', 'stale', ...(hasFailed ? ['failed'] : [])],
    ],
    ...combinations.map((one) => [
      one.name,
      ...one.timeToFind.map((time) => findTime(time, seeds.length)),
      `${number(one.seconds.mean, 0)} s`,
      percent(one.busy.all),
      percent(one.busy.pool),
      number(one.updates.mean, 0),
      one.staleness === null ? '-' : `${number(one.staleness.results.mean)}, ${number(one.staleness.seconds.mean)} s`,
      ...(hasFailed ? [number(one.failed.mean)] : []),
    ]),
  ];
}
