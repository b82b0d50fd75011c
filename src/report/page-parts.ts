/** What pages of reports are made of. */
import { html, Html } from './html.ts';
import { reportStyle } from './style.ts';

/** One number that people look for first: what it is, itself with its unit, and what it means. */
export interface KeyNumber {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
}

/** A page that needs nothing else: no script, no network, both themes, and paper. */
export function page({ title, body }: { title: string; body: Html }): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}</title>
        <style>
          ${new Html(reportStyle)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  return `${text.trim().replaceAll(/\n {4,}</g, '\n<')}\n`;
}

export const keyNumbers = (numbers: readonly KeyNumber[]): Html =>
  html`<dl class="numbers">
    ${numbers.map(
      ({ name, value, more }) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}${more === undefined ? null : html`<small>${more}</small>`}</dd>
        </div>`,
    )}
  </dl>`;

/** A part of the page with its heading; without an empty one. */
export const section = (heading: string, body: Html): Html =>
  html`<section>
    <h2>${heading}</h2>
    ${body}
  </section>`;

/** Numbers, also those that were given their digits already; and missing ones. */
const isNumeric = (cell: string | number | Html | null): boolean =>
  cell === null || typeof cell === 'number' || (typeof cell === 'string' && /^-?[\d.,]+( %)?$/.test(cell));

/** A table. Columns of numbers stand at the right. */
export function dataTable({
  caption,
  columns,
  rows,
}: {
  caption?: string;
  columns: readonly string[];
  rows: readonly (readonly (string | number | Html | null)[])[];
}): Html {
  const isNumber = columns.map(
    (_, i) => rows.some((row) => row[i] !== null) && rows.every((row) => isNumeric(row[i] ?? null)),
  );
  const kind = (i: number): Html => new Html(isNumber[i] === true ? ' class="number"' : '');
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption ?? columns.join(', ')}">
    <table>
      ${
        caption === undefined
          ? null
          : html`<caption>
              ${caption}
            </caption>`
      }
      <thead>
        <tr>
          ${columns.map((column, i) => html`<th scope="col" ${kind(i)}>${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => html`<td${kind(i)}>${cell === null ? '' : cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Values of any kind as people read them in a table. */
export const plainText = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '-' : JSON.stringify(value);

/** A time as UTC to the second. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** A span in the units that people use. */
export function spanOf(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 6_000) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3_600).toFixed(2)} h`;
}

/** A share as per cent; a dash where there is none. */
export const percentOf = (share: number | null | undefined): string =>
  share === null || share === undefined || Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)} %`;
