/** What the page about a run shows, as plain data. */
import type { RunRecord } from '../campaign/run-folder.ts';
import type { Measure } from '../figures/runs.ts';
import type { IdleReport, LedgerView, Overview, Science, TaskRow, Timeline } from '../story/views.ts';
import type { DrawnExhibit } from './drawn-exhibits.ts';

/** What a report is made of. */
export interface RunReport {
  readonly record: RunRecord;
  readonly measure: Measure;
  /** Ms since 1970: of the page. */
  readonly madeAt: number;
  readonly overview: Overview;
  readonly science: Science;
  readonly timeline: Timeline;
  readonly ledger: LedgerView;
  readonly idle: IdleReport;
  /** Tasks that failed, the last first; the first hundreds where there are many. */
  readonly failures: readonly TaskRow[];
  readonly failed: number;
  readonly figures: readonly DrawnExhibit[];
  /** Where the figures lie as files, beside the page. */
  readonly folder: string;
  /** A picture of each of the best by its label, as SVG text in both themes. */
  readonly drawings: ReadonlyMap<string, Readonly<Record<'light' | 'dark', string>>>;
  /** Statecharts by the names of their actors, as SVG text. */
  readonly charts: ReadonlyMap<string, string>;
}
