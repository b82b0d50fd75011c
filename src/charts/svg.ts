/**
 * A statechart as SVG text.
 *
 * Whoever shows a campaign toggles classes and sets texts, and nothing else: a state is `<g data-state="path">` (class `active`), an
 * arrow `<g data-arrow="id">` (classes `last`, and `taken` once it was taken at all), and each has an empty `<text data-count="path or
 * id">`. Room is kept for 16 characters at a state, such as `1,204 · 3.4 min`, and for 6 at an arrow. Colours are CSS variables
 * (`--chart-ink`, `--chart-quiet`, `--chart-line`, `--chart-paper`, `--chart-fill`, `--chart-active`, `--chart-last`) with fallbacks
 * for both themes, so that a chart can stand alone.
 */
import { sizes, type Line } from './box.ts';
import type { Chart, ChartState } from './chart-model.ts';
import {
  dotRadius,
  historyRadius,
  layoutOf,
  type ChartLayout,
  type PlacedArrow,
  type PlacedState,
  type Point,
} from './layout.ts';
import { chartStyle } from './style.ts';
import { escaped, number, roundedPath, tip } from './svg-parts.ts';

/** The chart of a machine as one SVG document: of the same chart the same text. */
export async function chartSvg(chart: Chart): Promise<string> {
  return drawn(await layoutOf(chart));
}

/** A chart that has its places, as SVG text. */
export function drawn(layout: ChartLayout): string {
  const { chart, width, height } = layout;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="cox-chart" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-labelledby="chart-${escaped(chart.actor)}">`,
    `<title id="chart-${escaped(chart.actor)}">${escaped(`Statechart of ${chart.actor}: ${summary(chart)}`)}</title>`,
    `<style>${chartStyle}</style>`,
    ...layout.states.map(drawnState),
    ...layout.dividers.map(([from, to]) => `<path class="divider" d="M${point(from)}L${point(to)}"/>`),
    ...layout.initials.map(
      ({ dot, line }) =>
        `<g class="initial"><path class="line" d="${roundedPath(line)}"/>${tip(line)}` +
        `<circle cx="${number(dot.x)}" cy="${number(dot.y)}" r="${dotRadius}"/></g>`,
    ),
    ...layout.arrows.map(drawnLine),
    ...layout.arrows.map(drawnArrow),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** What a reader hears of a chart that cannot be seen: its states. */
function summary({ root }: Chart): string {
  const names = (state: ChartState): string =>
    state.states.length === 0 ? state.name : `${state.name} (${state.states.map(names).join(', ')})`;
  return `states ${root.states.map(names).join(', ')}`;
}

const point = ({ x, y }: Point): string => `${number(x)},${number(y)}`;

function drawnState({ x, y, width, height, box, text }: PlacedState): string {
  const { state, lines } = box;
  const hint = state.description === '' ? '' : `<title>${escaped(state.description)}</title>`;
  const open = `<g class="state ${state.kind}${state.path === '' ? ' machine' : ''}" data-state="${escaped(state.path)}">${hint}`;
  if (state.kind === 'history') {
    const centre = { x: x + historyRadius, y: y + historyRadius };
    const circle = `<circle class="box" cx="${number(centre.x)}" cy="${number(centre.y)}" r="${historyRadius - 0.5}"/>`;
    return `${open}${circle}<text class="name" text-anchor="middle" x="${number(centre.x)}" y="${number(centre.y + 4.5)}">H</text></g>`;
  }
  const frame = (inset: number, radius: number, name: string): string =>
    `<rect class="${name}" x="${number(x + inset)}" y="${number(y + inset)}" width="${number(width - 2 * inset)}" ` +
    `height="${number(height - 2 * inset)}" rx="${radius}"/>`;
  const hasMore = lines.length > 0 || state.states.length > 0;
  const rule = hasMore ? `<path class="rule" d="M${point({ x, y: y + sizes.header })}h${number(width)}"/>` : '';
  const isFinal = state.kind === 'final';
  return [
    open,
    frame(0.5, 8, 'box'),
    isFinal ? frame(3.5, 5.5, 'ring') : '',
    rule,
    `<text class="name" x="${number(text.from)}" y="${number(y + 17.5)}">${escaped(state.name)}</text>`,
    `<text class="count" data-count="${escaped(state.path)}" text-anchor="end" x="${number(text.to)}" y="${number(y + 17)}"></text>`,
    ...written(lines, { x: text.from, y: y + sizes.header + 4 }, text.to),
    '</g>',
  ].join('');
}

/** Lines of names; those of a transition are elements of their own, with a place for their count at the right. */
function written(lines: readonly Line[], from: Point, right: number): string[] {
  return lines.map((line, index) => {
    const y = from.y + index * sizes.line + 11.5;
    const does =
      line.does === '' ? '' : `<tspan class="does">${line.text === '' ? '' : ' '}${escaped(line.does)}</tspan>`;
    const text = `<text class="code" xml:space="preserve" x="${number(from.x)}" y="${number(y)}">${escaped(line.text)}${does}</text>`;
    if (line.arrow === null) return text;
    const hint = line.hint === '' ? '' : `<title>${escaped(line.hint)}</title>`;
    return `<g class="inner" data-arrow="${escaped(line.arrow)}">${hint}${text}${line.goesOn ? '' : countOf(line.arrow, right, y)}</g>`;
  });
}

const countOf = (id: string, x: number, y: number): string =>
  `<text class="count" data-count="${escaped(id)}" text-anchor="end" x="${number(x)}" y="${number(y)}"></text>`;

/** The line that arrows between the same states share. */
function drawnLine({ lines }: PlacedArrow): string {
  return `<g class="edge">${lines.map((line) => `<path class="line" d="${roundedPath(line)}"/>${tip(line)}`).join('')}</g>`;
}

/** Each arrow of its own: the line again, to be lit, and its lines of the label. */
function drawnArrow({ arrows, lines, label }: PlacedArrow): string {
  const paths = lines.map((line) => `<path class="lit" d="${roundedPath(line)}"/>`).join('');
  return arrows
    .map(({ id, label: what, actions, description }) => {
      const own = label?.lines.map((line, index) => ({ line, index })).filter(({ line }) => line.arrow === id) ?? [];
      const texts = own.flatMap(({ line, index }) => {
        if (label === null) return [];
        const from = { x: label.x, y: label.y + index * sizes.line };
        return written([{ ...line, arrow: null }], from, 0).concat(
          line.goesOn ? [] : countOf(id, label.x + label.width, from.y + 11.5),
        );
      });
      const does = actions.length === 0 ? what : `${what} / ${actions.join(', ')}`;
      const hint = `<title>${escaped(description === '' ? does : `${does}\n${description}`)}</title>`;
      return `<g class="arrow" data-arrow="${escaped(id)}">${hint}${paths}${texts.join('')}</g>`;
    })
    .join('\n');
}
