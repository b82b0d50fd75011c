import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Make a folder and those that it lies in, where they are missing. Node's own way of it tries for ever in a folder that takes none
 * and says that they are missing, as `/proc` does.
 * @throws the error of the file system.
 */
export async function makeFolder(path: string): Promise<void> {
  const whole = resolve(path);
  if (await isMade(whole)) return;
  await makeFolder(dirname(whole));
  // Somebody else may make the same in this moment.
  await mkdir(whole).catch(async (error: unknown) => {
    if (!(await isMade(whole).catch(() => false))) throw error;
  });
}

/** Make a folder in one that is there; whether that could be. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    if ((await stat(path).catch(() => null))?.isDirectory() === true) return true;
    throw error;
  }
}
