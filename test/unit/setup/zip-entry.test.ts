import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readZipEntry } from '../../../src/setup/zip-entry.ts';

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
