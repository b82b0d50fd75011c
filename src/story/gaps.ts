/** What slots did, without holes: tasks, and the gaps between them, each cut where its cause changes. */
import { firstEndingAfter, type Lane } from './lanes.ts';
import type { Records } from './records.ts';
import type { IdleCause } from './views.ts';

/** Told of a piece of a lane's time: a task's row with no cause, or -1 and the cause why it stood still. Times are ms since 1970. */
export type Visit = (lane: number, from: number, to: number, row: number, cause: IdleCause | null) => void;

/**
 * Walk along lanes and tell what their slots did in a window, in order and without holes, as far as the lanes were there. A callback
 * instead of an array: a long campaign has some hundred thousand pieces.
 */
export class LaneWalk {
  readonly #records: Records;
  readonly #visit: Visit;
  #lane = 0;
  /** The gap that is being told, as far as its cause is the same. */
  #gapFrom = 0;
  #gapTo = 0;
  #cause: IdleCause | null = null;

  constructor(records: Records, visit: Visit) {
    this.#records = records;
    this.#visit = visit;
  }

  /** @param runs the task that the lane computes now, and since when. */
  walk(number: number, window: { from: number; to: number }, runs: { row: number; since: number } | null): void {
    const lane = this.#records.lanes.all[number];
    if (lane === undefined) return;
    this.#lane = number;
    const { start, end } = this.#records.tasks;
    const { rows } = lane;
    const to = Math.min(window.to, lane.to ?? Infinity);
    let at = Math.max(window.from, lane.from);
    let place = firstEndingAfter(lane, end, at);
    for (; place < rows.length; place += 1) {
      const row = rows[place] ?? -1;
      const begun = Math.max(start.at(row), at);
      if (begun >= to) break;
      const ended = Math.min(end.at(row), to);
      // A lane's tasks may seem to overlap a little: what is told is told.
      if (ended <= begun) continue;
      this.#gap(lane, at, begun, rows[place - 1] ?? -1, row);
      this.#visit(number, begun, ended, row, null);
      at = ended;
    }
    const since = runs === null ? to : Math.max(at, Math.min(to, runs.since));
    this.#gap(lane, at, since, rows[place - 1] ?? -1, runs?.row ?? rows[place] ?? -1);
    if (runs !== null && since < to) this.#visit(number, since, to, runs.row, null);
  }

  /**
   * One gap: first the result of the task before is on its way and decided on, then whatever was the matter with the campaign, then
   * the task after it is on its way. What a lost worker had taken on is lost with it.
   */
  #gap(lane: Lane, from: number, to: number, before: number, after: number): void {
    if (to <= from) return;
    const { tasks, course } = this.#records;
    const decided = before < 0 ? NaN : laterOf(tasks.storedAt.at(before), tasks.recordedAt.at(before));
    const given = after < 0 ? NaN : laterOf(tasks.createdAt.at(after), tasks.grantedAt.at(after));
    const open = Number.isNaN(decided) ? from : Math.min(to, Math.max(from, decided));
    const sent = Number.isNaN(given) ? to : Math.min(to, Math.max(open, given));
    this.#tell(from, open, 'dispatch');
    const isLast = after < 0 && lane.isLost && lane.to === to;
    course.eachCause(open, sent, (begun, ended, cause) =>
      this.#tellAround(lane, begun, ended, isLast && cause === 'dispatch' ? 'worker lost' : cause),
    );
    this.#tell(sent, to, 'dispatch');
    if (this.#cause !== null) this.#visit(this.#lane, this.#gapFrom, this.#gapTo, -1, this.#cause);
    this.#cause = null;
  }

  /** A piece of a gap, without the times in which the worker was away, which have that as their cause. */
  #tellAround({ away }: Lane, from: number, to: number, cause: IdleCause): void {
    let at = from;
    for (const one of away) {
      const begun = Math.max(at, one.from);
      const ended = Math.min(to, one.to);
      if (ended <= begun) continue;
      this.#tell(at, begun, cause);
      this.#tell(begun, ended, 'worker lost');
      at = ended;
    }
    this.#tell(at, to, cause);
  }

  #tell(from: number, to: number, cause: IdleCause): void {
    if (to <= from) return;
    if (this.#cause === cause) {
      this.#gapTo = to;
      return;
    }
    if (this.#cause !== null) this.#visit(this.#lane, this.#gapFrom, this.#gapTo, -1, this.#cause);
    this.#cause = cause;
    this.#gapFrom = from;
    this.#gapTo = to;
  }
}

/** The later of two times of which one, or both, may be NaN. */
const laterOf = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));
