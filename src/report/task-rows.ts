/** Every task of a run as a row for spreadsheets. */
import type { ResultLine } from '../campaign/result-line.ts';
import type { Table } from '../figures/exhibits.ts';
import { isWithdrawn } from '../protocol/task.ts';

const longest = 200;

type Cell = string | number | null;

/**
 * A row a task, in the order in which they were recorded: what it was, why it was chosen, where and when it was computed, and
 * what came of it. The scalars of its value have a column each, `value.NAME`; long texts such as geometries stay in `results.jsonl`.
 */
export function taskRows(lines: readonly ResultLine[]): Table {
  const origin = lines.reduce((first, { times }) => Math.min(first, times.created), Infinity);
  const values = lines.map(scalarsOf);
  const names = [...new Set(values.flatMap((value) => Object.keys(value)))];
  const rows = lines.map((line) => rowOf(line, origin));
  return {
    columns: [...Object.keys(rows[0] ?? {}), ...names.map((name) => `value.${name}`)],
    rows: rows.map((row, i) => [...Object.values(row), ...names.map((name) => values[i]?.[name] ?? null)]),
  };
}

function rowOf(line: ResultLine, origin: number): Record<string, Cell> {
  const { times, failure, choice } = line;
  const { smiles } = (line.arguments ?? {}) as { smiles?: unknown };
  const { stale } = choice ?? {};
  const { results, seconds } = (typeof stale === 'object' && stale !== null ? stale : {}) as Record<string, unknown>;
  const after = (ms: number): number => Math.round(ms - origin) / 1_000;
  return {
    task: line.id,
    method: line.method,
    topic: line.topic,
    candidate: line.candidate,
    smiles: cellOf(smiles),
    state: line.success ? 'succeeded' : isWithdrawn(failure) ? 'withdrawn' : 'failed',
    'failure code': failure?.code ?? null,
    'failure message': failure?.message ?? null,
    'failed attempts': line.attempts.length,
    pool: line.pool,
    slots: line.slots,
    host: line.worker.host,
    worker: line.worker.id,
    'created (UTC)': new Date(times.created).toISOString(),
    'created s': after(times.created),
    'queued s': after(times.queued),
    'picked up s': after(times.pickedUp),
    'compute started s': after(times.computeStarted),
    'compute ended s': after(times.computeEnded),
    'stored s': after(times.stored),
    'decided s': after(times.decided),
    'wall s': line.resources.wallMs / 1_000,
    'cpu s': line.resources.cpuMs / 1_000,
    'chosen by': cellOf(choice?.['by']),
    rank: cellOf(choice?.['rank']),
    score: cellOf(choice?.['score']),
    'predicted mean': cellOf(choice?.['mean']),
    'predicted deviation': cellOf(choice?.['deviation']),
    update: cellOf(choice?.['update']),
    'trained on': cellOf(choice?.['trainedOn']),
    'stale results': cellOf(results),
    'stale seconds': cellOf(seconds),
    'log sequence': line.sequence,
  };
}

function scalarsOf({ success, value }: ResultLine): Record<string, Cell> {
  if (!success || value === null || value === undefined) return {};
  const parts = typeof value === 'object' ? Object.entries(value) : [['', value] as const];
  const cells = parts.map(([name, part]) => [name, cellOf(part)] as const);
  return Object.fromEntries(cells.filter(([, cell]) => cell !== null));
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'number' || (typeof value === 'string' && value.length <= longest)) return value;
  return typeof value === 'boolean' ? String(value) : null;
}
