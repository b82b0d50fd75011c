import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../campaign/make-folder.ts';
import { messageOf, ResourceError } from '../protocol/errors.ts';

/**
 * Write texts into a folder, which is made where it is missing; resolves with the names of the files.
 * @throws ResourceError when it cannot be written.
 */
export async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  try {
    await makeFolder(folder);
    for (const [name, text] of files) await writeFile(join(folder, name), text);
  } catch (cause) {
    throw new ResourceError(`${folder} cannot be written: ${messageOf(cause)}; choose another --out`, { cause });
  }
  return [...files.keys()];
}
