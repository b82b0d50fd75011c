/** Lines with bands, labelled where they end: what was found against evaluations, or against time. */
import { axis, niceMax, type Words } from './frame.ts';
import { palettes, type Theme } from './palette.ts';
import { plotOf, type Size } from './plot.ts';
import type { Figure } from './svg.ts';

/** A line of a figure: `mean` at each `x`, and how far the band reaches on either side. */
export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly mean: readonly number[];
  readonly band: readonly number[] | null;
}

/** What lines are compared with: drawn in grey. */
export interface BaseLine extends Line {
  readonly stroke: 'dashed' | 'dotted';
}

export interface CurvesData {
  readonly words: Words;
  readonly lines: readonly Line[];
  readonly baselines: readonly BaseLine[];
}

const usual: Size = { width: 760, height: 440 };

/** A figure of curves: each with its band, labelled at its right end, the baselines in grey behind them. */
export function curvesFigure({ words, lines, baselines }: CurvesData, theme: Theme, size = usual): Figure {
  const { ink, quiet, series: colours } = palettes[theme];
  const all = [...baselines, ...lines];
  const maxX = Math.max(...all.flatMap(({ x }) => x), Number.MIN_VALUE);
  const highest = ({ mean, band }: Line): number => Math.max(0, ...mean.map((y, i) => y + (band?.[i] ?? 0)));
  const maxY = niceMax(Math.max(...all.map(highest)));
  const styled = [
    ...baselines.map((line) => ({ line, colour: quiet, stroke: line.stroke })),
    ...lines.map((line, i) => {
      const colour = colours[i % colours.length] ?? ink;
      // Beyond the colours that there are, lines are told apart by their strokes.
      return { line, colour, stroke: i < colours.length ? 'solid' : 'dashed' };
    }),
  ];
  const plot = plotOf(words, theme, { size, labels: styled.map(({ line, colour }) => ({ text: line.name, colour })) });
  const toY = (y: number): number => plot.bottom - (y / maxY) * (plot.bottom - plot.top);
  const toX = (x: number): number => plot.left + (x / maxX) * (plot.right - plot.left);
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: plot.grid,
      xAxis: axis(words.x, theme, { min: 0, max: maxX, gap: 30 }),
      yAxis: axis(words.y, theme, { min: 0, max: maxY, isVertical: true, gap: 40 }),
      series: styled.flatMap(({ line, colour, stroke }, i) => seriesOf(line, { colour, stroke, key: `line-${i}` })),
      graphic: plot.labelled(styled.map(({ line }) => ({ x: toX(line.x.at(-1) ?? 0), y: toY(line.mean.at(-1) ?? 0) }))),
    },
  };
}

function seriesOf(
  { name, x, mean, band }: Line,
  { colour, stroke, key }: { colour: string; stroke: string; key: string },
): object[] {
  const quiet = { type: 'line', showSymbol: false, silent: true, symbol: 'none' };
  const points = (y: (i: number) => number): number[][] => x.map((one, i) => [one, y(i)]);
  const line = {
    ...quiet,
    name,
    data: points((i) => mean[i] ?? 0),
    lineStyle: { color: colour, width: stroke === 'solid' ? 2 : 1.3, type: stroke },
    z: stroke === 'solid' ? 3 : 2,
  };
  if (band === null) return [line];
  const low = (i: number): number => Math.max(0, (mean[i] ?? 0) - (band[i] ?? 0));
  const none = { lineStyle: { width: 0, opacity: 0 }, stack: key, stackStrategy: 'all', z: 1 };
  return [
    { ...quiet, ...none, data: points(low) },
    {
      ...quiet,
      ...none,
      data: points((i) => (mean[i] ?? 0) + (band[i] ?? 0) - low(i)),
      areaStyle: { color: colour, opacity: 0.14 },
    },
    line,
  ];
}
