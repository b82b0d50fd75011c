import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyBars,
  gapSpans,
  spanAt,
  spanNear,
  taskSpans,
  visibleBars,
  type Bars,
  type Spans,
} from '../../../src/figures/gantt.ts';
import type { Timeline } from '../../../src/story/views.ts';

type Task = readonly [lane: number, start: number, end: number | null, topic?: number, state?: number];

const lanes = (count: number): Timeline['lanes'] =>
  Array.from({ length: count }, (_, l) => ({ worker: `w${l}`, host: 'h', from: 0, to: null }));

function spansOf(count: number, tasks: readonly Task[], end = 1_000): Spans {
  return taskSpans({
    lanes: lanes(count),
    topics: ['simulate', 'train'],
    end,
    tasks: {
      id: tasks.map((_, i) => `t${i}`),
      lane: tasks.map(([lane]) => lane),
      start: tasks.map(([, start]) => start),
      end: tasks.map(([, , ends]) => ends),
      topic: tasks.map(([, , , topic = 0]) => topic),
      state: tasks.map(([, , , , state = 1]) => state),
    },
  });
}

const rows = (bars: Bars): number[][] =>
  Array.from({ length: bars.count }, (_, i) =>
    [bars.lane[i], bars.left[i], bars.right[i], bars.key[i], bars.share[i], bars.span[i]].map((one) => one ?? NaN),
  );

const all = { from: 0, to: 1_000, width: 100, firstLane: 0, endLane: 99 };

describe('visible bars', () => {
  it('are the tasks themselves where they are a pixel or more, cut at the window', () => {
    const spans = spansOf(2, [
      [1, 0, 100],
      [0, 300, 500, 1],
      [0, 100, 250, 0, 2],
      [1, 900, null],
    ]);
    // Lane, left, right, key (2: failed), share, span.
    expect(rows(visibleBars(spans, all))).toEqual([
      [0, 10, 25, 2, 1, 0],
      [0, 30, 50, 1, 1, 1],
      [1, 0, 10, 0, 1, 2],
      [1, 90, 100, 0, 1, 3],
    ]);
    expect(rows(visibleBars(spans, { ...all, from: 200, to: 400, endLane: 1 }))).toEqual([
      [0, 0, 25, 2, 1, 0],
      [0, 50, 100, 1, 1, 1],
    ]);
    expect([...spans.row]).toEqual([2, 1, 0, 3]);
  });

  it('sum up what is smaller than a pixel: what took most of it, and how much', () => {
    const spans = spansOf(1, [
      [0, 0, 2],
      [0, 2, 6, 1],
      [0, 20, 25],
      [0, 500, 501],
    ]);
    expect(rows(visibleBars(spans, all))).toEqual([
      [0, 0, 1, 1, 10 / 16, -1],
      [0, 2, 3, 0, 8 / 16, 2],
      [0, 50, 51, 0, 2 / 16, 3],
    ]);
  });

  it('become one where neighbours are alike', () => {
    const many = Array.from({ length: 100_000 }, (_, i): Task => [0, i / 100, (i + 1) / 100]);
    const bars = visibleBars(spansOf(1, many), all);
    expect(bars.count).toBeLessThanOrEqual(4);
    expect(bars.left[0]).toBe(0);
    expect(bars.right[bars.count - 1]).toBe(100);
  });

  it('are none of an empty window or timeline', () => {
    expect(visibleBars(spansOf(0, []), all).count).toBe(0);
    expect(visibleBars(spansOf(1, [[0, 0, 5]]), { ...all, to: 0 }).count).toBe(0);
    expect(visibleBars(spansOf(1, [[0, 0, 5]]), { ...all, firstLane: 1 }).count).toBe(0);
  });

  it('are never more than rows times pixels, in order, and cover every task in sight', () => {
    const task = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 40 }), fc.nat(1), fc.nat(2));
    const lane = fc.array(task, { maxLength: 80 });
    const out = emptyBars(1);
    fc.assert(
      fc.property(
        fc.array(lane, { minLength: 1, maxLength: 3 }),
        fc.nat(400),
        fc.integer({ min: 1, max: 900 }),
        (of, from, length) => {
          const tasks = of.flatMap((those, l) => {
            let at = 0;
            return those.map(([gap, takes, topic, state]): Task => {
              const start = at + gap;
              at = start + takes;
              return [l, start, at, topic, state];
            });
          });
          const spans = spansOf(of.length, tasks);
          const window = { from, to: from + length, width: 50, firstLane: 0, endLane: of.length };
          const bars = rows(visibleBars(spans, window, out));
          const scale = 50 / length;
          for (let l = 0; l < of.length; l++) {
            const own = bars.filter(([of]) => of === l);
            // A bar of its own may begin in the pixel of a sum.
            expect(own.length).toBeLessThanOrEqual(2 * 50);
            own.forEach(([, left = 0, right = 0], i) => {
              expect(left).toBeGreaterThanOrEqual(own[i - 1]?.[1] ?? 0);
              expect(right).toBeGreaterThan(left);
              expect(right).toBeLessThanOrEqual(50);
            });
            for (const [of, start, end] of tasks) {
              if (of !== l || end === null || end <= from || start >= window.to || end === start) continue;
              const x = Math.min(49.999, Math.max(0, (start - from) * scale));
              expect(own.some(([, left = 0, right = 0]) => left <= x + 1e-3 && right >= x - 1e-3)).toBe(true);
            }
          }
        },
      ),
      { seed: 6, numRuns: 300 },
    );
  });
});

describe('a span', () => {
  const spans = spansOf(2, [
    [1, 10, 20],
    [1, 30, 40],
  ]);
  it('is found by lane and time', () => {
    expect([5, 10, 19, 20, 35, 40].map((time) => spanAt(spans, 1, time))).toEqual([-1, 0, 0, -1, 1, -1]);
    expect(spanAt(spans, 0, 10)).toBe(-1);
    expect([0, 25, 99].map((time) => spanNear(spans, 1, time))).toEqual([0, 1, 1]);
    expect([spanNear(spans, 0, 10), spanNear(spans, 9, 10)]).toEqual([-1, -1]);
  });

  it('of a gap is drawn as its cause', () => {
    const gaps = { lane: [0], start: [0], end: [10], cause: ['dispatch'] as const };
    expect([...gapSpans({ lanes: lanes(1), gaps }, ['no candidate', 'dispatch']).key]).toEqual([1]);
  });
});
