import type { Objective } from '../campaign/definition.ts';
import type { Summary } from '../campaign/summary.ts';
import { printable } from './printable.ts';
import { duration } from './run-view.ts';

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** A run's summary as people read it, in at most 80 columns where the names allow it. */
export function summaryText(summary: Summary, objective: Objective, savedIn: string): string {
  const { found, simulations, updates, slots, units } = summary;
  const best = summary.best.map((one) => ({ ...one, label: printable(one.label) }));
  const lines: string[] = [''];
  if (best.length > 0) {
    const width = Math.max(6, ...best.map(({ label }) => label.length));
    const column = `${objective.label} (${units.value})`;
    const also = `${objective.label} (${units.also})`;
    lines.push(`      ${'best'.padEnd(width)}  ${column.padStart(12)}  ${also.padStart(9)}`);
    for (const [index, { label, value, also: second }] of best.entries()) {
      const rank = String(index + 1).padStart(4);
      const number = value.toFixed(4).padStart(column.length > 12 ? column.length : 12);
      lines.push(
        `${rank}  ${label.padEnd(width)}  ${number}  ${second.toFixed(2).padStart(also.length > 9 ? also.length : 9)}`,
      );
    }
    lines.push('');
  }
  const failed = simulations.failed > 0 ? `, ${simulations.failed} failed` : '';
  const mean = updates.meanSeconds === null ? '' : `, ${updates.meanSeconds.toFixed(2)} s each`;
  const updatesFailed = updates.failed > 0 ? `, ${updates.failed} failed` : '';
  const rows: [string, string][] = [
    ['simulations', `${simulations.succeeded} succeeded${failed}`],
    [
      `${found.side} ${found.threshold} ${units.value}`,
      `${found.count}, and ${percent(found.shareOfLast25)} of the last 25`,
    ],
    ['model updates', `${updates.done}${mean}${updatesFailed}`],
    ...counts('failures', summary.failuresByCode),
    ...counts('tried again', summary.retriesByCode),
    ...(summary.withdrawn > 0 ? ([['withdrawn', `${summary.withdrawn} that waited`]] as [string, string][]) : []),
    ['slots', `${slots.count}, busy ${percent(slots.busy)} of the time (simulating ${percent(slots.simulating)})`],
    [
      'wall time',
      `${summary.wallSeconds.toFixed(1)} s${summary.wallSeconds >= 60 ? ` (${duration(summary.wallSeconds)})` : ''}`,
    ],
    ['state', printable(`${summary.state}: ${summary.reason}`)],
    ['saved in', savedIn],
  ];
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  for (const [name, text] of rows) lines.push(`${name.padEnd(nameWidth)}  ${text}`);
  return `${lines.join('\n')}\n`;
}

/** A row that says how often each code came, the most frequent first; none where there is nothing to say. */
function counts(name: string, byCode: Readonly<Record<string, number>>): [string, string][] {
  const codes = Object.entries(byCode).sort(([, one], [, other]) => other - one);
  return codes.length === 0 ? [] : [[name, codes.map(([code, times]) => `${times} ${code}`).join(', ')]];
}
