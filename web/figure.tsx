/** Figures in the page: the specifications of src/figures, drawn on a canvas as wide as there is room. */
import { LineChart, BarChart, ScatterChart } from 'echarts/charts';
import { GraphicComponent, GridComponent, TitleComponent } from 'echarts/components';
import { init, use, type ECharts } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Theme } from '../src/figures/palette.ts';
import type { Size } from '../src/figures/plot.ts';
import type { Figure } from '../src/figures/svg.ts';
import { theme } from './theme.ts';

use([LineChart, BarChart, ScatterChart, GridComponent, TitleComponent, GraphicComponent, CanvasRenderer]);

type Draw = (theme: Theme, size: Size) => Figure;

/** What points of a figure stand for, by the third number of each. */
interface Points {
  readonly wordsFor: (index: number) => string;
  readonly onPick: (index: number) => void;
}

/**
 * A figure, drawn anew when `data` has changed. Its place is kept before there is any data.
 * @param label what people who cannot see it are told
 */
export function FigureView({
  label,
  height,
  data,
  draw,
  points,
}: {
  readonly label: string;
  /** Px. */
  readonly height: number;
  readonly data: unknown;
  readonly draw: Draw;
  readonly points?: Points;
}): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const picked = useRef(points);
  picked.current = points;
  const width = useWidth(element);
  const [pointed, setPointed] = useState('');
  const shown = theme.value;
  useEffect(() => {
    if (element.current === null || width === 0) return;
    const { option } = draw(shown, { width, height });
    chart.current ??= begin(element.current, picked, setPointed);
    chart.current.resize({ width, height });
    chart.current.setOption({ ...option, animation: false }, { notMerge: true, silent: true });
  }, [data, width, height, shown]);
  useEffect(() => () => chart.current?.dispose(), []);
  return (
    <figure class="figure">
      <div ref={element} role="img" aria-label={label} style={{ height: `${height}px` }} />
      {points !== undefined && <p class="small quiet pointed id">{pointed}</p>}
    </figure>
  );
}

function begin(
  element: HTMLElement,
  points: { readonly current: Points | undefined },
  point: (words: string) => void,
): ECharts {
  const chart = init(element, null, { renderer: 'canvas' });
  const indexOf = ({ data }: { data?: unknown }): number | null =>
    Array.isArray(data) && typeof data[2] === 'number' ? data[2] : null;
  chart.on('click', (event) => {
    const index = indexOf(event);
    if (index !== null) points.current?.onPick(index);
  });
  chart.on('mouseover', (event) => {
    const index = indexOf(event);
    if (index !== null) point(points.current?.wordsFor(index) ?? '');
  });
  chart.on('mouseout', () => point(''));
  return chart;
}

/** The width that an element has, px; 0 before it is known. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
