/** Lists of tasks, and one that somebody means. */
import type { Records } from './records.ts';

export interface TaskQuery {
  /** Best value first, those without one last; or the last created first. Default: recent. */
  readonly sort?: 'value' | 'recent' | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  /** A part of the id or the label, in any case. */
  readonly text?: string | undefined;
  /** Empty, or left out: any. */
  readonly state?: string | undefined;
  readonly topic?: string | undefined;
}

const usualLimit = 100;

export class TaskSearch {
  readonly #records: Records;
  #byValue: { successes: number; length: number; rows: Int32Array } | null = null;

  constructor(records: Records) {
    this.#records = records;
  }

  /** The row of a task by its id, else of the last one by its label; -1 when there is none. */
  find(idOrLabel: string): number {
    const { tasks } = this.#records;
    const row = tasks.find(idOrLabel);
    return row >= 0 ? row : tasks.labels.lastIndexOf(idOrLabel);
  }

  page({ sort = 'recent', offset = 0, limit = usualLimit, text = '', state = '', topic = '' }: TaskQuery): {
    rows: number[];
    total: number;
  } {
    const { tasks } = this.#records;
    const wanted = text.toLowerCase();
    const topicNumber = topic === '' ? null : tasks.topics.find(topic);
    const order = sort === 'value' ? this.#bestFirst() : null;
    const rows: number[] = [];
    let total = 0;
    for (let place = 0; place < tasks.length; place += 1) {
      const row = order?.[place] ?? tasks.length - 1 - place;
      if (topicNumber !== null && tasks.topic.at(row) !== topicNumber) continue;
      if (state !== '' && tasks.stateOf(row) !== state) continue;
      if (wanted !== '' && !this.#names(row, wanted)) continue;
      if (total >= offset && rows.length < limit) rows.push(row);
      total += 1;
    }
    return { rows, total };
  }

  /** Rows whose id or label is most like a text: those that contain it, then those that share the most pairs of letters. */
  similar(text: string, count: number): number[] {
    const { tasks } = this.#records;
    const wanted = text.toLowerCase();
    if (wanted === '') return [];
    const pairs = pairsOf(wanted);
    const best: { row: number; likeness: number }[] = [];
    for (let row = 0; row < tasks.length; row += 1) {
      const likeness = this.#names(row, wanted)
        ? 1 + 1 / (tasks.ids[row]?.length ?? 1)
        : Math.max(likenessOf(pairs, tasks.ids[row] ?? ''), likenessOf(pairs, tasks.labels[row] ?? ''));
      if (likeness < 0.5 || (best.length === count && likeness <= (best.at(-1)?.likeness ?? 0))) continue;
      const place = best.findIndex((other) => other.likeness < likeness);
      best.splice(place < 0 ? best.length : place, 0, { row, likeness });
      best.length = Math.min(best.length, count);
    }
    return best.map(({ row }) => row);
  }

  #names(row: number, wanted: string): boolean {
    const { ids, labels } = this.#records.tasks;
    return (ids[row] ?? '').toLowerCase().includes(wanted) || (labels[row] ?? '').toLowerCase().includes(wanted);
  }

  #bestFirst(): Int32Array {
    const { tasks, successes, sign } = this.#records;
    const known = this.#byValue;
    if (known?.successes === successes.length && known.length === tasks.length) return known.rows;
    const rows = Int32Array.from({ length: tasks.length }, (_, row) => row);
    const keys = Float64Array.from(rows, (row) => {
      const value = tasks.value.at(row);
      return Number.isNaN(value) ? Infinity : -sign * value;
    });
    rows.sort((a, b) => ((keys[a] ?? 0) === (keys[b] ?? 0) ? b - a : (keys[a] ?? 0) < (keys[b] ?? 0) ? -1 : 1));
    this.#byValue = { successes: successes.length, length: tasks.length, rows };
    return rows;
  }
}

function pairsOf(text: string): Set<string> {
  const pairs = new Set<string>();
  for (let at = 0; at + 1 < text.length; at += 1) pairs.add(text.slice(at, at + 2));
  return pairs;
}

/** Shared pairs of letters, of all that the two have: 0 to 1. */
function likenessOf(pairs: ReadonlySet<string>, text: string): number {
  const others = pairsOf(text.toLowerCase());
  if (pairs.size + others.size === 0) return 0;
  let shared = 0;
  for (const pair of others) if (pairs.has(pair)) shared += 1;
  return (2 * shared) / (pairs.size + others.size);
}
