/** The copies of blobs that a host keeps on its disk; without NATS, so that the processes that compute start fast. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { objectRefOf, type ObjectRef } from '../protocol/object-ref.ts';

const verified = new Set<string>();

/** Whether a kept copy has the bytes that its name says; checked once a process, since a full disk may cut one short. */
export async function isIntact(path: string, ref: ObjectRef): Promise<boolean> {
  if (verified.has(path)) return true;
  try {
    if (objectRefOf(await readFile(path)) !== ref) return false;
  } catch {
    return false;
  }
  verified.add(path);
  return true;
}

/** Keep bytes under their reference in a folder; complete or not at all. */
export async function keepFile(folder: string, ref: ObjectRef, bytes: Uint8Array): Promise<void> {
  const path = join(folder, ref);
  if (await isIntact(path, ref)) return;
  await mkdir(folder, { recursive: true });
  const partial = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.part`;
  await writeFile(partial, bytes);
  await rename(partial, path);
  verified.add(path);
}
