/** Lines with bands, labelled where they end: what was found against evaluations, or against time. */
import { axis, frame, niceMax, spread, type Words } from './frame.ts';
import { palettes, type, type Theme } from './palette.ts';
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

const size = { width: 760, height: 440 };
const margins = { left: 64, right: 190, top: 84, bottom: 56 };

/** A figure of curves: each with its band, labelled at its right end, the baselines in grey behind them. */
export function curvesFigure({ words, lines, baselines }: CurvesData, theme: Theme): Figure {
  const { ink, quiet, series: colours } = palettes[theme];
  const all = [...baselines, ...lines];
  const maxX = Math.max(...all.flatMap(({ x }) => x), Number.MIN_VALUE);
  const highest = ({ mean, band }: Line): number => Math.max(0, ...mean.map((y, i) => y + (band?.[i] ?? 0)));
  const maxY = niceMax(Math.max(...all.map(highest)));
  const plot = {
    top: margins.top,
    bottom: size.height - margins.bottom,
    left: margins.left,
    right: size.width - margins.right,
  };
  const toY = (y: number): number => plot.bottom - (y / maxY) * (plot.bottom - plot.top);
  const toX = (x: number): number => plot.left + (x / maxX) * (plot.right - plot.left);
  const styled = [
    ...baselines.map((line) => ({ line, colour: quiet, stroke: line.stroke, text: quiet })),
    ...lines.map((line, i) => {
      const colour = colours[i % colours.length] ?? ink;
      // Beyond the colours that there are, lines are told apart by their strokes.
      return { line, colour, stroke: i < colours.length ? 'solid' : 'dashed', text: colour };
    }),
  ];
  const ends = styled.map(({ line }) => ({ x: toX(line.x.at(-1) ?? 0), y: toY(line.mean.at(-1) ?? 0) }));
  const places = spread(
    ends.map(({ y }) => y),
    type.text + 4,
    { top: plot.top - 4, bottom: plot.bottom },
  );
  return {
    ...size,
    option: {
      ...frame(words, theme),
      grid: { left: margins.left, right: margins.right, top: margins.top, bottom: margins.bottom },
      xAxis: axis(words.x, theme, { min: 0, max: maxX, gap: 30 }),
      yAxis: axis(words.y, theme, { min: 0, max: maxY, isVertical: true, gap: 40 }),
      series: styled.flatMap(({ line, colour, stroke }, i) => seriesOf(line, { colour, stroke, key: `line-${i}` })),
      graphic: styled.flatMap(({ line, text }, i) => {
        const [end, place] = [ends[i] ?? { x: 0, y: 0 }, places[i] ?? 0];
        return [
          {
            type: 'line',
            silent: true,
            shape: { x1: end.x + 3, y1: end.y, x2: plot.right + 14, y2: place },
            style: { stroke: text, lineWidth: 0.6, opacity: 0.6 },
          },
          {
            type: 'text',
            silent: true,
            x: plot.right + 18,
            y: place,
            style: {
              text: line.name,
              fill: text,
              font: `${type.text}px ${type.family}`,
              verticalAlign: 'middle',
            },
          },
        ];
      }),
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
