/** Whether the uncertainty of a model is what it says: how often values lay within what was predicted. */
import { axis, frame, spread, type Words } from './frame.ts';
import { palettes, type, type Theme } from './palette.ts';
import type { Figure } from './svg.ts';

/** One model's calibration: of each share of values that it expects within its interval, the share that lay there. */
export interface CalibrationLine {
  readonly name: string;
  readonly expected: readonly number[];
  readonly observed: readonly number[];
}

const size = { width: 660, height: 520 };
const margins = { left: 64, right: 190, top: 84, bottom: 56 };

/** A figure of calibration: on the diagonal a model is as sure as it may be; below it is too sure. */
export function calibrationFigure(
  { words, lines }: { words: Pick<Words, 'title' | 'caption'>; lines: readonly CalibrationLine[] },
  theme: Theme,
): Figure {
  const { ink, quiet, series: colours } = palettes[theme];
  const plot = { top: margins.top, bottom: size.height - margins.bottom };
  const toY = (share: number): number => plot.bottom - share * (plot.bottom - plot.top);
  const all = [{ name: 'as it says', expected: [0, 1], observed: [0, 1] }, ...lines];
  const colourOf = (i: number): string => (i === 0 ? quiet : (colours[(i - 1) % colours.length] ?? ink));
  const places = spread(
    all.map(({ observed }) => toY(observed.at(-1) ?? 1)),
    type.text + 4,
    plot,
  );
  const percent = (share: number): number => 100 * share;
  return {
    ...size,
    option: {
      ...frame(words, theme),
      grid: { left: margins.left, right: margins.right, top: margins.top, bottom: margins.bottom },
      xAxis: axis('expected within the interval, %', theme, { min: 0, max: 100, gap: 30 }),
      yAxis: axis('found within it, %', theme, { min: 0, max: 100, isVertical: true, gap: 40 }),
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
      graphic: all.map(({ name }, i) => ({
        type: 'text',
        silent: true,
        x: size.width - margins.right + 8,
        y: places[i] ?? 0,
        style: { text: name, fill: colourOf(i), font: `${type.text}px ${type.family}`, verticalAlign: 'middle' },
      })),
    },
  };
}
