/** Shares of time as bars, one row a thing that is compared. */
import type { Words } from './frame.ts';
import { palettes, type, type Theme } from './palette.ts';
import { plotOf } from './plot.ts';
import type { Figure } from './svg.ts';

/** How the slots of a run spent their time: shares that sum to 1 with what was idle. */
export interface UtilisationRow {
  readonly name: string;
  readonly simulate: number;
  /** Training and inference together. */
  readonly learn: number;
}

const rowHeight = 30;
const margins = { left: 190, right: 70, bottom: 44 };

/** A figure of bars: what part of all slots' time was computed in, simulating and learning; the rest was idle. */
export function utilisationFigure(
  { words, rows }: { words: Pick<Words, 'title' | 'caption'>; rows: readonly UtilisationRow[] },
  theme: Theme,
  width = 760,
): Figure {
  const { ink, quiet, simulate, infer, idle } = palettes[theme];
  const inside = { size: { width, height: 0 }, bottom: margins.bottom };
  const { paper, top } = plotOf({ ...words, x: '', y: '' }, theme, inside);
  const left = Math.min(margins.left, 0.34 * width);
  const percent = (share: number): number => 100 * share;
  const bar = (name: string, color: string, of: (row: UtilisationRow) => number, label: object = {}): object => ({
    type: 'bar',
    name,
    stack: 'time',
    silent: true,
    barWidth: 14,
    data: rows.map((row) => percent(of(row))),
    itemStyle: { color },
    ...label,
  });
  return {
    width,
    height: top + margins.bottom + rowHeight * rows.length,
    option: {
      ...paper,
      grid: { left, right: margins.right, top, bottom: margins.bottom },
      xAxis: {
        type: 'value',
        min: 0,
        max: 100,
        axisLabel: { color: quiet, fontSize: type.small, formatter: '{value} %' },
        splitLine: { show: false },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ name }) => name),
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: ink, fontSize: type.text, interval: 0, width: left - 14, overflow: 'truncate' },
      },
      series: [
        bar('simulating', simulate, (row) => row.simulate),
        bar('learning', infer, (row) => row.learn),
        bar('idle', idle, (row) => Math.max(0, 1 - row.simulate - row.learn), {
          label: {
            show: true,
            position: 'right',
            color: quiet,
            fontSize: type.small,
            formatter: ({ dataIndex }: { dataIndex: number }) => {
              const row = rows[dataIndex];
              return row === undefined ? '' : `${percent(row.simulate + row.learn).toFixed(1)} %`;
            },
          },
        }),
      ],
    },
  };
}
