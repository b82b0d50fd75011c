/** Figures as SVG text, drawn without a browser. */
import type { EChartsCoreOption } from 'echarts/core';

/** A figure as data: what ECharts is to draw, and how large, px. */
export interface Figure {
  readonly option: EChartsCoreOption;
  readonly width: number;
  readonly height: number;
}

/**
 * A figure as one SVG document: of the same figure the same text. ECharts is loaded when this is called, and only what figures use.
 * @param ids what its elements' ids begin with: several figures within one page need different ones.
 */
export async function renderSvg({ option, width, height }: Figure, ids = 'cox'): Promise<string> {
  const [core, charts, components, renderers] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  core.use([
    charts.LineChart,
    charts.BarChart,
    charts.ScatterChart,
    charts.CustomChart,
    components.GridComponent,
    components.TitleComponent,
    components.GraphicComponent,
    renderers.SVGRenderer,
  ]);
  const chart = core.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ ...option, animation: false });
    return `${renumbered(chart.renderToSVGString(), ids)}\n`;
  } finally {
    chart.dispose();
  }
}

/** ECharts numbers what it draws on from chart to chart: here every figure begins anew. */
function renumbered(svg: string, ids: string): string {
  const numbers = new Map<string, number>();
  return svg.replaceAll(/\bzr\d+-[a-z]*-?\d*/g, (id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return `${ids}-${number}`;
  });
}
