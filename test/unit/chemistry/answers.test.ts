import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAnswers, type AnswerOptions, type Answers } from '../../../src/chemistry/answers.ts';
import { loadSearchSpace } from '../../../src/chemistry/search-space-cache.ts';
import { CoxswainError, InputError } from '../../../src/protocol/errors.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-answers-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

let files = 0;
async function fileOf(text: string): Promise<string> {
  const path = join(folder, `answers-${(files += 1)}.tsv`);
  await writeFile(path, text);
  return path;
}
const load = async (text: string, options?: AnswerOptions): Promise<Answers> =>
  loadAnswers(await fileOf(text), join(folder, 'cache'), options);
const pairs = ({ smiles, values }: Answers): [string, number | undefined][] =>
  smiles.map((one, row) => [one, values[row]]);

describe('a table of answers', () => {
  it.each([
    ['tabs', 'smiles\tvalue\tother\nOCC\t0.5\t1\nCC\t-1e-3\t2\n'],
    ['any names of columns', 'molecule\tIE of it, hartree\nOCC\t0.5\nCC\t-1e-3\n'],
    ['commas', 'smiles,value\nOCC,0.5\nCC,-1e-3\n'],
    ['quotes', '"smi","value, hartree"\r\n"OCC","0.5"\r\n"CC",-.001\r\n'],
    ['semicolons', 'smiles;value\nOCC;+0.5\nCC; -0.001 \n'],
    ['blanks', 'smiles value\nOCC 5e-1\nCC   -1E-3\n'],
    ['no header', 'OCC\t0.5\nCC\t-0.001\n'],
    [
      'comments, blank lines, CRLF and a byte-order mark',
      '\uFEFF# ours\r\n\r\nsmiles\tx\r\nOCC\t0.5\r\n\r\n# a\r\nCC\t-0.001\r\n',
    ],
    ['a bare end', 'smiles\tvalue\nOCC ethanol\t0.5\nCC\t-0.001'],
  ])('is read from %s', async (_, text) => {
    const answers = await load(text);
    expect(pairs(answers)).toEqual([
      ['CCO', 0.5],
      ['CC', -0.001],
    ]);
    expect(answers).toMatchObject({ duplicates: 0, refused: [], unanswered: 0 });
  });

  it('has each molecule once, with its first answer, and counts what it left out', async () => {
    const text = 'smiles\tvalue\nCCO\t\nOCC\t1\nC((\t2\nCCO\t3\nC\tnan\nCC\tinf\nCCC\t0x10\nCCN\t4\n\t5\nN\n';
    const answers = await load(text);
    expect(pairs(answers)).toEqual([
      ['CCO', 1],
      ['CCN', 4],
    ]);
    expect(answers).toMatchObject({ duplicates: 1, unanswered: 5, column: 'value' });
    expect(answers.refused).toEqual([
      { line: 4, smiles: 'C((' },
      { line: 10, smiles: '' },
    ]);
    expect([answers.fingerprints.length, answers.features.length]).toEqual([2 * 32, 2]);
  });

  it('gives the column that is asked for', async () => {
    const text = 'smiles\ta\tb\nC\t1\t\nCC\t2\t20\n';
    const [plain, named, first] = [
      await load(text),
      await load(text, { column: 'b' }),
      await load(text, { column: 'a' }),
    ];
    expect(pairs(plain)).toEqual([['C', 1], ['CC', 2]]); // prettier-ignore
    expect(pairs(named)).toEqual([['CC', 20]]);
    expect(named).toMatchObject({ column: 'b', unanswered: 1 });
    expect(pairs(first)).toEqual(pairs(plain));
    expect(named.digest).not.toBe(plain.digest);
  });

  it('says of its molecules what a search space of them says', async () => {
    const path = await fileOf('smiles\tvalue\nOCC\t1\nc1ccsc1\t2\nFC(F)Cl\t3\n');
    const answers = await loadAnswers(path, join(folder, 'cache'));
    const space = await loadSearchSpace(path, join(folder, 'cache'));
    expect(answers.smiles).toEqual(space.smiles);
    expect(answers.fingerprints).toEqual(space.fingerprints);
    expect(answers.features).toEqual(space.features);
  });

  it('is read once, and made anew when its cache is damaged', async () => {
    const cache = await mkdtemp(join(folder, 'cache-'));
    const path = await fileOf('smiles\tvalue\nOCC\t1\nC((\t2\nCC\tx\nC\t3\n');
    const reports: number[] = [];
    const onProgress = (rows: number): unknown => reports.push(rows);
    const first = await loadAnswers(path, cache, { onProgress });
    expect(reports).toEqual([4]);
    expect(await loadAnswers(path, cache, { onProgress })).toEqual(first);
    expect(reports).toEqual([4]);
    const [name = ''] = await readdir(cache);
    const bytes = await readFile(join(cache, name));
    await writeFile(join(cache, name), Buffer.from(bytes).fill(7, 200, 203));
    expect(await loadAnswers(path, cache)).toEqual(first);
    expect(await readFile(join(cache, name))).toEqual(bytes);
  });

  it.each([
    ['', undefined, 'answers.empty', /holds no rows/],
    ['smiles\tvalue\n', undefined, 'answers.empty', /no rows below its header/],
    ['smiles\nC\n', undefined, 'answers.columns', /has one column, "smiles"/],
    ['smiles\ta\tb\nC\t1\t2\n', 'c', 'answers.columns', /no column "c" beside the SMILES; there are "a", "b"/],
    ['smiles\ta\nC\t1\n', 'smiles', 'answers.columns', /no column "smiles" beside the SMILES; there are "a"/],
    ['C\t1\n', 'a', 'answers.columns', /has no header/],
    [
      'smiles\ta\nC\tx\nC((\t1\n',
      undefined,
      'answers.none',
      /RDKit refuses the first column of 1 of 2 rows, and 1 have no finite number in column "a"/,
    ],
    ['smiles\ta\n"C\t1\n', undefined, 'answers.malformed', /[Qq]uote/],
  ])('is refused when it reads %j, column %s', async (text, column, code, message) => {
    const path = await fileOf(text);
    const loaded = loadAnswers(path, join(folder, 'cache'), { column });
    await expect(loaded).rejects.toBeInstanceOf(InputError);
    await expect(loaded).rejects.toMatchObject({ code });
    await expect(loaded).rejects.toThrow(message);
    await expect(loaded).rejects.toThrow(path);
  });

  it('is refused with the reason of the system when it cannot be read', async () => {
    const absent = loadAnswers(join(folder, 'absent.tsv'), join(folder, 'cache'));
    await expect(absent).rejects.toThrow(/table of answers .*absent.tsv cannot be read: ENOENT/);
    await expect(loadAnswers(folder, join(folder, 'cache'))).rejects.toMatchObject({ code: 'space.unreadable' });
  });

  it('of any text is a table, or an error of ours', async () => {
    const piece = fc.constantFrom(
      'smiles',
      '\t',
      '\n',
      'C',
      'CC',
      '1',
      '-2.5',
      '"',
      ',',
      ';',
      ' ',
      '#',
      'e',
      '\r',
      '\0',
      '\uFEFF',
      'C((',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        try {
          const { smiles, values, features } = await load(pieces.join(''));
          expect(new Set(smiles).size).toBe(values.length);
          expect(features.length).toBe(values.length);
          expect(values.every(Number.isFinite)).toBe(true);
        } catch (error) {
          if (!(error instanceof CoxswainError)) throw error;
          expect(error.code).toMatch(/^answers\./);
        }
      }),
      { numRuns: 150 },
    );
  });
});
