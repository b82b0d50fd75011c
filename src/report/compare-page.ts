/** Runs laid over each other as one page: their numbers, what differs, and the figures of a report with all of them in each. */
import type { Objective } from '../campaign/definition.ts';
import type { Comparison } from '../comparison/comparison.ts';
import { numberRows, rowsOf } from '../comparison/comparison-text.ts';
import type { RecordedRun } from '../comparison/recorded-run.ts';
import { scienceOf } from '../comparison/recorded-science.ts';
import { utilisationFigure, type UtilisationRow } from '../figures/bars.ts';
import { scienceExhibits, type Exhibit } from '../figures/exhibits.ts';
import { figureGrid, type DrawnExhibit } from './drawn-exhibits.ts';
import { html } from './html.ts';
import { dataTable, page, section, utc } from './page-parts.ts';

/** The figures of several runs: one line, or one colour, each. */
export function comparedExhibits(
  { runs: compared, threshold }: Comparison,
  runs: readonly RecordedRun[],
  objective: Objective,
): Exhibit[] {
  const science = runs.map(({ record, lines }) => ({
    name: record.id,
    science: scienceOf(lines, objective, {
      threshold,
      seek: record.settings['seek'] === 'lowest' ? 'lowest' : 'highest',
    }),
  }));
  const rows = compared.flatMap(({ id, busy }): UtilisationRow[] =>
    busy === null ? [] : [{ name: id, simulate: busy.simulating, learn: Math.max(0, busy.all - busy.simulating) }],
  );
  return [...scienceExhibits({ measure: objective, runs: science }), ...(rows.length === 0 ? [] : [busyExhibit(rows)])];
}

/** A name that is set in stays so in a page. */
const indented = ([name = '', ...cells]: readonly string[]): string[] => [
  name.replace(/^ +/, '\u00a0\u00a0\u00a0'),
  ...cells,
];

const busyExhibit = (rows: readonly UtilisationRow[]): Exhibit => ({
  name: 'utilisation',
  label: "Shares of the slots' time by run",
  figure: (theme, size) =>
    utilisationFigure(
      {
        words: {
          title: 'What the slots did',
          caption:
            "Share of all slots' time from the first start to the last end. Teal: simulating; violet: training and inference; grey: idle.",
        },
        rows,
      },
      theme,
      size?.width,
    ),
  table: () => ({
    columns: ['run', 'simulating', 'training and inference'],
    rows: rows.map(({ name, simulate, learn }) => [name, simulate, learn]),
  }),
});

/** The page. @param madeAt ms since 1970. */
export function comparePage(comparison: Comparison, drawn: readonly DrawnExhibit[], madeAt: number): string {
  const { runs, objective, threshold, differences, circumstances, notes } = comparison;
  const ids = runs.map(({ id }) => id);
  const side = objective.seek === 'highest' ? 'above' : 'below';
  const different = [...rowsOf(differences), ...rowsOf(circumstances)];
  const body = html`<h1>${ids.join(', ')}</h1>
    <p>${runs.length} runs side by side: ${objective.label} ${side} ${threshold} ${objective.unit}.</p>
    ${notes.map((note) => html`<p>${note}</p>`)}
    <p class="quiet small">This page was made ${utc(madeAt)} from the results that the runs have left.</p>
    ${section('In numbers', dataTable({ caption: 'One column a run', columns: ['number', ...ids], rows: numberRows(comparison).map(indented) }))}
    ${section(
      'What differs',
      different.length === 0
        ? html`<p>Settings, versions, space and hosts are the same.</p>`
        : dataTable({ caption: 'Settings, versions, space, hosts', columns: ['what', ...ids], rows: different }),
    )}
    ${section('Figures', figureGrid(drawn))}`;
  return page({ title: ids.join(', '), body });
}
