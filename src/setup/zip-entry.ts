import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw, inflateRawSync } from 'node:zlib';

/*
 * Wheels are zip archives, and Node has no reader for them. This one reads the central directory (PKWARE APPNOTE 6.3, sections
 * 4.3.12 and 4.3.16), stored and deflated entries; no zip64, which nothing below 4 GB needs.
 */

interface Entry {
  name: string;
  method: number;
  packedBytes: number;
  /** Where its local header begins in the archive. */
  local: number;
}

const localHeaderBytes = 30;
const endBytes = 22;
const longestComment = 65_535;

/** Where the directory begins in the archive and how many entries it has, from the archive's `tail`. */
function directoryOf(tail: Buffer): { count: number; start: number } {
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error('it is not a zip archive');
  return { count: tail.readUInt16LE(end + 10), start: tail.readUInt32LE(end + 16) };
}

/** The entries of a directory of `count`. */
function* entriesOf(directory: Buffer, count: number): Generator<Entry> {
  for (let i = 0, at = 0; i < count; i++) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw new Error('its directory is damaged');
    const nameBytes = directory.readUInt16LE(at + 28);
    yield {
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      local: directory.readUInt32LE(at + 42),
    };
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
}

/** Where an entry's content begins, told by its local header, whose name and extra field vary in length. */
const contentStart = (local: number, header: Buffer): number =>
  local + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);

/**
 * The content of the one file in a zip archive whose name ends with `suffix`.
 * @throws Error when the archive is damaged, or holds no such file.
 */
export function readZipEntry(archive: Buffer, suffix: string): Buffer {
  const { count, start } = directoryOf(archive);
  for (const { name, method, packedBytes, local } of entriesOf(archive.subarray(start), count)) {
    if (!name.endsWith(suffix)) continue;
    const from = contentStart(local, archive.subarray(local, local + localHeaderBytes));
    const packed = archive.subarray(from, from + packedBytes);
    if (method === 0) return packed;
    if (method === 8) return inflateRawSync(packed);
    throw unknownMethod(name, method);
  }
  throw new Error(`it holds no file that ends with ${suffix}`);
}

/**
 * Unpacks those files of a zip archive on disk whose names `isWanted`, below `folder`; resolves to how many they were. Streams
 * them, so that memory does not grow with their size.
 * @throws Error when the archive is damaged, or a name would lead out of the folder.
 */
export async function extractZip(file: string, folder: string, isWanted: (name: string) => boolean): Promise<number> {
  const archive = await open(file);
  try {
    const { size } = await archive.stat();
    const read = async (from: number, bytes: number): Promise<Buffer> =>
      (await archive.read(Buffer.alloc(bytes), 0, bytes, from)).buffer;
    const tailBytes = Math.min(size, endBytes + longestComment);
    const { count, start } = directoryOf(await read(size - tailBytes, tailBytes));
    let extracted = 0;
    for (const { name, method, packedBytes, local } of entriesOf(await read(start, size - start), count)) {
      if (name.endsWith('/') || !isWanted(name)) continue;
      if (normalize(name).startsWith(`..${sep}`)) throw new Error(`it holds ${name}, which would leave its folder`);
      const from = contentStart(local, await read(local, localHeaderBytes));
      const target = join(folder, name);
      await mkdir(dirname(target), { recursive: true });
      if (method !== 0 && method !== 8) throw unknownMethod(name, method);
      if (packedBytes === 0) {
        // A stream has no way to say "no bytes of this file".
        await writeFile(target, '');
      } else {
        const packed = createReadStream(file, { start: from, end: from + packedBytes - 1 });
        if (method === 0) await pipeline(packed, createWriteStream(target));
        else await pipeline(packed, createInflateRaw(), createWriteStream(target));
      }
      extracted++;
    }
    return extracted;
  } finally {
    await archive.close();
  }
}

const unknownMethod = (name: string, method: number): Error =>
  new Error(`${name} is packed by method ${method}, which this reader does not know`);
