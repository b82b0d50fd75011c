/** Runs side by side as people read them: a column a run, a row a number. */
import { columns, sparkline } from '../rehearsal/report-text.ts';
import type { ComparedRun, Comparison } from './comparison.ts';

const none = '-';
const lettersFrom = 4;

/** What came of a comparison; from four runs on their columns are headed by letters. */
export function comparisonText(comparison: Comparison): string {
  const { runs, differences, circumstances, notes } = comparison;
  const hasLetters = runs.length >= lettersFrom;
  const names = runs.map(({ id }, i) => (hasLetters ? String.fromCharCode(65 + i) : id));
  const [settings, others] = [rowsOf(differences), rowsOf(circumstances)];
  const lines = [
    ...(hasLetters ? runs.map(({ id }, i) => `${names[i] ?? ''}  ${id}`) : []),
    ...columns([
      ['', ...names],
      ...numberRows(comparison),
      ...(settings.length === 0 ? [] : [['settings that differ'], ...settings]),
      ...(others.length === 0 ? [] : [['what else differs'], ...others]),
    ]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The numbers of the runs: the name of each, and one text a run. */
export function numberRows(comparison: Comparison): string[][] {
  const { runs, objective, threshold } = comparison;
  const beyond = `${objective.seek === 'highest' ? 'above' : 'below'} ${threshold} ${objective.unit}`;
  const row = (name: string, of: (run: ComparedRun, i: number) => string | null): string[] => [
    name,
    ...runs.map((run, i) => of(run, i) ?? none),
  ];
  const most = Math.max(...runs.map(({ found }) => found), 1);
  return [
    row('policy', ({ policy }) => policy),
    row('state', ({ state }) => state),
    row('simulations', ({ succeeded, failed }) => `${succeeded}${failed === 0 ? '' : `, ${failed} failed`}`),
    row(`found ${beyond}`, ({ found }) => String(found)),
    ...(runs[0]?.foundAt ?? []).map(({ evaluations }, at) =>
      row(`  after ${evaluations}`, ({ foundAt }) => foundAt[at]?.found?.toString() ?? null),
    ),
    row('  against evaluations', ({ curve }) => sparkline({ mean: curve.found }, most)),
    row(`best ${objective.label}, ${objective.unit}`, ({ best }) => best?.toFixed(4) ?? null),
    ...(runs[0]?.foundAt ?? []).map(({ evaluations }, at) =>
      row(`  after ${evaluations}`, ({ foundAt }) => foundAt[at]?.best?.toFixed(4) ?? null),
    ),
    row('wall time, s', ({ wallSeconds }) => wallSeconds.toFixed(1)),
    ...(runs[0]?.foundAt ?? []).map(({ evaluations }, at) =>
      row(`  until ${evaluations}`, ({ foundAt }) => foundAt[at]?.seconds?.toFixed(1) ?? null),
    ),
    row('slots', ({ slots }) => slots?.toString() ?? null),
    row('  busy', ({ busy }) => percent(busy?.all)),
    row('  simulating', ({ busy }) => percent(busy?.simulating)),
    row('model updates', ({ updates }) =>
      updates === null ? null : `${updates.done}${updates.failed === 0 ? '' : `, ${updates.failed} failed`}`,
    ),
    row('  of computed time', ({ learningShare }) => percent(learningShare)),
    row('tried again', ({ retries }) => String(retries)),
    row('slot-hours', ({ slotHours }) => slotHours?.toFixed(3) ?? null),
    row('CPU-hours', ({ cpuHours }) => cpuHours.toFixed(3)),
    row('CPU seconds a find', ({ cpuSecondsPerFind }) => cpuSecondsPerFind?.toFixed(1) ?? null),
  ];
}

/** Differences as rows: the name, and one text a run. */
export const rowsOf = (differences: Comparison['differences']): string[][] =>
  Object.entries(differences).map(([name, values]) => [name, ...values.map(textOf)]);

const percent = (share: number | undefined): string | null =>
  share === undefined ? null : `${(100 * share).toFixed(1)} %`;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
