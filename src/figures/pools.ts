/** The ledger over time: the slots of each pool, and how many of them were in use. */
import type { LedgerView } from '../story/views.ts';
import { niceMax } from './frame.ts';
import { palettes, type, type Palette, type Theme } from './palette.ts';
import { plotOf, timeUnit, type Size } from './plot.ts';
import type { Figure } from './svg.ts';

const stripHeight = 92;
const stripGap = 18;

/** A figure of strips, one a pool, with one axis of time: the line is the pool's slots, the filled part those that are allocated. */
export function poolsFigure(ledger: LedgerView, theme: Theme, given?: Size): Figure {
  const names = Object.keys(ledger.pools);
  const size = given ?? { width: 760, height: 130 + names.length * (stripHeight + stripGap) };
  const { quiet, grid } = palettes[theme];
  const span = ledger.at.at(-1) ?? 1;
  const time = timeUnit(span);
  const most = Math.max(1, ...names.map((name) => ledger.pools[name]?.slots.reduce((a, b) => Math.max(a, b), 0) ?? 0));
  const words = {
    title: 'Slots of each pool',
    caption:
      'Line: the slots that the pool has. Filled: those that a task holds. What is empty below the line was free.' +
      (ledger.moves.length === 0 ? '' : ` ${ledger.moves.length} moves between pools.`),
    x: `wall time, ${time.unit}`,
    y: 'slots',
  };
  const labels = names.map((name) => ({ text: name, colour: poolColour(name, palettes[theme]) }));
  const plot = plotOf(words, theme, { size, labels });
  const height = (plot.bottom - plot.top - stripGap * (names.length - 1)) / Math.max(1, names.length);
  const top = (i: number): number => plot.top + i * (height + stripGap);
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: names.map((_, i) => ({ left: plot.grid.left, right: plot.grid.right, top: top(i), height })),
      xAxis: names.map((_, i) => ({
        type: 'value',
        gridIndex: i,
        min: 0,
        max: span / time.ms,
        axisLine: { show: true, lineStyle: { color: quiet } },
        axisTick: { show: false },
        splitLine: { show: false },
        axisLabel: {
          show: i === names.length - 1,
          color: quiet,
          fontSize: type.small,
          hideOverlap: true,
          showMaxLabel: false,
        },
        ...(i === names.length - 1
          ? { name: words.x, nameLocation: 'middle', nameGap: 30, nameTextStyle: { color: quiet, fontSize: type.text } }
          : {}),
      })),
      yAxis: names.map((_, i) => ({
        type: 'value',
        gridIndex: i,
        min: 0,
        max: niceMax(most),
        splitNumber: 2,
        minInterval: 1,
        axisLabel: { color: quiet, fontSize: type.small },
        splitLine: { lineStyle: { color: grid } },
      })),
      series: names.flatMap((name, i) => {
        const { slots = [], allocated = [] } = ledger.pools[name] ?? {};
        const color = labels[i]?.colour;
        const steps = (of: readonly number[]): number[][] => ledger.at.map((at, n) => [at / time.ms, of[n] ?? 0]);
        const common = {
          type: 'line',
          name,
          xAxisIndex: i,
          yAxisIndex: i,
          step: 'end',
          showSymbol: false,
          silent: true,
        };
        return [
          {
            ...common,
            lineStyle: { width: 0, opacity: 0 },
            areaStyle: { color, opacity: 0.45 },
            data: steps(allocated),
          },
          { ...common, lineStyle: { color, width: 1.6 }, data: steps(slots) },
        ];
      }),
      graphic: plot.labelled(names.map((_, i) => ({ x: plot.right, y: top(i) + height / 2 }))),
    },
  };
}

/** A pool has the colour of the kind of work that it is named for. */
export function poolColour(name: string, { simulate, train, infer, quiet }: Palette): string {
  return { simulate, train, infer }[name] ?? quiet;
}
