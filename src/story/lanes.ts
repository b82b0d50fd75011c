/**
 * Lanes: slots have no names, so a worker's tasks are laid into as many rows as it has slots, in which they do not overlap. A lane
 * is there while its worker is, or while it computes.
 */
import type { Column } from './columns.ts';

/** Tasks of one lane that overlap by less only seem to: clocks and rounding, ms. */
const tolerance = 5;

export interface Lane {
  readonly worker: string;
  from: number;
  /** When its worker left, or the slot was taken away; null while it is there. */
  to: number | null;
  /** Whether its worker was lost, not dismissed. */
  isLost: boolean;
  /** Times between a loss and the return of the same worker. */
  readonly away: { readonly from: number; readonly to: number }[];
  /** Rows of its tasks in the order of their starts. */
  readonly rows: number[];
}

/** A place for a task in a lane: behind how many of its tasks, when the last of those ended, and how far it overlaps, ms. */
interface Fit {
  readonly number: number;
  readonly at: number;
  readonly before: number;
  readonly overlap: number;
}

/** Starts and ends of tasks by row, ms. */
export interface Times {
  readonly start: Column;
  readonly end: Column;
}

/** The lanes of a fleet, in the order in which they appeared. */
export class Lanes {
  readonly all: Lane[] = [];
  readonly #byWorker = new Map<string, number[]>();
  readonly #times: Times;

  constructor(times: Times) {
    this.#times = times;
  }

  of(worker: string): readonly number[] {
    return this.#byWorker.get(worker) ?? [];
  }

  /** A worker is there with so many slots. */
  join(worker: string, slots: number, at: number): void {
    const lanes = this.of(worker);
    for (const [place, number] of lanes.entries()) {
      const lane = this.all[number];
      if (lane === undefined) continue;
      if (place >= slots) {
        lane.to ??= at;
      } else if (lane.to !== null) {
        if (at > lane.to) lane.away.push({ from: lane.to, to: at });
        lane.to = null;
        lane.isLost = false;
      }
    }
    for (let place = lanes.length; place < slots; place += 1) this.#open(worker, at, null);
  }

  leave(worker: string, isLost: boolean, at: number): void {
    for (const number of this.of(worker)) {
      const lane = this.all[number];
      if (lane === undefined || lane.to !== null) continue;
      lane.to = at;
      lane.isLost = isLost;
    }
  }

  /**
   * Lay a task that ended into lanes of its worker, as many as it has slots: those where the task before ended last, which needs no
   * more lanes than there were slots when tasks come in the order of their ends. One that fits nowhere opens a lane.
   */
  place(row: number, worker: string, slots: number): void {
    const start = this.#times.start.at(row);
    const end = this.#times.end.at(row);
    const free: Fit[] = [];
    for (const number of this.of(worker)) {
      const fit = this.#fitOf(number, start, end);
      if (fit !== null) free.push(fit);
    }
    free.sort((a, b) => a.overlap - b.overlap || b.before - a.before || a.number - b.number);
    for (let place = 0; place < slots; place += 1) {
      const { number, at } = free[place] ?? { number: this.#open(worker, start, end), at: 0 };
      const lane = this.all[number];
      if (lane === undefined) continue;
      lane.rows.splice(at, 0, row);
      lane.from = Math.min(lane.from, start);
      if (lane.to !== null) lane.to = Math.max(lane.to, end);
    }
  }

  #open(worker: string, from: number, to: number | null): number {
    const number = this.all.length;
    this.all.push({ worker, from, to, isLost: false, away: [], rows: [] });
    const mine = this.#byWorker.get(worker);
    if (mine === undefined) this.#byWorker.set(worker, [number]);
    else mine.push(number);
    return number;
  }

  #endOf(row: number | undefined): number {
    return row === undefined ? -Infinity : this.#times.end.at(row);
  }

  /** Where in a lane's tasks one fits that runs from `start` to `end`; null where it does not. */
  #fitOf(number: number, start: number, end: number): Fit | null {
    const rows = this.all[number]?.rows ?? [];
    let at = rows.length;
    while (at > 0 && this.#times.start.at(rows[at - 1] ?? -1) > start) at -= 1;
    const before = this.#endOf(rows[at - 1]);
    const next = rows[at];
    const after = next === undefined ? Infinity : this.#times.start.at(next);
    const overlap = Math.max(0, before - start) + Math.max(0, end - after);
    return overlap > tolerance ? null : { number, at, before, overlap };
  }
}

/** How many of a lane's tasks ended by a time: the place of the first that ends after it. */
export function firstEndingAfter({ rows }: Lane, end: Column, at: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (end.at(rows[middle] ?? -1) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
