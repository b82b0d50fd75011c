/** How old the ranking was by which each candidate was chosen: in results that it did not know, and in seconds. */
import { axis, niceMax } from './frame.ts';
import { palettes, type Theme } from './palette.ts';
import { apart, plotOf, type Size } from './plot.ts';
import { colourOf, quantile, wallTime, type RunsData, type RunScience } from './runs.ts';
import type { Figure } from './svg.ts';

const usual: Size = { width: 760, height: 360 };

/** A figure of points in time; those that were chosen without a ranking have none. Labels name medians. */
export function stalenessFigure(
  data: RunsData & { readonly in: 'results' | 'seconds' },
  theme: Theme,
  size = usual,
): Figure {
  const { runs } = data;
  const { quiet } = palettes[theme];
  const time = wallTime(runs);
  const all = runs.map((run) => pointsOf(run, data.in, time.ms));
  const medians = all.map((points) =>
    quantile(
      points.map(([, y]) => y).sort((a, b) => a - b),
      0.5,
    ),
  );
  const highest = all.flat().reduce((most, [, y]) => Math.max(most, y), 0);
  const y = { min: 0, max: niceMax(highest) };
  const x = { min: 0, max: all.flat().reduce((most, [at]) => Math.max(most, at), Number.MIN_VALUE) };
  const words = {
    title: `Staleness of choices, in ${data.in}`,
    caption: captionOf(data, medians, highest),
    x: time.name,
    y: data.in === 'results' ? 'results not known' : 'age of the ranking, s',
  };
  const digits = data.in === 'results' ? 0 : 2;
  const labels = runs.map(({ name }, i) => ({
    text: `${runs.length === 1 ? 'median' : name}: ${Number.isNaN(medians[i]) ? 'none' : (medians[i] ?? 0).toFixed(digits)}`,
    colour: runs.length === 1 ? quiet : colourOf(i, theme),
  }));
  const plot = plotOf(words, theme, { size, labels });
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: plot.grid,
      xAxis: axis(words.x, theme, { ...x, gap: 30 }),
      yAxis: axis(words.y, theme, { ...y, isVertical: true, gap: 40 }),
      series: all.flatMap((points, i) => [
        {
          type: 'scatter',
          name: runs[i]?.name,
          symbolSize: 5,
          itemStyle: { color: colourOf(i, theme), opacity: 0.6 },
          data: apart(points, { plot, x, y }).map((at) => points[at]),
        },
        {
          type: 'line',
          silent: true,
          showSymbol: false,
          lineStyle: { color: labels[i]?.colour, width: 1.2, type: 'dashed' },
          data: Number.isNaN(medians[i]) ? [] : [x.min, x.max].map((at) => [at, medians[i]]),
        },
      ]),
      graphic: plot.labelled(
        medians.map((median) => ({
          x: plot.right,
          y: plot.bottom - ((Number.isNaN(median) ? 0 : median) / y.max) * (plot.bottom - plot.top),
        })),
      ),
    },
  };
}

/** When each choice's result was decided on, its staleness, and its place among the results. */
function pointsOf({ science: { results } }: RunScience, unit: string, ms: number): [number, number, number][] {
  const of = unit === 'results' ? results.staleResults : results.staleSeconds;
  return of.flatMap((stale, i) => (stale === null ? [] : [[(results.at[i] ?? 0) / ms, stale, i]]));
}

function captionOf(data: RunsData & { in: string }, medians: readonly number[], highest: number): string {
  const what =
    data.in === 'results'
      ? 'Results that the ranking by which a candidate was chosen did not know yet'
      : 'Age of the ranking by which a candidate was chosen';
  const [median = NaN] = medians;
  if (data.runs.length > 1 || Number.isNaN(median)) return `${what}: 0 is the freshest. Dashed: medians.`;
  const [middle, most] =
    data.in === 'results' ? [median.toFixed(0), highest] : [`${median.toFixed(2)} s`, `${highest.toFixed(2)} s`];
  return `${what}: 0 is the freshest. Half of the choices had ${middle} or less, none more than ${most}.`;
}
