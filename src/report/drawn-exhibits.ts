/** Figures as a report shows them: in the page for both themes and for narrow screens, and each as SVG and its data as CSV to take away. */
import { gzipSync } from 'node:zlib';
import type { Exhibit } from '../figures/exhibits.ts';
import { renderSvg } from '../figures/svg.ts';
import { csvOf } from './csv.ts';
import { html, Html } from './html.ts';
import { inPageColours } from './style.ts';

/** Widths in px: the whole page's, half of it, and a phone's. */
const widths = { whole: 980, half: 560, narrow: 358 };
const narrowHeight = 380;
/** Data longer than this is packed where it is kept within the page, bytes. */
const packedFrom = 128 * 1024;
/** What takes the whole width: rows of time. */
const whole = new Set(['utilisation', 'pools', 'found']);

/** What is read first; two that take half the width stand side by side. */
const order = [
  'found',
  'found-by-time',
  'objective',
  'utilisation',
  'pools',
  'idle',
  'decision-latency',
  'staleness-results',
  'staleness-seconds',
  'model-error',
  'calibration',
];

/** Figures in the order in which they are read. */
export const inOrder = (exhibits: readonly Exhibit[]): Exhibit[] =>
  [...exhibits].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));

/** A figure with everything that is made of it. */
export interface DrawnExhibit {
  readonly name: string;
  /** For the page. */
  readonly figure: Html;
  /** Text by the names of the files. */
  readonly files: ReadonlyMap<string, string>;
}

/** Draw a figure. @param folder where its files lie as seen from the page; null for beside it. */
export async function drawExhibit(exhibit: Exhibit, folder: string | null): Promise<DrawnExhibit> {
  const { name, label, figure, table } = exhibit;
  const isWhole = whole.has(name);
  const width = isWhole ? widths.whole : widths.half;
  const usual = figure('light');
  const size = { width, height: isWhole ? usual.height : Math.round(Math.min(usual.height, 400)) };
  const narrow = { width: widths.narrow, height: name === 'pools' ? usual.height + 60 : narrowHeight };
  const [inPage, onPhone, light, dark] = await Promise.all([
    renderSvg(figure('light', size), `${name}-wide`),
    renderSvg(figure('light', narrow), `${name}-narrow`),
    renderSvg(usual),
    renderSvg(figure('dark')),
  ]);
  const csv = csvOf(table());
  const files = new Map([
    [`${name}.svg`, light],
    [`${name}-dark.svg`, dark],
    [`${name}.csv`, csv],
  ]);
  return {
    name,
    files,
    figure: html`<figure id="figure-${name}" ${new Html(isWhole ? ' class="whole"' : '')}>
      ${inlined(inPage, 'wide', label)}${inlined(onPhone, 'narrow', label)}
      <figcaption>
        ${link(`${name}.svg`, 'SVG', 'image/svg+xml', light)},
        ${link(`${name}-dark.svg`, 'dark', 'image/svg+xml', dark)}; data: ${link(`${name}.csv`, 'CSV', 'text/csv', csv)}
        ${folder === null ? null : html`<span>(also in <code>${folder}/</code>)</span>`}
      </figcaption>
    </figure>`,
  };
}

/** An SVG document as part of a page, with words for whoever cannot see it. */
function inlined(svg: string, name: string, label: string): Html {
  const { text } = html`role="img" aria-label="${label}" class="${name}"`;
  return new Html(inPageColours(svg).replace('<svg ', `<svg ${text} `));
}

/** A link that holds what it leads to: it works without the folder, from a mail or a memory stick. */
function link(name: string, words: string, kind: string, text: string): Html {
  const isLong = text.length > packedFrom;
  const bytes = isLong ? gzipSync(text, { level: 9 }) : Buffer.from(text);
  const href = `data:${isLong ? 'application/gzip' : kind};base64,${bytes.toString('base64')}`;
  return html`<a download="${name}${isLong ? '.gz' : ''}" href="${new Html(href)}"
    >${words}${isLong ? ' (gzip)' : ''}</a
  >`;
}

/** Figures in a grid. */
export const figureGrid = (drawn: readonly DrawnExhibit[]): Html =>
  html`<div class="figures">${drawn.map(({ figure }) => figure)}</div>`;
