/** Files in the cache: parts that are kept together, under a checksum, so that a damaged file is known as one. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { messageOf, ResourceError } from '../protocol/errors.ts';

/** Bytes of a file before its parts, and of each part's length, are multiples of this: the parts can be read where they lie. */
const alignment = 8;
const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
const magicBytes = 24;
const sumBytes = 32;

/**
 * Parts as the bytes of one file: what it is (at most 24 ASCII characters), SHA-256 of the rest, the length of each part
 * (64 bits, low byte first), and the parts, each at a multiple of eight bytes.
 */
export function sealParts(magic: string, parts: readonly Uint8Array[]): Buffer {
  const start = magicBytes + sumBytes + 8 * parts.length;
  const bytes = Buffer.alloc(start + parts.reduce((sum, { length }) => sum + padded(length), 0));
  bytes.write(magic, 'latin1');
  let at = start;
  for (const [index, part] of parts.entries()) {
    bytes.writeBigUInt64LE(BigInt(part.length), magicBytes + sumBytes + index * 8);
    bytes.set(part, at);
    at += padded(part.length);
  }
  bytes.set(
    createHash('sha256')
      .update(bytes.subarray(magicBytes + sumBytes))
      .digest(),
    magicBytes,
  );
  return bytes;
}

/** The parts in these bytes, which share their memory, or null when they are not all, and exactly, those that were sealed. */
export function openParts(magic: string, count: number, bytes: Buffer): Buffer[] | null {
  const start = magicBytes + sumBytes + 8 * count;
  const known = Buffer.alloc(magicBytes);
  known.write(magic, 'latin1');
  if (bytes.length < start || !bytes.subarray(0, magicBytes).equals(known)) return null;
  const sum = createHash('sha256')
    .update(bytes.subarray(magicBytes + sumBytes))
    .digest();
  if (!sum.equals(bytes.subarray(magicBytes, magicBytes + sumBytes))) return null;
  let end = start;
  const parts = Array.from({ length: count }, (_, index) => {
    const length = Number(bytes.readBigUInt64LE(magicBytes + sumBytes + index * 8));
    const part = bytes.subarray(end, end + length);
    end += padded(length);
    return part;
  });
  return end === bytes.length ? parts : null;
}

/**
 * The bytes of a cache file, or null when it is not there.
 * @throws ResourceError (`cache.unreadable`) when it is there and cannot be read
 */
export async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new ResourceError(`the cache file ${file} cannot be read: ${messageOf(error)}; remove it`, {
      code: 'cache.unreadable',
      cause: error,
    });
  }
}

/**
 * Written beside its place and moved there, so that no process ever sees half a file.
 * @throws ResourceError (`cache.unwritable`) that says what to do
 */
export async function writeWhole(folder: string, file: string, bytes: Uint8Array): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, bytes);
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new ResourceError(
      `the search space's cache cannot be written to ${folder}: ${messageOf(cause)}; free some space, or set COX_HOME to ` +
        'a folder that can be written',
      { code: 'cache.unwritable', cause },
    );
  }
}
