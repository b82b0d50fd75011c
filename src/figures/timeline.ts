/** The utilisation Gantt on paper: one row a slot, coloured by the kind of its tasks. */
import type { Timeline } from '../story/views.ts';
import { axis } from './frame.ts';
import { taskSpans, visibleBars, type Bars } from './gantt.ts';
import { palettes, type, type Palette, type Theme } from './palette.ts';
import { plotOf, timeUnit, type Plot } from './plot.ts';
import { poolColour } from './pools.ts';
import type { Figure } from './svg.ts';

const rowsRoom = { few: 22, many: 5, fewUpTo: 16 };

/** A figure of all tasks; those that are shorter than a pixel are drawn together, paler the more of their time was idle. */
export function timelineFigure(timeline: Timeline, theme: Theme, width = 760): Figure {
  const { lanes, topics, updates, end } = timeline;
  const colours = palettes[theme];
  const rowHeight = lanes.length <= rowsRoom.fewUpTo ? rowsRoom.few : Math.max(rowsRoom.many, 352 / lanes.length);
  const span = Math.max(1, end);
  const time = timeUnit(span);
  const labels = [
    ...topics.map((topic) => ({ text: topic, colour: poolColour(topic, colours) })),
    ...(timeline.tasks.state.includes(2) ? [{ text: 'failed', colour: colours.failure }] : []),
    ...(updates.length === 0 ? [] : [{ text: 'model update', colour: colours.quiet }]),
  ];
  const words = {
    title: 'What each slot did',
    caption: `One row a slot (${lanes.length}), one bar a task (${timeline.tasks.id.length}); what is not coloured was idle.`,
    x: `wall time, ${time.unit}`,
    y: '',
  };
  const rows = rowHeight * Math.max(1, lanes.length);
  const inside = { labels, left: 16 };
  const { top } = plotOf(words, theme, { ...inside, size: { width, height: 0 } });
  const size = { width, height: top + rows + 62 };
  const plot = plotOf(words, theme, { ...inside, size, bottom: 62 });
  const place = { from: 0, to: span, width: plot.right - plot.left, firstLane: 0, endLane: lanes.length };
  const bars = visibleBars(taskSpans(timeline), place);
  return {
    ...size,
    option: {
      ...plot.paper,
      grid: plot.grid,
      xAxis: { ...axis(words.x, theme, { min: 0, max: span / time.ms, gap: 30 }), offset: 6 },
      yAxis: { type: 'value', show: false, min: 0, max: 1 },
      series: [
        {
          type: 'custom',
          silent: true,
          coordinateSystem: 'cartesian2d',
          data: [[0, 0]],
          renderItem: () => ({
            type: 'group',
            children: pathsOf(bars, { rowHeight, plot, colours, topics }),
          }),
          z: 3,
        },
      ],
      graphic: [
        ...updates.map(({ start, end: until }) => bandOf([start, until ?? span], { plot, span, colours })),
        ...lanes.map((_, lane) => ruleOf(lane, rowHeight, plot, colours)),
        ...plot.labelled(labels.map((_, i) => ({ x: plot.right, y: plot.top + 8 + (type.text + 6) * i }))),
      ],
    },
  };
}

/** All bars of one colour and paleness as one path: a figure of 100,000 tasks stays small. */
function pathsOf(
  { count, lane, left, right, key, share }: Bars,
  { rowHeight, plot, colours, topics }: { rowHeight: number; plot: Plot; colours: Palette; topics: readonly string[] },
): object[] {
  const gap = rowHeight > 8 ? 3 : 0.6;
  const paths = new Map<string, { colour: string; opacity: number; d: string[] }>();
  for (let i = 0; i < count; i += 1) {
    const topic = topics[key[i] ?? 0];
    const colour = topic === undefined ? colours.failure : poolColour(topic, colours);
    const opacity = Math.max(0.25, Math.round((share[i] ?? 1) * 4) / 4);
    const name = `${colour} ${opacity}`;
    const path = paths.get(name) ?? { colour, opacity, d: [] };
    paths.set(name, path);
    const x = plot.left + (left[i] ?? 0);
    const width = Math.max(0.6, (right[i] ?? 0) - (left[i] ?? 0) - ((right[i] ?? 0) - (left[i] ?? 0) > 4 ? 0.5 : 0));
    const y = plot.top + (lane[i] ?? 0) * rowHeight + gap / 2;
    path.d.push(`M${short(x)} ${short(y)}h${short(width)}v${short(rowHeight - gap)}h${short(-width)}z`);
  }
  return [...paths.values()].map(({ colour, opacity, d }) => ({
    type: 'path',
    shape: { pathData: d.join('') },
    style: { fill: colour, opacity },
  }));
}

const short = (value: number): string => String(Math.round(value * 10) / 10);

function bandOf(
  [start, end]: readonly [number, number],
  { plot, span, colours }: { plot: Plot; span: number; colours: Palette },
): object {
  const toX = (at: number): number => plot.left + (Math.min(at, span) / span) * (plot.right - plot.left);
  return {
    type: 'rect',
    silent: true,
    z: 1,
    shape: { x: toX(start), y: plot.top - 6, width: Math.max(0.6, toX(end) - toX(start)), height: 3 },
    style: { fill: colours.quiet },
  };
}

const ruleOf = (lane: number, rowHeight: number, plot: Plot, { grid }: Palette): object => ({
  type: 'rect',
  silent: true,
  z: 2,
  shape: { x: plot.left, y: plot.top + (lane + 0.5) * rowHeight, width: plot.right - plot.left, height: 1 },
  style: { fill: grid },
});
