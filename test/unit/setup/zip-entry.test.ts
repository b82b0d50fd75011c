import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractZip, readZipEntry } from '../../../src/setup/zip-entry.ts';

/** A zip archive of these files, as PKWARE's APPNOTE has it; checksums are left at 0, which readers of one entry do not look at. */
function zip(files: readonly { name: string; content: Buffer; deflated: boolean }[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflated } of files) {
    const packed = deflated ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(deflated ? 8 : 0, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(offset, 42);
    const body = Buffer.concat([local, Buffer.from(name), packed]);
    bodies.push(body);
    directory.push(Buffer.concat([entry, Buffer.from(name)]));
    offset += body.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}

describe('a file out of a zip archive', () => {
  it('comes out as it went in, stored or deflated, wherever it stands', () => {
    const file = fc.record({ content: fc.uint8Array({ maxLength: 2_000 }), deflated: fc.boolean() });
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 5 }), (files) => {
        const named = files.map(({ content, deflated }, i) => ({
          name: `folder/${i}.bin`,
          content: Buffer.from(content),
          deflated,
        }));
        const archive = zip(named);
        for (const { name, content } of named) expect(readZipEntry(archive, name).equals(content)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is refused when it is not there, or when the archive is none', () => {
    const archive = zip([{ name: 'a/b', content: Buffer.from('x'), deflated: false }]);
    expect(() => readZipEntry(archive, '/c')).toThrow('no file that ends with /c');
    expect(() => readZipEntry(Buffer.from('<html>'), '/b')).toThrow('not a zip archive');
  });
});

describe('unpacking a zip archive on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cox-zip-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const extract = async (archive: Buffer, isWanted: (name: string) => boolean): Promise<number> => {
    await writeFile(join(folder, 'archive.zip'), archive);
    return extractZip(join(folder, 'archive.zip'), join(folder, 'out'), isWanted);
  };

  it('writes the files that are wanted, with their folders, as they went in', async () => {
    const large = Buffer.alloc(300_000, 'coxswain ');
    const archive = zip([
      { name: 'lib/', content: Buffer.alloc(0), deflated: false },
      { name: 'lib/large.so', content: large, deflated: true },
      { name: 'lib/empty', content: Buffer.alloc(0), deflated: false },
      { name: 'include/c/api.h', content: Buffer.from('int a;'), deflated: false },
      { name: 'other', content: Buffer.from('x'), deflated: true },
    ]);
    expect(await extract(archive, (name) => name !== 'other')).toBe(3);
    expect((await readdir(join(folder, 'out'))).sort()).toEqual(['include', 'lib']);
    expect((await readFile(join(folder, 'out', 'lib', 'large.so'))).equals(large)).toBe(true);
    expect(await readFile(join(folder, 'out', 'lib', 'empty'), 'utf8')).toBe('');
    expect(await readFile(join(folder, 'out', 'include', 'c', 'api.h'), 'utf8')).toBe('int a;');
  });

  it('refuses what is no archive, and names that lead out of the folder', async () => {
    await expect(extract(Buffer.from('<html>'), () => true)).rejects.toThrow('not a zip archive');
    for (const name of ['../evil', 'a/../../evil', '/evil']) {
      const archive = zip([{ name, content: Buffer.from('x'), deflated: false }]);
      await extract(archive, () => true).catch(() => 0);
      expect(await readdir(folder), name).not.toContain('evil');
    }
    const outside = zip([{ name: '../evil', content: Buffer.from('x'), deflated: false }]);
    await expect(extract(outside, () => true)).rejects.toThrow('would leave its folder');
  });
});
