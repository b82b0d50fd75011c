/** For what reason slots computed nothing: the time of each cause. */
import type { IdleCause, IdleReport } from '../story/views.ts';
import { axis, niceMax } from './frame.ts';
import { palettes, type, type Theme } from './palette.ts';
import { plotOf } from './plot.ts';
import type { Figure } from './svg.ts';

const rowHeight = 30;
const leftAt = 150;

/** A figure of bars, one a cause, the longest first, in slot seconds and as a share of all the time that there was. */
export function idleFigure({ idleSeconds, slotSeconds, busySeconds }: IdleReport, theme: Theme, width = 760): Figure {
  const { ink, quiet, idle } = palettes[theme];
  const rows = causesOf({ idleSeconds });
  const busy = Object.values(busySeconds).reduce((sum, one) => sum + one, 0);
  const share = (seconds: number): string => (slotSeconds > 0 ? `${((100 * seconds) / slotSeconds).toFixed(1)} %` : '');
  const words = {
    title: 'Idle slots, by cause',
    caption: `Of ${slotSeconds.toFixed(0)} slot seconds ${share(busy)} were computed in. The bars are the rest.`,
    x: 'slot seconds',
    y: '',
  };
  const { paper, top } = plotOf(words, theme, { size: { width, height: 0 } });
  const max = niceMax(rows[0]?.[1] ?? 1);
  return {
    width,
    height: top + 56 + rowHeight * Math.max(1, rows.length),
    option: {
      ...paper,
      grid: { left: leftAt, right: 110, top, bottom: 56 },
      xAxis: { ...axis(words.x, theme, { min: 0, max, gap: 30 }), splitNumber: width < 560 ? 2 : 5 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(([cause]) => cause),
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: ink, fontSize: type.text, interval: 0 },
      },
      series: [
        {
          type: 'bar',
          silent: true,
          barWidth: 14,
          itemStyle: { color: idle },
          data: rows.map(([, seconds]) => seconds),
          label: {
            show: true,
            position: 'right',
            color: quiet,
            fontSize: type.small,
            formatter: ({ dataIndex }: { dataIndex: number }) => {
              const seconds = rows[dataIndex]?.[1] ?? 0;
              return `${seconds.toFixed(1)} s, ${share(seconds)}`;
            },
          },
        },
      ],
    },
  };
}

/** Causes with their slot seconds, the longest first. */
export function causesOf({ idleSeconds }: Pick<IdleReport, 'idleSeconds'>): [IdleCause, number][] {
  return (Object.entries(idleSeconds) as [IdleCause, number][])
    .filter(([, seconds]) => seconds > 0)
    .sort(([, a], [, b]) => b - a);
}
