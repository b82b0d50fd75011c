/** Tables as CSV (RFC 4180) that spreadsheets open without running what is in them. */
import type { Table } from '../figures/exhibits.ts';

/** What a spreadsheet takes for the beginning of a formula. */
const formula = /^[=+\-@\t\r]/;

/**
 * A table as CSV: lines end with CRLF, cells with a comma, a quote or a line break are quoted, a missing value is empty. Text that a
 * spreadsheet would take for a formula begins with an apostrophe; numbers are as they are.
 */
export function csvOf({ columns, rows }: Table): string {
  return [columns, ...rows].map((cells) => `${csvLine(cells)}\r\n`).join('');
}

/** One line, without its end. */
const csvLine = (cells: readonly (string | number | null)[]): string => cells.map(csvCell).join(',');

function csvCell(cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  const text = formula.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
