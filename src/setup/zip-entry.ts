import { inflateRawSync } from 'node:zlib';

/**
 * The content of the one file in a zip archive whose name ends with `suffix`.
 * Wheels are zip archives, and Node has no reader for them. Reads the central directory (PKWARE APPNOTE 6.3, sections 4.3.12
 * and 4.3.16), stored and deflated entries; no zip64, which nothing below 4 GB needs.
 * @throws Error when the archive is damaged, or holds no such file.
 */
export function readZipEntry(archive: Buffer, suffix: string): Buffer {
  const endSignature = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
  const end = archive.lastIndexOf(endSignature);
  if (end < 0) throw new Error('it is not a zip archive');
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (archive.readUInt32LE(at) !== 0x02014b50) throw new Error('its directory is damaged');
    const method = archive.readUInt16LE(at + 10);
    const packedBytes = archive.readUInt32LE(at + 20);
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    if (name.endsWith(suffix)) {
      const local = archive.readUInt32LE(at + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const packed = archive.subarray(start, start + packedBytes);
      if (method === 0) return packed;
      if (method === 8) return inflateRawSync(packed);
      throw new Error(`${name} is packed by method ${method}, which this reader does not know`);
    }
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`it holds no file that ends with ${suffix}`);
}
