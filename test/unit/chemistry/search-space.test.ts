import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprints } from '../../../src/chemistry/fingerprint.ts';
import { surveyFile } from '../../../src/chemistry/file-survey.ts';
import { sniffLayout } from '../../../src/chemistry/molecule-table.ts';
import { decodeSpace, encodeSpace, loadSearchSpace } from '../../../src/chemistry/search-space-cache.ts';
import { readFeaturedSpace, readSearchSpace, type SearchSpace } from '../../../src/chemistry/search-space.ts';
import { CoxswainError } from '../../../src/protocol/errors.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-space-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

let files = 0;
async function fileOf(text: string | Buffer, extension = 'csv'): Promise<string> {
  const path = join(folder, `space-${(files += 1)}.${extension}`);
  await writeFile(path, text);
  return path;
}
const read = async (text: string, extension?: string): Promise<SearchSpace> =>
  readSearchSpace(await fileOf(text, extension));

describe('a search space', () => {
  it.each([
    ['CSV', 'id,Smiles,note\n1,OCC,x\n2,CC,y\n', 'csv'],
    ['quoted CSV', '"a, name","SMILES"\r\n"x, y","OCC"\r\n"a ""b""","CC"\r\n', 'csv'],
    ['one quoted column', '"smiles"\n"OCC"\n"CC"\n', 'csv'],
    ['semicolons', 'smiles;value\nOCC;1,5\nCC;2\n', 'csv'],
    ['TSV', 'name\tsmiles\n\tOCC\nethane gas\tCC\n', 'tsv'],
    ['blanks', '  id   SMILES\n  1  OCC\n  2  CC  extra\n', 'txt'],
    ['a bare list', 'OCC ethanol, pure\nCC\tethane\n', 'smi'],
    ['a bare list of another name', 'OCC\nCC', 'txt'],
    [
      'comments, blank lines, CRLF and a byte-order mark',
      '\uFEFF# made by hand\r\n\r\nsmiles\r\n# more\r\nOCC\r\n\r\nCC\r\n',
      'csv',
    ],
    ['old line ends', 'smiles,x\rOCC,1\rCC,2\r', 'csv'],
  ])('is read from %s', async (_, text, extension) => {
    expect(await read(text, extension)).toEqual({
      smiles: ['CCO', 'CC'],
      duplicates: 0,
      refused: [],
      digest: createHash('sha256').update(text).digest('hex'),
    });
  });

  it('has each molecule once, and says which lines were refused', async () => {
    const text = 'smiles,id\nOCC,1\nCCO,2\nC((,3\n\nC(C)O,4\n,5\nC,6\n';
    expect(await read(text)).toMatchObject({
      smiles: ['CCO', 'C'],
      duplicates: 2,
      refused: [
        { line: 4, smiles: 'C((' },
        { line: 7, smiles: '' },
      ],
    });
  });

  it('goes on after a SMILES so long that RDKit would not survive it', async () => {
    const { smiles, refused } = await read(`smiles\nC\n${'C'.repeat(5_000)}\nCC\n`);
    expect(smiles).toEqual(['C', 'CC']);
    expect(refused.map(({ line }) => line)).toEqual([3]);
  });

  it.each([
    ['', 'space.empty', /holds no molecules/],
    ['\n# nothing\n\n', 'space.empty', /holds no molecules/],
    ['smiles,id\n', 'space.empty', /holds no molecules/],
    ['name,value\nx,1\n', 'space.no-smiles-column', /no column named "smiles": its first line gives name, value/],
    ['molecule\nC\n', 'space.no-smiles-column', /gives molecule/],
    ['smiles\nC((\nC1CC\n', 'space.all-refused', /refuses all 2 SMILES, the first on line 2: "C\(\("/],
    ['smiles,x\nC,1\n"CC,2\nCCC,3\n', 'space.malformed', /line \d+: .*[Qq]uote/],
  ])('is refused when it reads %j (%s)', async (text, code, message) => {
    const path = await fileOf(text);
    await expect(readSearchSpace(path)).rejects.toMatchObject({ name: 'InputError', code });
    await expect(readSearchSpace(path)).rejects.toThrow(message);
    await expect(readSearchSpace(path)).rejects.toThrow(path);
  });

  it('is refused with the reason of the system when it cannot be read', async () => {
    await expect(readSearchSpace(join(folder, 'absent.csv'))).rejects.toThrow(/cannot be read: ENOENT/);
    await expect(readSearchSpace(folder)).rejects.toMatchObject({ code: 'space.unreadable' });
  });

  it('comes back whatever separates, quotes and surrounds its cells', async () => {
    const molecules = fc.uniqueArray(fc.constantFrom('C', 'CC', 'CCO', 'c1ccccc1', 'C#N', 'CC(=O)O', 'FC(F)F'), {
      minLength: 1,
    });
    const layout = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t', ' '),
      end: fc.constantFrom('\n', '\r\n'),
      mark: fc.constantFrom('', '\uFEFF'),
      header: fc.constantFrom('smiles', 'SMILES', 'Smiles'),
      before: fc.boolean(),
      quoted: fc.boolean(),
      idle: fc.constantFrom('', '# comment, with "quotes', '   '),
      last: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        molecules,
        layout,
        async (smiles, { delimiter, end, mark, header, before, quoted, idle, last }) => {
          const cell = (text: string): string => (quoted && delimiter !== ' ' ? `"${text}"` : text);
          const row = (one: string, other: string): string =>
            (before ? [other, one] : [one, other]).map(cell).join(delimiter);
          const lines = [idle, row(header, 'id'), ...smiles.flatMap((one, index) => [row(one, String(index)), idle])];
          const space = await read(mark + lines.join(end) + (last ? end : ''), 'txt');
          expect(space).toMatchObject({ smiles, duplicates: 0, refused: [] });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of any bytes is a search space, or an error of ours', async () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('smiles', '\n', '\r', '"', ',', '\t', ';', 'C', 'CC', '#', '\0', '\uFEFF', '\ud800', ' '),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.constantFrom('csv', 'smi', 'tsv'), async (pieces, extension) => {
        const path = await fileOf(Buffer.from(pieces.join(''), 'latin1'), extension);
        try {
          const { smiles, refused } = await readSearchSpace(path);
          expect(new Set(smiles).size).toBe(smiles.length);
          expect(refused.every(({ line }) => Number.isInteger(line) && line > 0)).toBe(true);
        } catch (error) {
          if (!(error instanceof CoxswainError)) throw error;
          expect(error.code).toMatch(/^space\./);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the layout that its first line speaks of', () => {
    expect(sniffLayout('id\tSMILES, canonical\tsmiles', false)).toEqual({ delimiter: '\t', column: 2, header: true });
    expect(sniffLayout('"IUPAC, name",smiles', false)).toEqual({ delimiter: ',', column: 1, header: true });
    expect(sniffLayout('CCO 2,2-dimethyl', true)).toEqual({ delimiter: 'blanks', column: 0, header: false });
    expect(sniffLayout('a,b', false)).toEqual({ delimiter: null, columns: ['a', 'b'] });
  });
});

describe('a cached search space', () => {
  const text = 'smiles\nOCC\nCCO\nC((\nc1ccccc1\nC\n';

  it('is what was read, with fingerprints, and is not parsed twice', async () => {
    const cache = await mkdtemp(join(folder, 'cache-'));
    const path = await fileOf(text);
    const reports: [number, number][] = [];
    const first = await loadSearchSpace(path, cache, (done, total) => reports.push([done, total]));
    expect(first).toMatchObject({ ...(await readSearchSpace(path)), cached: false });
    expect(first.fingerprints).toEqual(await fingerprints(first.smiles));
    expect(first.features.length).toBe(3);
    expect(reports.at(-1)).toEqual([6, 6]);
    expect(await loadSearchSpace(path, cache)).toEqual({ ...first, cached: true });
    // The same bytes under another name; other bytes under the same name.
    expect(await loadSearchSpace(await fileOf(text), cache)).toMatchObject({ cached: true });
    await writeFile(path, `${text}CC\n`);
    expect(await loadSearchSpace(path, cache)).toMatchObject({ cached: false, smiles: [...first.smiles, 'CC'] });
    expect((await readdir(cache)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is made anew when its file is damaged, however', async () => {
    const cache = await mkdtemp(join(folder, 'cache-'));
    const path = await fileOf(text);
    const whole = await loadSearchSpace(path, cache);
    const [name = ''] = await readdir(cache);
    const file = join(cache, name);
    const bytes = await readFile(file);
    for (const damage of [
      Buffer.alloc(0),
      bytes.subarray(0, 20),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.from([0])]),
      Buffer.from(bytes).fill(1, 60, 64),
    ]) {
      await writeFile(file, damage);
      expect(await loadSearchSpace(path, cache)).toEqual({ ...whole, cached: false });
      expect(await readFile(file)).toEqual(bytes);
    }
  });

  it('is read back as written, and no byte of it can change unseen', async () => {
    const path = await fileOf(text);
    const space = await readFeaturedSpace(path, await surveyFile(path));
    const bytes = encodeSpace(space);
    expect(decodeSpace(bytes)).toEqual(space);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(decodeSpace(damaged)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (garbage) => {
        expect(decodeSpace(Buffer.from(garbage))).toBeNull();
      }),
    );
  });

  it('says where it could not be written, and why', async () => {
    const occupied = await fileOf('a file where the folder should be');
    await expect(loadSearchSpace(await fileOf(text), occupied)).rejects.toMatchObject({ name: 'ResourceError' });
    await expect(loadSearchSpace(await fileOf(text), occupied)).rejects.toThrow(occupied);
  });
});
