/** Files of molecules, read row by row: CSV, TSV, columns apart by blanks, or a bare list of SMILES. */
import { CsvError, parse } from 'csv-parse';
import { parse as parseText } from 'csv-parse/sync';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { InputError, messageOf } from '../protocol/errors.ts';
import { unreadableFile } from './file-survey.ts';
import { withMolecule } from './rdkit.ts';

/** How a file of molecules is laid out. */
export interface Layout {
  /** A comma, a semicolon or a tab between cells, which may be quoted; or runs of blanks, without quotes. */
  readonly delimiter: ',' | ';' | '\t' | 'blanks';
  /** The column of the SMILES, from 0. */
  readonly column: number;
  /** Whether the first row names the columns. */
  readonly header: boolean;
}

/** One molecule as the file has it. */
export interface MoleculeRow {
  /** Where in the file, from 1. */
  readonly line: number;
  readonly smiles: string;
}

/** What is let pass in cells and rows: rows of any length, and quotes in the middle of a cell. */
const tolerant = {
  bom: true,
  comment: '#',
  comment_no_infix: true,
  /** A row longer than this many characters means a quote that was never closed. */
  max_record_size: 1_000_000,
  record_delimiter: ['\n', '\r\n', '\r'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
};

/**
 * The layout that a file's first line speaks of (the first that is neither blank nor a `#` comment): the delimiter under which
 * some cell is `smiles`, in any case; else a bare list, if the line begins with a SMILES.
 * @returns null and the cells found, when it is neither
 */
export function sniffLayout(
  firstLine: string,
  beginsWithSmiles: boolean,
): Layout | { readonly delimiter: null; readonly columns: readonly string[] } {
  for (const delimiter of ['\t', ',', ';', 'blanks'] as const) {
    const column = cellsOf(firstLine, delimiter).findIndex((cell) => cell.toLowerCase() === 'smiles');
    if (column < 0) continue;
    // With one column there is no delimiter to see; the cells may still be quoted.
    const single = cellsOf(firstLine, 'blanks').length === 1 && !/[,;\t]/.test(firstLine);
    return { delimiter: single ? ',' : delimiter, column, header: true };
  }
  if (beginsWithSmiles) return { delimiter: 'blanks', column: 0, header: false };
  const delimiter = (['\t', ',', ';'] as const).find((candidate) => firstLine.includes(candidate)) ?? 'blanks';
  return { delimiter: null, columns: cellsOf(firstLine, delimiter) };
}

/** The cells of a header line: quotes and blanks around a name are no part of it. */
export function cellsOf(line: string, delimiter: Layout['delimiter']): string[] {
  if (delimiter === 'blanks') return line.trim().split(/\s+/);
  try {
    const [cells = []] = parseText(line, { ...tolerant, delimiter });
    return cells.map((cell) => cell.trim());
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return line.split(delimiter).map((cell) => cell.trim());
  }
}

/** Whether a line holds neither data nor a header: blank, or a comment. No SMILES begins with `#`. */
const isIdle = (line: string): boolean => /^\s*(#|$)/.test(line);

/** The first token of a cell or line: what follows a SMILES after a blank is its name. */
export const firstToken = (text: string): string => /\S+/.exec(text)?.[0] ?? '';

/**
 * The rows of a file of molecules, header, comments and blank lines left out. A row without the column has SMILES ''.
 * @throws InputError when the text cannot be read as the layout says, such as a quote that is never closed
 */
async function* readRows(text: Readable, layout: Layout): AsyncGenerator<MoleculeRow> {
  const rows = rowsOf(text, layout.delimiter);
  let header = layout.header;
  for await (const { line, cells } of rows) {
    if (header) header = false;
    else yield { line, smiles: firstToken(cells[layout.column] ?? '') };
  }
}

/** One row of cells. */
export interface Row {
  /** Where in the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows of a text, comments and blank lines left out.
 * @throws InputError when it cannot be read so, such as a quote that is never closed
 */
export const rowsOf = (text: Readable, delimiter: Layout['delimiter']): AsyncGenerator<Row> =>
  delimiter === 'blanks' ? blankSeparated(text) : quoted(text, delimiter);

async function* blankSeparated(text: Readable): AsyncGenerator<Row> {
  let line = 0;
  for await (const raw of createInterface({ input: text, crlfDelay: Infinity })) {
    line += 1;
    const content = line === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (!isIdle(content)) yield { line, cells: content.trim().split(/\s+/) };
  }
}

async function* quoted(text: Readable, delimiter: string): AsyncGenerator<Row> {
  const parser = parse({ ...tolerant, delimiter, info: true });
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const isComment = record[0]?.trimStart().startsWith('#') ?? false;
      if (!isComment && record.some((cell) => cell.trim() !== '')) yield { line: info.lines, cells: record };
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new InputError(`line ${Number(cause['lines'])}: ${messageOf(cause)}`, { cause });
  } finally {
    text.destroy();
  }
}

/** The text of a file, decoded as UTF-8. */
export const openText = (path: string): Readable =>
  createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 });

/**
 * The molecules in a file, in order, whatever its layout.
 * @throws InputError that names the file when it cannot be read, holds no rows, or has no `smiles` column
 */
export async function* moleculesInFile(path: string): AsyncGenerator<MoleculeRow> {
  const layout = await layoutOf(path);
  let rows = 0;
  try {
    for await (const row of readRows(openText(path), layout)) {
      rows += 1;
      yield row;
    }
  } catch (cause) {
    if (cause instanceof InputError)
      throw new InputError(`search space ${path}, ${cause.message}`, { code: 'space.malformed', cause });
    throw unreadableFile('search space', path, cause);
  }
  if (rows === 0) throw empty(path);
}

async function layoutOf(path: string): Promise<Layout> {
  const first = await firstLineOf(path);
  if (first === null) throw empty(path);
  const beginsWithSmiles = (await withMolecule(firstToken(first), () => true)) ?? false;
  const isList = /\.(smi|smiles|ism|can)$/i.test(path);
  const layout = sniffLayout(first, beginsWithSmiles || isList);
  if (layout.delimiter !== null) return layout;
  const columns = layout.columns.map((column) => shorten(column)).join(', ');
  throw new InputError(
    `search space ${path} has no column named "smiles": its first line gives ${shorten(columns, 300)}. Name the column, ` +
      'or give a bare list with one SMILES a line',
    { code: 'space.no-smiles-column', details: { columns: layout.columns.slice(0, 100) } },
  );
}

/** The first line that is neither blank nor a comment, without a byte-order mark; null when there is none. `what` is what an error calls the file. */
export async function firstLineOf(path: string, what = 'search space'): Promise<string | null> {
  const text = openText(path);
  try {
    for await (const raw of createInterface({ input: text, crlfDelay: Infinity })) {
      const line = raw.replace(/^\uFEFF/, '');
      if (!isIdle(line)) return line;
    }
    return null;
  } catch (cause) {
    throw unreadableFile(what, path, cause);
  } finally {
    text.destroy();
  }
}

const shorten = (text: string, length = 60): string => (text.length > length ? `${text.slice(0, length)}...` : text);

const empty = (path: string): InputError =>
  new InputError(`search space ${path} holds no molecules`, { code: 'space.empty' });
