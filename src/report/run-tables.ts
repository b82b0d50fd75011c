/** The tables of a run's report: fleet and idle time, updates of the model, failures. */
import { causesOf } from '../figures/idle.ts';
import type { LedgerView, TaskRow } from '../story/views.ts';
import { html, type Html } from './html.ts';
import { dataTable, percentOf, section, spanOf, utc } from './page-parts.ts';
import type { RunReport } from './report-data.ts';

const mostRows = 60;
const mostMoves = 500;

/** Workers, moves of slots, and the longest gaps. */
export function fleetSection({ overview, ledger, idle }: Pick<RunReport, 'overview' | 'ledger' | 'idle'>): Html {
  const share = (seconds: number): string => percentOf(idle.slotSeconds === 0 ? null : seconds / idle.slotSeconds);
  const time = (name: string, seconds: number): string[] => [name, seconds.toFixed(1), share(seconds)];
  return section(
    'Fleet',
    html`${dataTable({
      caption: "What the slots' time went into",
      columns: ['what', 'slot seconds', 'share'],
      rows: [
        ...Object.entries(idle.busySeconds).map(([topic, seconds]) => time(topic, seconds)),
        ...causesOf(idle).map(([cause, seconds]) => time(`idle: ${cause}`, seconds)),
      ],
    })}
    ${dataTable({
      caption: 'Workers',
      columns: ['worker', 'host', 'slots', 'tasks done', 'failed', 'state', 'joined', 'gone'],
      rows: overview.workers.map(({ worker, host, slots, done, failed, state, joinedAt, goneAt }) => [
        worker,
        host,
        slots,
        done,
        failed,
        state,
        utc(joinedAt),
        goneAt === null ? null : utc(goneAt),
      ]),
    })}
    ${movesTables(ledger.moves)}`,
  );
}

/** Moves of slots: how many of each kind, and each of them for those who open it. */
function movesTables(moves: LedgerView['moves']): Html | null {
  if (moves.length === 0) return null;
  const kinds = new Map<string, { row: string[]; times: number; slots: number }>();
  for (const { from, to, by, reason, slots } of moves) {
    const row = [from, to, by, reason];
    const kind = kinds.get(JSON.stringify(row)) ?? { row, times: 0, slots: 0 };
    kinds.set(JSON.stringify(row), { row, times: kind.times + 1, slots: kind.slots + slots });
  }
  const most = [...kinds.values()].sort((a, b) => b.times - a.times).slice(0, mostRows);
  const each = moves.slice(0, mostMoves);
  return html`${dataTable({
      caption: 'Moves of slots between pools',
      columns: ['from', 'to', 'by', 'why', 'times', 'slots'],
      rows: most.map(({ row, times, slots }) => [...row, times, slots]),
    })}
    <details>
      <summary>Each move${each.length < moves.length ? `: the first ${mostMoves} of ${moves.length}` : ''}</summary>
      ${dataTable({
        columns: ['when', 'from', 'to', 'slots', 'by', 'why'],
        rows: each.map(({ at, from, to, slots, by, reason }) => [utc(at), from, to, slots, by, reason]),
      })}
    </details>`;
}

/** Each update of the model; null for runs without one. */
export function updatesSection({ science, measure }: Pick<RunReport, 'science' | 'measure'>): Html | null {
  const { updates } = science;
  if (updates.length === 0) return null;
  const step = Math.max(1, Math.ceil(updates.length / mostRows));
  const shown = updates.filter((_, i) => i % step === 0 || i === updates.length - 1);
  return section(
    'Updates of the model',
    dataTable({
      caption:
        `${updates.length} updates${step === 1 ? '' : `, each ${step}th shown`}. ` +
        'The error is the mean absolute one on the results that this update had chosen.',
      columns: ['update', 'trained on', 'done after', 'took, s', `error, ${measure.unit}`, 'on results'],
      rows: shown.map(({ update, trainedOn, at, seconds, error, results }) => [
        update,
        trainedOn,
        spanOf(at / 1_000),
        seconds.toFixed(3),
        error === null ? null : error.toFixed(5),
        results,
      ]),
    }),
  );
}

/** Failures by their codes, and the last of them; a sentence where there were none. */
export function failuresSection({
  failures,
  failed,
  overview,
}: Pick<RunReport, 'failures' | 'failed' | 'overview'>): Html {
  const { retried } = overview.counts;
  const again = retried === 0 ? '' : ` ${retried} attempts failed and were tried again.`;
  if (failed === 0) return section('Failures', html`<p>No task failed.${again}</p>`);
  const codes = byCode(failures);
  return section(
    'Failures',
    html`<p>${failed} tasks failed.${again}</p>
      ${dataTable({
        columns: ['code', 'tasks', 'the last of them'],
        rows: [...codes].map(([code, rows]) => [code, rows.length, rows[0]?.failure?.message ?? '']),
      })}
      ${dataTable({
        caption: failed > mostRows ? `The last ${mostRows}` : 'Each of them',
        columns: ['task', 'candidate', 'code', 'message', 'host'],
        rows: failures
          .slice(0, mostRows)
          .map(({ task, label, failure, host }) => [
            task,
            label,
            failure?.code ?? null,
            failure?.message ?? null,
            host,
          ]),
      })}`,
  );
}

function byCode(failures: readonly TaskRow[]): [string, TaskRow[]][] {
  const codes = new Map<string, TaskRow[]>();
  for (const row of failures) {
    const code = row.failure?.code ?? 'unknown';
    codes.set(code, [...(codes.get(code) ?? []), row]);
  }
  return [...codes].sort(([, a], [, b]) => b.length - a.length);
}
