/** The objective against wall time: every simulation that succeeded, the best so far, and the threshold. */
import type { Science } from '../story/views.ts';
import { axis } from './frame.ts';
import { palettes, type Theme } from './palette.ts';
import { apart, plotOf, type Label, type Plot, type Range, type Size } from './plot.ts';
import { colourOf, goalOf, inBoth, isFound, wallTime, type RunsData } from './runs.ts';
import type { Figure } from './svg.ts';

const usual: Size = { width: 760, height: 440 };

/**
 * A figure of points in time. The third number of each point is its place among the run's results. Of points that lie close to each
 * other one is drawn.
 */
export function objectiveFigure(data: RunsData, theme: Theme, size = usual): Figure {
  const { measure, runs } = data;
  const { quiet, ink, paper } = palettes[theme];
  const threshold = runs[0]?.science.threshold ?? 0;
  const isOne = runs.length === 1;
  const time = wallTime(runs);
  const y = rangeOf(runs.flatMap(({ science }) => [...spanOf(science.results.value), threshold]));
  const end = Math.max(...runs.map(({ science: { results } }) => results.at.at(-1) ?? 0), 1);
  const x = { min: 0, max: end / time.ms };
  const lines = runs.map(({ name, science }, i) => {
    const best = bestOf(science);
    const colour = isOne ? ink : colourOf(i, theme);
    return { name: isOne ? 'best so far' : name, colour, best };
  });
  const labels: Label[] = [
    { text: `threshold ${threshold}`, colour: quiet },
    ...lines.map(({ name, colour }) => ({ text: name, colour })),
  ];
  const words = { title: `${measure.label} against wall time`, caption: captionOf(data) };
  const names = { x: time.name, y: `${measure.label}, ${measure.unit}` };
  const plot = plotOf({ ...words, ...names }, theme, { size, labels });
  const toY = (value: number): number => plot.bottom - ((value - y.min) / (y.max - y.min)) * (plot.bottom - plot.top);
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: plot.grid,
      xAxis: axis(names.x, theme, { ...x, gap: 30 }),
      yAxis: { ...axis(names.y, theme, { ...y, isVertical: true, gap: 46 }), scale: true },
      series: [
        level(threshold, x, quiet),
        ...runs.flatMap(({ name, science }, i) => {
          const points = pointsOf(science, time.ms, { plot, x, y });
          const colour = colourOf(i, theme);
          const found = scatter(
            name,
            points.filter(([, value]) => isFound(value, science)),
            {
              color: colour,
              opacity: isOne ? 0.9 : 0.55,
            },
          );
          const others = points.filter(([, value]) => !isFound(value, science));
          return isOne
            ? [scatter('not found', others, { color: paper, borderColor: quiet, borderWidth: 1, opacity: 0.8 }), found]
            : [scatter(name, others, { color: colour, opacity: 0.28 }), found];
        }),
        ...lines.map(({ name, colour, best }) => ({
          type: 'line',
          name,
          silent: true,
          showSymbol: false,
          step: 'end',
          lineStyle: { color: colour, width: 1.6 },
          z: 4,
          data: [...best.map(([at, value]) => [at / time.ms, value]), ...lastOf(best, x.max)],
        })),
      ],
      graphic: plot.labelled([
        { x: plot.right, y: toY(threshold) },
        ...lines.map(({ best }) => ({ x: plot.right, y: toY(best.at(-1)?.[1] ?? threshold) })),
      ]),
    },
  };
}

function captionOf(data: RunsData): string {
  const { measure, runs } = data;
  const [first] = runs;
  if (first === undefined || runs.length > 1) {
    return `Each point is a simulation that succeeded; strong ones have ${goalOf(data)}. Lines: the best of each run so far.`;
  }
  const { science } = first;
  const best = bestOf(science).at(-1)?.[1];
  const found = science.found.at(-1) ?? 0;
  return (
    `Each point is a simulation that succeeded, when it was decided on. Filled: ${goalOf(data)}, ` +
    `${found} of ${science.results.at.length}.` +
    (best === undefined ? '' : ` The best so far: ${inBoth(best, measure, 4)}.`)
  );
}

/** Each improvement: ms since the origin, and the value. */
function bestOf({ seek, results }: Science): [number, number][] {
  const best: [number, number][] = [];
  results.value.forEach((value, i) => {
    const last = best.at(-1)?.[1];
    if (last === undefined || (seek === 'highest' ? value > last : value < last)) {
      best.push([results.at[i] ?? 0, value]);
    }
  });
  return best;
}

const lastOf = (best: readonly (readonly [number, number])[], x: number): number[][] => {
  const last = best.at(-1);
  return last === undefined ? [] : [[x, last[1]]];
};

type Point = readonly [x: number, y: number, index: number];

function pointsOf({ results }: Science, ms: number, place: { plot: Plot; x: Range; y: Range }): Point[] {
  const points = results.value.map((value, i): Point => [(results.at[i] ?? 0) / ms, value, i]);
  return apart(points, place).map((i) => points[i] as Point);
}

const scatter = (name: string, data: readonly Point[], itemStyle: object): object => ({
  type: 'scatter',
  name,
  symbolSize: 6,
  itemStyle,
  data,
  z: 3,
});

const level = (value: number, { min, max }: Range, color: string): object => ({
  type: 'line',
  silent: true,
  showSymbol: false,
  lineStyle: { color, width: 1.2, type: 'dashed' },
  data: [
    [min, value],
    [max, value],
  ],
});

/** Smallest and largest, without spreading a hundred thousand numbers into arguments. */
function spanOf(values: readonly number[]): number[] {
  if (values.length === 0) return [];
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) [min, max] = [Math.min(min, value), Math.max(max, value)];
  return [min, max];
}

/** Where an axis begins and ends so that everything lies inside, at round numbers. */
function rangeOf(values: readonly number[]): Range {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = 10 ** Math.floor(Math.log10(Math.max(high - low, 1e-9))) / 2;
  const digits = Math.max(0, Math.ceil(-Math.log10(step)) + 1);
  const min = Math.floor(low / step) * step;
  const max = Math.ceil(high / step + 1e-9) * step;
  return { min: Number(min.toFixed(digits)), max: Number((max > min ? max : min + step).toFixed(digits)) };
}
