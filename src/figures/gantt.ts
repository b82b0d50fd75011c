/**
 * Which bars a utilisation Gantt draws: one row a lane, and never more work than rows times pixels, however many tasks there are.
 * Pure, so that the page's canvas and the report's SVG show the same. Level of detail is ours: a task of a pixel or more is a bar of
 * its own; smaller ones are summed up pixel by pixel, by what took most of its time and how much of it was taken.
 */
import type { Timeline } from '../story/views.ts';

/** Spans of all lanes in columns, sorted by lane and start; those of lane l are `offsets[l]` up to `offsets[l + 1]`. */
export interface Spans {
  readonly offsets: Int32Array;
  /** ms after the timeline's origin. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** What it is drawn as, 0 up to `keys`. */
  readonly key: Uint8Array;
  readonly keys: number;
  /** Row of the timeline's own columns that it stems from. */
  readonly row: Int32Array;
  /** [keys, spans + 1]: ms that spans of a key took before each one, over all lanes so far. */
  readonly taken: readonly Float64Array[];
}

/** What is seen: times in ms after the origin, on `width` pixels; lanes from `firstLane` up to `endLane`. */
export interface GanttWindow {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly firstLane: number;
  readonly endLane: number;
}

/** Bars in columns, `count` of each; the rest of a column is room. */
export interface Bars {
  count: number;
  lane: Int32Array;
  /** Pixels from the window's left, within it. */
  left: Float32Array;
  right: Float32Array;
  key: Uint8Array;
  /** How much of its time was taken, 0 to 1; 1 for a task of its own. */
  share: Float32Array;
  /** Index among the spans; -1 where it sums up several. */
  span: Int32Array;
}

/** Room for `size` bars, to be filled and grown by {@link visibleBars} again and again. */
export const emptyBars = (size = 1_024): Bars => ({
  count: 0,
  lane: new Int32Array(size),
  left: new Float32Array(size),
  right: new Float32Array(size),
  key: new Uint8Array(size),
  share: new Float32Array(size),
  span: new Int32Array(size),
});

/** Tasks of a timeline, drawn as their topic (its index), or as failed (the number of topics); what runs still ends at its end. */
export function taskSpans({ lanes, topics, tasks, end }: Pick<Timeline, 'lanes' | 'topics' | 'tasks' | 'end'>): Spans {
  const key = tasks.topic.map((topic, i) => (tasks.state[i] === 2 ? topics.length : topic));
  const ends = tasks.end.map((one, i) => one ?? Math.max(end, tasks.start[i] ?? 0));
  return spansOf(lanes.length, { lane: tasks.lane, start: tasks.start, end: ends, key }, topics.length + 1);
}

/** Gaps of a timeline, drawn as their cause: its index in `causes`. */
export function gapSpans({ lanes, gaps }: Pick<Timeline, 'lanes' | 'gaps'>, causes: readonly string[]): Spans {
  const key = gaps.cause.map((cause) => Math.max(0, causes.indexOf(cause)));
  return spansOf(lanes.length, { lane: gaps.lane, start: gaps.start, end: gaps.end, key }, causes.length);
}

interface Columns {
  readonly lane: readonly number[];
  readonly start: readonly number[];
  readonly end: readonly number[];
  readonly key: readonly number[];
}

function spansOf(lanes: number, columns: Columns, keys: number): Spans {
  const offsets = new Int32Array(lanes + 1);
  for (const lane of columns.lane) if (lane < lanes) offsets[lane + 1] = (offsets[lane + 1] ?? 0) + 1;
  for (let l = 0; l < lanes; l++) offsets[l + 1] = (offsets[l + 1] ?? 0) + (offsets[l] ?? 0);
  const row = rowsByLane(columns, offsets);
  const count = row.length;
  const spans = {
    offsets,
    start: new Float64Array(count),
    end: new Float64Array(count),
    key: new Uint8Array(count),
    keys,
    row,
    taken: Array.from({ length: keys }, () => new Float64Array(count + 1)),
  };
  for (let i = 0; i < count; i++) {
    const at = row[i] ?? 0;
    const start = columns.start[at] ?? 0;
    const end = Math.max(start, columns.end[at] ?? start);
    const key = columns.key[at] ?? 0;
    spans.start[i] = start;
    spans.end[i] = end;
    spans.key[i] = key;
    for (let k = 0; k < keys; k++) {
      const sums = spans.taken[k];
      if (sums !== undefined) sums[i + 1] = (sums[i] ?? 0) + (k === key ? end - start : 0);
    }
  }
  return spans;
}

/** Rows in order of lane and start. They come in order of time mostly, so that a lane is sorted only where it is not. */
function rowsByLane({ lane, start }: Columns, offsets: Int32Array): Int32Array {
  const rows = new Int32Array(offsets.at(-1) ?? 0);
  const next = offsets.slice();
  for (let at = 0; at < lane.length; at++) {
    const l = lane[at] ?? 0;
    const place = next[l];
    if (place === undefined || l + 1 >= offsets.length) continue;
    rows[place] = at;
    next[l] = place + 1;
  }
  for (let l = 0; l + 1 < offsets.length; l++) {
    const part = rows.subarray(offsets[l], offsets[l + 1]);
    if (part.some((at, i) => i > 0 && (start[at] ?? 0) < (start[part[i - 1] ?? 0] ?? 0))) {
      part.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0));
    }
  }
  return rows;
}

/** First of `from` up to `end` of which `ended[i] > time`; `end` if there is none. Looks near `from` first. */
function firstBehind(ended: Float64Array, time: number, from: number, end: number): number {
  let low = from;
  let step = 1;
  while (low + step < end && (ended[low + step - 1] ?? Infinity) <= time) {
    low += step;
    step *= 2;
  }
  let high = Math.min(end, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ended[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The span of a lane at a time, or -1. */
export function spanAt({ offsets, start, end }: Spans, lane: number, time: number): number {
  const until = offsets[lane + 1] ?? 0;
  const at = firstBehind(end, time, offsets[lane] ?? until, until);
  return at < until && (start[at] ?? Infinity) <= time ? at : -1;
}

/** The span of a lane that starts first at or after a time, or the last one before it. -1 in an empty lane. */
export function spanNear({ offsets, end }: Spans, lane: number, time: number): number {
  const until = offsets[lane + 1] ?? 0;
  const from = offsets[lane] ?? until;
  return from === until ? -1 : Math.min(firstBehind(end, time, from, until), until - 1);
}

/**
 * The bars of a window. Spans of a lane must not overlap.
 * @param out filled anew and given back; grown where it is too small.
 */
export function visibleBars(spans: Spans, window: GanttWindow, out: Bars = emptyBars()): Bars {
  out.count = 0;
  const endLane = Math.min(window.endLane, spans.offsets.length - 1);
  if (!(window.to > window.from) || window.width < 1) return out;
  for (let lane = Math.max(0, window.firstLane); lane < endLane; lane++) laneBars(spans, lane, window, out);
  return out;
}

function laneBars(spans: Spans, lane: number, window: GanttWindow, out: Bars): void {
  const { start, end } = spans;
  const { from, to, width } = window;
  const perPixel = (to - from) / width;
  const until = spans.offsets[lane + 1] ?? 0;
  const firstBar = out.count;
  let at = firstBehind(end, from, spans.offsets[lane] ?? until, until);
  while (at < until) {
    const starts = start[at] ?? to;
    if (starts >= to) return;
    const ends = end[at] ?? starts;
    if (ends - starts >= perPixel) {
      const left = Math.max(0, (starts - from) / perPixel);
      push(out, firstBar, lane, left, Math.min(width, (ends - from) / perPixel), spans.key[at] ?? 0, 1, at);
      at++;
      continue;
    }
    // The pixel in which a small one begins, and all that ends in it or is small and begins there.
    const pixel = Math.max(0, Math.floor((starts - from) / perPixel));
    const pixelEnd = from + (pixel + 1) * perPixel;
    let next = firstBehind(end, pixelEnd, at, until);
    if (next < until && (start[next] ?? to) < pixelEnd && (end[next] ?? to) - (start[next] ?? to) < perPixel) next++;
    next = Math.max(next, at + 1);
    const { key, share } = summary(spans, at, next, perPixel);
    push(out, firstBar, lane, pixel, Math.min(width, pixel + 1), key, share, next === at + 1 ? at : -1);
    at = next;
  }
}

/** What took most of the time of spans `from` up to `to`, and how much of a pixel all of them took; in sixteenths, so that neighbours are alike. */
function summary(spans: Spans, from: number, to: number, perPixel: number): { key: number; share: number } {
  let key = 0;
  let most = -1;
  let all = 0;
  for (let k = 0; k < spans.keys; k++) {
    const sums = spans.taken[k];
    const taken = (sums?.[to] ?? 0) - (sums?.[from] ?? 0);
    all += taken;
    if (taken > most) [key, most] = [k, taken];
  }
  return { key, share: Math.min(1, Math.max(1, Math.ceil((all / perPixel) * 16)) / 16) };
}

function push(
  out: Bars,
  firstBar: number,
  lane: number,
  left: number,
  right: number,
  key: number,
  share: number,
  span: number,
): void {
  const last = out.count - 1;
  const isSum = span < 0;
  if (isSum && last >= firstBar && out.span[last] === -1 && out.right[last] === left) {
    if (out.key[last] === key && out.share[last] === share) {
      out.right[last] = right;
      return;
    }
  }
  if (out.count === out.lane.length) grow(out);
  const at = out.count++;
  out.lane[at] = lane;
  out.left[at] = left;
  out.right[at] = right;
  out.key[at] = key;
  out.share[at] = share;
  out.span[at] = span;
}

function grow(out: Bars): void {
  const size = out.lane.length * 2;
  const grown = emptyBars(size);
  for (const column of ['lane', 'left', 'right', 'key', 'share', 'span'] as const) grown[column].set(out[column]);
  Object.assign(out, { ...grown, count: out.count });
}
