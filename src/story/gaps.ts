/** The gaps of lanes, each cut where its cause changes. */
import { busyIn, type Lane } from './lanes.ts';
import type { Records } from './records.ts';
import type { IdleCause } from './views.ts';

export interface Piece {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  /** Row of the task that it computed; null where it was idle, with the cause. */
  readonly row: number | null;
  readonly cause: IdleCause | null;
}

interface CausedTime {
  readonly from: number;
  readonly to: number;
  readonly cause: IdleCause;
}

/**
 * What the slots of one lane did from one time to another, in order and without holes, as far as the lane was there.
 * @param runs the task that it computes now, and since when.
 */
export function* piecesOf(
  records: Records,
  number: number,
  window: { from: number; to: number },
  runs: { row: number; since: number } | null,
): Generator<Piece> {
  const lane = records.lanes.all[number];
  if (lane === undefined) return;
  const from = Math.max(window.from, lane.from);
  const to = Math.min(window.to, lane.to ?? Infinity);
  let at = from;
  let before = -1;
  for (const busy of busyIn(lane, records.tasks, from, to)) {
    before = busy.place > 0 ? (lane.rows[busy.place - 1] ?? -1) : -1;
    yield* idle(records, lane, number, { from: at, to: busy.from, before, after: busy.row });
    yield { lane: number, from: busy.from, to: busy.to, row: busy.row, cause: null };
    at = busy.to;
    before = busy.row;
  }
  if (before < 0) before = lastBefore(records, lane, at);
  const since = runs === null ? to : Math.max(at, Math.min(to, runs.since));
  yield* idle(records, lane, number, { from: at, to: since, before, after: runs?.row ?? afterOf(records, lane, to) });
  if (since < to) yield { lane: number, from: since, to, row: runs?.row ?? null, cause: null };
}

/** The last task of a lane that ended by then; -1 when there was none. */
function lastBefore({ tasks }: Records, { rows }: Lane, at: number): number {
  for (let place = rows.length - 1; place >= 0; place -= 1) {
    const row = rows[place] ?? -1;
    if (tasks.end.at(row) <= at) return row;
  }
  return -1;
}

/** The first task of a lane that began by a time or later; -1 when there is none. */
function afterOf({ tasks }: Records, { rows }: Lane, at: number): number {
  const last = rows.at(-1);
  if (last === undefined || tasks.start.at(last) < at) return -1;
  return rows.find((row) => tasks.start.at(row) >= at) ?? -1;
}

/**
 * One gap: first its last result is on its way and decided on, then whatever was the matter with the campaign, then the next task is on
 * its way. What a lost worker had taken on is lost with it.
 */
function* idle(
  { tasks, course }: Records,
  lane: Lane,
  number: number,
  gap: { from: number; to: number; before: number; after: number },
): Generator<Piece> {
  if (gap.to <= gap.from) return;
  const cut = (time: number): number => Math.min(gap.to, Math.max(gap.from, time));
  const decided = cut(
    gap.before < 0 ? gap.from : laterOf(tasks.storedAt.at(gap.before), tasks.recordedAt.at(gap.before)),
  );
  const given = gap.after < 0 ? NaN : laterOf(tasks.createdAt.at(gap.after), tasks.grantedAt.at(gap.after));
  const sent = Math.max(decided, cut(Number.isNaN(given) ? gap.to : given));
  const isLast = gap.after < 0 && lane.isLost && lane.to === gap.to;
  yield* merged(sequence(), number);

  function* sequence(): Generator<CausedTime> {
    if (decided > gap.from) yield { from: gap.from, to: decided, cause: 'dispatch' };
    for (const piece of withAway(lane, course.causesIn(decided, sent))) {
      yield isLast && piece.cause === 'dispatch' ? { ...piece, cause: 'worker lost' } : piece;
    }
    if (gap.to > sent) yield { from: sent, to: gap.to, cause: 'dispatch' };
  }
}

/** Neighbours with the same cause as one. */
function* merged(pieces: Iterable<CausedTime>, lane: number): Generator<Piece> {
  let open: CausedTime[] = [];
  const joined = (): Piece[] => {
    const [first] = open;
    return first === undefined ? [] : [{ lane, row: null, ...first, to: open.at(-1)?.to ?? first.to }];
  };
  for (const piece of pieces) {
    if (open.length > 0 && open[0]?.cause !== piece.cause) {
      yield* joined();
      open = [];
    }
    open.push(piece);
  }
  yield* joined();
}

/** Pieces in which the worker was away have that as their cause. */
function* withAway({ away }: Lane, pieces: Iterable<CausedTime>): Generator<CausedTime> {
  for (const piece of pieces) {
    let at = piece.from;
    for (const { from, to } of away) {
      const start = Math.max(at, from);
      const end = Math.min(piece.to, to);
      if (end <= start) continue;
      if (start > at) yield { ...piece, from: at, to: start };
      yield { from: start, to: end, cause: 'worker lost' };
      at = end;
    }
    if (at < piece.to) yield { ...piece, from: at };
  }
}

/** The later of two times of which one, or both, may be NaN. */
const laterOf = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));
