import { describe, expect, it } from 'vitest';
import { timeIn } from '../../../web/actors/times.ts';
import { lengthText, slotTimes, ticks } from '../../../web/timeline/time-text.ts';
import { averages } from '../../../web/timeline/strip.ts';
import { isAll, panned, showing, within, zoomed } from '../../../web/timeline/window.ts';
import { laneAt, lanesSeen, laneTop, layoutOf, scrollTo } from '../../../web/timeline/layout.ts';

const whole = { from: 0, to: 10_000 };

describe('the part of the time that is seen', () => {
  it('stays within all of it, and keeps its length at the edges', () => {
    expect(within({ from: -500, to: 500 }, whole)).toEqual({ from: 0, to: 1_000 });
    expect(within({ from: 9_500, to: 10_500 }, whole)).toEqual({ from: 9_000, to: 10_000 });
    expect(within({ from: -5, to: 20_000 }, whole)).toEqual(whole);
    expect(within({ from: 500, to: 500 }, whole)).toEqual({ from: 490, to: 510 });
    expect(panned({ from: 8_000, to: 9_000 }, 5, whole)).toEqual({ from: 9_000, to: 10_000 });
  });

  it('is zoomed about the time under the pointer', () => {
    const near = zoomed(whole, 0.1, 2_000, whole);
    expect(near).toEqual({ from: 1_800, to: 2_800 });
    expect((2_000 - near.from) / (near.to - near.from)).toBeCloseTo(0.2);
    expect(zoomed(near, 100, 2_000, whole)).toEqual(whole);
    expect([isAll(near, whole), isAll(whole, whole)]).toEqual([false, true]);
  });

  it('moves no further than it must to show something', () => {
    const seen = { from: 1_000, to: 2_000 };
    expect(showing(seen, { from: 1_100, to: 1_900 }, whole)).toBe(seen);
    expect(showing(seen, { from: 2_500, to: 2_600 }, whole)).toEqual({ from: 1_620, to: 2_620 });
    expect(showing(seen, { from: 500, to: 600 }, whole)).toEqual({ from: 480, to: 1_480 });
  });
});

describe('a strip of a pool', () => {
  const at = [10, 12, 14, 40];
  const values = [4, 0, 2, 3];
  it('shows steps as they are, and what is shorter than a pixel by its time', () => {
    expect([...averages(at, values, { from: 8, to: 16 }, 8)]).toEqual([0, 0, 4, 4, 0, 0, 2, 2]);
    expect([...averages(at, values, { from: 0, to: 60 }, 3)]).toEqual([1, 2, 3]);
    expect([...averages(at, values, { from: 100, to: 102 }, 2)]).toEqual([3, 3]);
    expect([...averages([], [], { from: 0, to: 1 }, 2)]).toEqual([0, 0]);
  });
});

describe('the rows of lanes', () => {
  const size = { width: 1_000, ratio: 1 };
  it('are found again by where they are, however far they are scrolled', () => {
    const layout = layoutOf(size, ['simulate', 'train'], 200, 0);
    expect(lanesSeen(layout)).toEqual({ first: 0, end: 32 });
    const scrolled = layoutOf(size, ['simulate', 'train'], 200, scrollTo(layout, 199));
    expect(lanesSeen(scrolled).end).toBe(200);
    for (const lane of [180, 199]) expect(laneAt(scrolled, laneTop(scrolled, lane) + 5)).toBe(lane);
    expect([laneAt(scrolled, 3), laneAt(layoutOf(size, [], 1, 0), 60)]).toEqual([-1, -1]);
    expect(layoutOf(size, [], 200, 1e9).scroll).toBe(layoutOf(size, [], 200, scrollTo(layout, 199)).scroll);
  });
});

describe('times', () => {
  it('have ticks at round times, each with its name', () => {
    expect(ticks(0, 3_600_000, 6).map(({ text }) => text)).toEqual([
      '0',
      '10 min',
      '20 min',
      '30 min',
      '40 min',
      '50 min',
      '1 h',
    ]);
    expect(ticks(61_000, 62_000, 4).map(({ text }) => text)).toEqual(['61 s', '61.5 s', '62 s']);
    expect(ticks(88_000, 95_000, 7)[2]).toEqual({ at: 90_000, text: '1 min 30 s' });
    expect(ticks(0, 30 * 86_400_000, 5).map(({ text }) => text)).toEqual(['0', '6 d', '12 d', '18 d', '24 d', '30 d']);
  });

  it('are told from milliseconds to days', () => {
    expect([3, 950, 9_400, 185_000].map(lengthText)).toEqual(['3 ms', '950 ms', '9.4 s', '3 min 05 s']);
    expect([999, 12_400, 204_000, 7_560_000, 449_280_000].map(timeIn)).toEqual([
      '999 ms',
      '12.4 s',
      '3.4 min',
      '2.1 h',
      '5.2 d',
    ]);
    expect([slotTimes(500)(3.14), slotTimes(50_000)(90), slotTimes(1e6)(9_000)]).toEqual(['3.1 s', '1.5 min', '2.5 h']);
  });
});
