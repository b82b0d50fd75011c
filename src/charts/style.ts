/** How charts look: CSS variables with fallbacks for both themes. */
import { palettes, type } from '../figures/palette.ts';
import { sizes } from './box.ts';

const colours = (theme: 'light' | 'dark'): string => {
  const { ink, quiet, paper, simulate, grid, attention } = palettes[theme];
  return `--ink:${ink};--quiet:${quiet};--paper:${paper};--fill:${grid};--active:${simulate};--last:${attention}`;
};

/** Rules of a chart that stands alone; all names begin with the chart's class, so that a page with several is not disturbed. */
export const chartStyle = [
  `.cox-chart{${colours('light')};font-family:${type.family}}`,
  `@media (prefers-color-scheme:dark){.cox-chart{${colours('dark')}}}`,
  '.cox-chart text{fill:var(--chart-ink,var(--ink));stroke:none}',
  `.cox-chart .name{font-size:${sizes.name}px;font-weight:600}`,
  `.cox-chart .code{font-size:${sizes.code}px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace}`,
  `.cox-chart .small{font-size:${sizes.count}px}`,
  '.cox-chart .does{fill:var(--chart-quiet,var(--quiet))}',
  `.cox-chart .count{font-size:${sizes.count}px;fill:var(--chart-quiet,var(--quiet));font-variant-numeric:tabular-nums}`,
  '.cox-chart .box,.cox-chart .ring{fill:var(--chart-paper,var(--paper));stroke:var(--chart-ink,var(--ink))}',
  '.cox-chart .machine>.box{stroke:var(--chart-line,var(--quiet))}',
  '.cox-chart .ring{fill:none}',
  '.cox-chart .rule{stroke:var(--chart-ink,var(--ink));stroke-width:.75;opacity:.45}',
  '.cox-chart .divider{stroke:var(--chart-ink,var(--ink));stroke-dasharray:5 4}',
  '.cox-chart .line{fill:none;stroke:var(--chart-line,var(--quiet));stroke-width:1.2}',
  '.cox-system .line,.cox-system .tip{opacity:.55}',
  '.cox-chart .tip,.cox-chart .initial circle{fill:var(--chart-line,var(--quiet));stroke:none}',
  '.cox-chart .initial circle{fill:var(--chart-ink,var(--ink))}',
  '.cox-chart .reach{fill:none;stroke:transparent;stroke-width:9}',
  '.cox-chart .says{visibility:hidden;pointer-events:none}',
  '.cox-chart .says text{paint-order:stroke;stroke:var(--chart-paper,var(--paper));stroke-width:5px;stroke-linejoin:round}',
  '.cox-chart .arrow:hover .says,.cox-chart .arrow.last .says{visibility:visible}',
  '.cox-chart .arrow:hover>.reach~.lit{stroke:var(--chart-ink,var(--ink));stroke-width:1.8}',
  '.cox-chart .node:not(.actor)>.box{stroke-dasharray:none;fill:var(--chart-fill,var(--fill))}',
  '.cox-chart .lit{fill:none;stroke:none}',
  '.cox-chart .state.active:not(.machine)>.box{fill:color-mix(in srgb,var(--chart-active,var(--active)) 22%,var(--chart-paper,var(--paper)));stroke:var(--chart-active,var(--active));stroke-width:1.6}',
  '.cox-chart [data-arrow].last>.lit{stroke:var(--chart-last,var(--last));stroke-width:2.4}',
  '.cox-chart [data-arrow].last>.code,.cox-chart [data-arrow].last>.code .does{fill:var(--chart-last,var(--last))}',
].join('');
