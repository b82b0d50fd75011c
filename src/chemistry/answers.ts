/** Tables of known answers: molecules with a number each, for rehearsing how candidates are chosen. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { FeatureTable } from '../ml/feature-table.ts';
import { InputError } from '../protocol/errors.ts';
import { openParts, readIfThere, sealParts, writeWhole } from './cached-file.ts';
import { MoleculeGathering } from './features.ts';
import { surveyFile, unreadableFile } from './file-survey.ts';
import { fingerprintBytes } from './fingerprint.ts';
import type { Layout, Row } from './molecule-table.ts';
import { rdkitVersion, withMolecule } from './rdkit.ts';

/** Molecules with known answers, and what models see of them. */
export interface Answers {
  /** Canonical SMILES [n], in the file's order of first answer, all different. */
  readonly smiles: readonly string[];
  /** The answers [n], all finite, in the unit of the table. */
  readonly values: Float64Array;
  /** Packed Morgan fingerprints [n x 32]. */
  readonly fingerprints: Uint8Array;
  readonly features: FeatureTable;
  /** SHA-256, hexadecimal, of the file's bytes, and of the column where one was chosen. */
  readonly digest: string;
  /** The name of the column that the answers are from; null where the file has no header. */
  readonly column: string | null;
  /** How many rows were of a molecule that had an answer already: the first counts. */
  readonly duplicates: number;
  /** Rows whose SMILES RDKit refused: line from 1, and the SMILES as written. */
  readonly refused: readonly { readonly line: number; readonly smiles: string }[];
  /** How many rows had no finite number. */
  readonly unanswered: number;
}

/** What may be chosen of a table. */
export interface AnswerOptions {
  /** The name of the column with the answers; the second where it is not given. */
  readonly column?: string | undefined;
  /** Told now and then how many rows are done. */
  readonly onProgress?: ((rowsDone: number, linesTotal: number) => void) | undefined;
}

const what = 'table of answers';
/** Changes with everything that changes what a cache file holds. */
const formatVersion = 3;
const magic = `cox-answers-${formatVersion}\n`;
/** Rows between two turns of other work of the process (about 40 ms). */
const rowsPerTurn = 128;

const factsSchema = z.object({
  digest: z.string(),
  column: z.string().nullable(),
  duplicates: z.number().int().nonnegative(),
  refused: z.array(z.object({ line: z.number().int(), smiles: z.string() })),
  unanswered: z.number().int().nonnegative(),
});

/**
 * The molecules of a table and their answers: tab-separated (commas, semicolons and blanks are seen, too) with a header, SMILES in
 * the first column, the answer in the second or in the one that is named. Comments, quotes, CRLF and a byte-order mark are
 * taken as they come, and a first row of a SMILES and a number as a row. Kept in `cacheDir` as a search space is.
 * @throws InputError that names the file: `space.unreadable`, `answers.empty`, `answers.columns` with the columns that are there,
 *   `answers.malformed`, `answers.none` when no row is of use; ResourceError (`cache.unwritable`)
 */
export async function loadAnswers(path: string, cacheDir: string, options: AnswerOptions = {}): Promise<Answers> {
  const { column, onProgress } = options;
  const [{ digest: bytes, lines }, version] = await Promise.all([surveyFile(path, what), rdkitVersion()]);
  const digest = column === undefined ? bytes : createHash('sha256').update(`${bytes}\n${column}`).digest('hex');
  const file = join(cacheDir, `answers-${digest.slice(0, 32)}-rdkit-${version}-v${formatVersion}.bin`);
  const kept = await readIfThere(file);
  const cached = kept === null ? null : decodeAnswers(kept);
  if (cached?.digest === digest) return cached;
  const answers = await readAnswers(path, digest, column, (rows) => onProgress?.(Math.min(rows, lines), lines));
  await writeWhole(cacheDir, file, encodeAnswers(answers));
  return answers;
}

async function readAnswers(
  path: string,
  digest: string,
  wanted: string | undefined,
  onProgress: (rows: number) => void,
): Promise<Answers> {
  const layout = await layoutOf(path, wanted);
  const answerOf = new Map<string, number>();
  const gathering = new MoleculeGathering();
  const refused: { line: number; smiles: string }[] = [];
  let [rows, duplicates, unanswered] = [0, 0, 0];
  const { firstToken } = await import('./molecule-table.ts');
  for await (const { line, cells } of answerRows(path, layout)) {
    rows += 1;
    if (rows % rowsPerTurn === 0) {
      onProgress(rows);
      await setImmediate();
    }
    const smiles = firstToken(cells[0] ?? '');
    const value = decimal(cells[layout.value] ?? '');
    const canonical = await withMolecule(smiles, (molecule) => {
      const text = molecule.get_smiles();
      if (text !== '' && Number.isFinite(value) && !answerOf.has(text)) gathering.add(molecule);
      return text;
    });
    if (canonical === null || canonical === '') refused.push({ line, smiles });
    else if (!Number.isFinite(value)) unanswered += 1;
    else if (answerOf.has(canonical)) duplicates += 1;
    else answerOf.set(canonical, value);
  }
  onProgress(rows);
  if (answerOf.size === 0) throw noneOfUse(path, layout, { rows, refused: refused.length, unanswered });
  const values = Float64Array.from(answerOf.values());
  const counts = { duplicates, refused, unanswered };
  return { smiles: [...answerOf.keys()], values, ...gathering.all(), digest, column: layout.name, ...counts };
}

/** Where the answers of a table are. */
interface AnswerLayout {
  readonly delimiter: Layout['delimiter'];
  /** Whether the first row names the columns. */
  readonly header: boolean;
  /** The column of the answers, from 0, and its name. */
  readonly value: number;
  readonly name: string | null;
}

async function layoutOf(path: string, wanted: string | undefined): Promise<AnswerLayout> {
  const { cellsOf, firstLineOf, firstToken } = await import('./molecule-table.ts');
  const line = await firstLineOf(path, what);
  if (line === null) throw new InputError(`${what} ${path} holds no rows`, { code: 'answers.empty' });
  const delimiter = (['\t', ',', ';'] as const).find((one) => cellsOf(line, one).length > 1) ?? 'blanks';
  const columns = cellsOf(line, delimiter);
  const isRow =
    Number.isFinite(decimal(columns[1] ?? '')) &&
    (await withMolecule(firstToken(columns[0] ?? ''), () => true)) === true;
  if (wanted === undefined && columns.length > 1) {
    return { delimiter, header: !isRow, value: 1, name: isRow ? null : (columns[1] ?? null) };
  }
  const value = isRow || wanted === undefined ? -1 : columns.indexOf(wanted.trim());
  if (value > 0) return { delimiter, header: true, value, name: columns[value] ?? null };
  const known = columns.slice(1).map((column) => `"${column.slice(0, 60)}"`);
  const problem =
    columns.length < 2
      ? `has one column, "${line.slice(0, 60)}"`
      : isRow
        ? `has no header, so that no column is named "${wanted ?? ''}"`
        : `has no column "${wanted ?? ''}" beside the SMILES; there are ${known.slice(0, 20).join(', ')}`;
  throw new InputError(
    `${what} ${path} ${problem}. It takes a header, SMILES in the first column, and the answers in the second or in one that is named`,
    { code: 'answers.columns', details: { columns: columns.slice(0, 100) } },
  );
}

async function* answerRows(path: string, { delimiter, header }: AnswerLayout): AsyncGenerator<Row> {
  const { openText, rowsOf } = await import('./molecule-table.ts');
  let isHeader = header;
  try {
    for await (const row of rowsOf(openText(path), delimiter)) {
      if (isHeader) isHeader = false;
      else yield row;
    }
  } catch (cause) {
    if (!(cause instanceof InputError)) throw unreadableFile(what, path, cause);
    throw new InputError(`${what} ${path}, ${cause.message}`, { code: 'answers.malformed', cause });
  }
}

/** A decimal number, or NaN: `Number` alone would read '' and '0x1f', too. */
function decimal(cell: string): number {
  const text = cell.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
}

function noneOfUse(
  path: string,
  { name }: AnswerLayout,
  counts: Record<'rows' | 'refused' | 'unanswered', number>,
): InputError {
  const { rows, refused, unanswered } = counts;
  if (rows === 0) return new InputError(`${what} ${path} holds no rows below its header`, { code: 'answers.empty' });
  const column = name === null ? 'the second column' : `column "${name}"`;
  return new InputError(
    `${what} ${path}: no row is of use. RDKit refuses the first column of ${refused} of ${rows} rows, and ${unanswered} have no ` +
      `finite number in ${column}`,
    { code: 'answers.none', details: counts },
  );
}

function encodeAnswers({ smiles, values, fingerprints, features, ...facts }: Answers): Buffer {
  const texts = [JSON.stringify(facts), smiles.join('\n')].map((text) => Buffer.from(text));
  const numbers = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return sealParts(magic, [...texts, numbers, fingerprints, features.encode()]);
}

/** What a cache file holds, or null when its bytes are not all, and exactly, those that were written. */
function decodeAnswers(file: Buffer): Answers | null {
  const parts = openParts(magic, 5, file);
  if (parts === null) return null;
  const [facts, smiles, values, fingerprints, features] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const list = smiles.toString('latin1').split('\n');
  const table = FeatureTable.decode(features);
  const fits = values.length === list.length * 8 && fingerprints.length === list.length * fingerprintBytes;
  if (!fits || table.length !== list.length) return null;
  return {
    ...factsSchema.parse(JSON.parse(facts.toString())),
    smiles: list,
    values: new Float64Array(Uint8Array.from(values).buffer),
    fingerprints: new Uint8Array(fingerprints.buffer, fingerprints.byteOffset, fingerprints.length),
    features: table,
  };
}
