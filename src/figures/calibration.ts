/** Whether the uncertainty of a model is what it says: how often values lay within what was predicted. */
import { axis, type Words } from './frame.ts';
import { palettes, type Theme } from './palette.ts';
import { plotOf, type Size } from './plot.ts';
import type { Figure } from './svg.ts';

/** One model's calibration: of each share of values that it expects within its interval, the share that lay there. */
export interface CalibrationLine {
  readonly name: string;
  readonly expected: readonly number[];
  readonly observed: readonly number[];
}

const usual: Size = { width: 660, height: 520 };

/** A figure of calibration: on the diagonal a model is as sure as it may be; below it is too sure. */
export function calibrationFigure(
  { words, lines }: { words: Pick<Words, 'title' | 'caption'>; lines: readonly CalibrationLine[] },
  theme: Theme,
  size = usual,
): Figure {
  const { ink, quiet, series: colours } = palettes[theme];
  const axes = { x: 'expected within the interval, %', y: 'found within it, %' };
  const all = [{ name: 'as it says', expected: [0, 1], observed: [0, 1] }, ...lines];
  const colourOf = (i: number): string => (i === 0 ? quiet : (colours[(i - 1) % colours.length] ?? ink));
  const labels = all.map(({ name }, i) => ({ text: name, colour: colourOf(i) }));
  const plot = plotOf({ ...words, ...axes }, theme, { size, labels });
  const toX = (share: number): number => plot.left + share * (plot.right - plot.left);
  const toY = (share: number): number => plot.bottom - share * (plot.bottom - plot.top);
  const percent = (share: number): number => 100 * share;
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: plot.grid,
      xAxis: axis(axes.x, theme, { min: 0, max: 100, gap: 30 }),
      yAxis: axis(axes.y, theme, { min: 0, max: 100, isVertical: true, gap: 40 }),
      series: all.map(({ name, expected, observed }, i) => ({
        type: 'line',
        name,
        silent: true,
        symbol: i === 0 ? 'none' : 'circle',
        symbolSize: 5,
        itemStyle: { color: colourOf(i) },
        lineStyle: { color: colourOf(i), width: i === 0 ? 1.3 : 2, type: i === 0 ? 'dashed' : 'solid' },
        data: expected.map((share, at) => [percent(share), percent(observed[at] ?? 0)]),
      })),
      graphic: plot.labelled(
        all.map(({ expected, observed }) => ({ x: toX(expected.at(-1) ?? 1), y: toY(observed.at(-1) ?? 1) })),
      ),
    },
  };
}
