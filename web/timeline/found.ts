/** What is at a place of the timeline, and where the keys go from there. */
import type { LedgerView } from '../../src/dashboard/api.ts';
import { spanAt, spanNear, type Spans } from '../../src/figures/gantt.ts';
import { timeOfDay } from '../words.ts';
import { idleCauses, type Loaded } from './data.ts';
import type { Mark } from './paint.ts';
import { lengthText } from './time-text.ts';

/** A task or a gap of a lane. */
export interface Found extends Mark {
  /** Null for a gap. */
  readonly task: string | null;
  readonly text: string;
}

/** What a lane did at a time; null before it was there and after it left. */
export function foundAt(loaded: Loaded, lane: number, time: number): Found | null {
  const task = spanAt(loaded.tasks, lane, time);
  if (task >= 0) return taskFound(loaded, lane, task);
  const gap = spanAt(loaded.gaps, lane, time);
  return gap >= 0 ? gapFound(loaded, lane, gap) : null;
}

/** The task or gap that comes next in a lane, or the one before; null at its end. */
export function foundBeside(loaded: Loaded, from: Mark, direction: -1 | 1): Found | null {
  const { lane } = from;
  const near = [
    { spans: loaded.tasks, of: taskFound },
    { spans: loaded.gaps, of: gapFound },
  ].flatMap(({ spans, of }) => {
    const at = direction > 0 ? nextAt(spans, lane, from.to) : lastAt(spans, lane, from.from);
    return at === null ? [] : [of(loaded, lane, at)];
  });
  return near.sort((a, b) => direction * (a.from - b.from))[0] ?? null;
}

/** What a lane did nearest to a time; null in an empty lane. */
export function foundNear(loaded: Loaded, lane: number, time: number): Found | null {
  const exactly = foundAt(loaded, lane, time);
  if (exactly !== null) return exactly;
  const task = spanNear(loaded.tasks, lane, time);
  if (task >= 0) return taskFound(loaded, lane, task);
  const gap = spanNear(loaded.gaps, lane, time);
  return gap >= 0 ? gapFound(loaded, lane, gap) : null;
}

function nextAt(spans: Spans, lane: number, time: number): number | null {
  const at = spanNear(spans, lane, time);
  return at >= 0 && (spans.start[at] ?? -1) >= time ? at : null;
}

function lastAt(spans: Spans, lane: number, time: number): number | null {
  const first = spans.offsets[lane] ?? 0;
  let at = spanNear(spans, lane, time);
  while (at >= first && (spans.end[at] ?? 0) > time) at--;
  return at >= first && at >= 0 ? at : null;
}

function taskFound(loaded: Loaded, lane: number, span: number): Found {
  const { timeline, tasks } = loaded;
  const row = tasks.row[span] ?? 0;
  const id = timeline.tasks.id[row] ?? '';
  const topic = timeline.topics[timeline.tasks.topic[row] ?? 0] ?? '';
  const state = ['running', 'succeeded', 'failed'][timeline.tasks.state[row] ?? 0] ?? '';
  return { ...told(loaded, lane, tasks, span, `${topic} ${id}, ${state}`), task: id };
}

function gapFound(loaded: Loaded, lane: number, span: number): Found {
  const cause = idleCauses[loaded.gaps.key[span] ?? 0] ?? '';
  return { ...told(loaded, lane, loaded.gaps, span, `idle: ${cause}`), task: null };
}

function told({ timeline }: Loaded, lane: number, spans: Spans, span: number, what: string): Omit<Found, 'task'> {
  const from = spans.start[span] ?? 0;
  const to = spans.end[span] ?? 0;
  const host = timeline.lanes[lane]?.host ?? '';
  const text = `${what}, ${lengthText(to - from)} from ${timeOfDay(timeline.origin + from)}, slot ${lane + 1} on ${host}`;
  return { lane, from, to, text };
}

/** What the books of a pool were at a time; null before they were opened. */
export function poolText({ timeline }: Loaded, books: LedgerView, pool: string, time: number): string | null {
  const at = timeline.origin + time;
  const step = books.at.findLastIndex((one) => books.origin + one <= at);
  const columns = books.pools[pool];
  if (step < 0 || columns === undefined) return null;
  return `${pool}: ${columns.allocated[step] ?? 0} of ${columns.slots[step] ?? 0} slots allocated at ${timeOfDay(at)}`;
}
