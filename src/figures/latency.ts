/** How long results waited for the decision on them: their distribution. */
import { axis } from './frame.ts';
import { palettes, type Theme } from './palette.ts';
import { plotOf, sampled, type Size } from './plot.ts';
import { colourOf, quantile, type RunsData } from './runs.ts';
import type { Figure } from './svg.ts';

const usual: Size = { width: 760, height: 360 };
const points = 300;

/** A figure of shares: of the results of a run, how many were decided on within so many ms of the end of their computation. */
export function latencyFigure({ runs }: Pick<RunsData, 'runs'>, theme: Theme, size = usual): Figure {
  const { quiet } = palettes[theme];
  const all = runs.map(({ science }) =>
    science.results.decisionMs.map((ms) => Math.max(ms, 0.1)).sort((a, b) => a - b),
  );
  const [low, high] = [
    Math.min(...all.map((sorted) => sorted[0] ?? 1), 1e6),
    Math.max(...all.map((sorted) => sorted.at(-1) ?? 10), 1),
  ];
  const x = { min: 10 ** Math.floor(Math.log10(low)), max: 10 ** Math.ceil(Math.log10(high) + 1e-9) };
  const medians = all.map((sorted) => quantile(sorted, 0.5));
  const labels = runs.map(({ name }, i) => ({
    text: `${runs.length === 1 ? 'median' : name}: ${msOf(medians[i] ?? NaN)}`,
    colour: runs.length === 1 ? quiet : colourOf(i, theme),
  }));
  const words = {
    title: 'Decision latency',
    caption: captionOf(runs.length, all[0] ?? []),
    x: 'from computed to decided on, ms',
    y: 'share of results, %',
  };
  const plot = plotOf(words, theme, { size, labels });
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: plot.grid,
      xAxis: { ...axis(words.x, theme, { ...x, gap: 30 }), type: 'log' },
      yAxis: axis(words.y, theme, { min: 0, max: 100, isVertical: true, gap: 40 }),
      series: all.map((sorted, i) => ({
        type: 'line',
        name: runs[i]?.name,
        silent: true,
        showSymbol: false,
        step: 'end',
        lineStyle: { color: colourOf(i, theme), width: 2 },
        data: sampled(sorted.length, points).map((at) => [sorted[at], (100 * (at + 1)) / sorted.length]),
      })),
      graphic: plot.labelled(runs.map((_, i) => ({ x: plot.right, y: plot.top + 8 * i }))),
    },
  };
}

const msOf = (ms: number): string =>
  Number.isNaN(ms) ? 'none' : ms < 10 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;

function captionOf(runs: number, sorted: readonly number[]): string {
  const what = 'From the end of a computation to the decision on its result';
  if (runs > 1 || sorted.length === 0)
    return `${what}: the further left, the sooner the next is chosen by what it taught.`;
  const [half, most] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  return `${what}: half of them within ${msOf(half)}, 99 % within ${msOf(most)}.`;
}
