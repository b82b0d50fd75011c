/** Which version of a campaign's code a folder holds. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ConfigError } from '../protocol/errors.ts';
import { campaignFile, compiledTwin } from './load.ts';

/**
 * SHA-256 in hexadecimal of a campaign folder's code: the same on every host that has the same files, compiled or not.
 * @throws ConfigError when the folder holds no campaign.
 */
export function methodsDigest(folder: string): string {
  campaignFile(folder);
  // What this package compiles is known by what it is compiled to, also where the source is run.
  const root = realpathSync(compiledTwin(folder) ?? folder);
  const hash = createHash('sha256');
  for (const file of codeFiles(root)) {
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    hash.update(`${relative(root, file).replaceAll('\\', '/')}\n${content}\n`);
  }
  return hash.digest('hex');
}

const short = (digest: string): string => digest.slice(0, 8);

/** Why a worker whose methods have this digest computes nothing of a campaign, and what to do. */
export function otherMethods(
  record: { id: string; campaign: string; methods: string },
  digest: string,
  worker: string,
): string {
  return (
    `${worker} has other methods of ${record.campaign} (${short(digest)}) than campaign ${record.id} (${short(record.methods)}) ` +
    'and gets none of its tasks; put the same version of the folder on its host and start the worker again'
  );
}

/**
 * Look whether a folder still holds what a campaign was started with.
 * @throws ConfigError when its code is another.
 */
export function refuseOtherMethods(record: { id: string; methods: string }, folder: string): void {
  const here = methodsDigest(folder);
  if (here === record.methods) return;
  throw new ConfigError(
    `the files of ${folder} are not those that ${record.id} was started with ` +
      `(methods ${short(here)}, not ${short(record.methods)}); put the old files back, or start a new run`,
    { code: 'methods.changed', details: { here, started: record.methods } },
  );
}

/** Code and data that code imports, sorted; declarations compute nothing, and a run's own folder is no code. */
function codeFiles(root: string): string[] {
  const files: string[] = [];
  const seen = new Set<string>();
  const walk = (folder: string): void => {
    const real = realpathSync(folder);
    if (seen.has(real)) return;
    seen.add(real);
    for (const name of readdirSync(folder)) {
      if (name.startsWith('.') || name === 'node_modules') continue;
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory() === true && !existsSync(join(path, 'campaign.json'))) walk(path);
      else if (found?.isFile() === true && /\.(ts|js|mjs|json)$/.test(name) && !name.endsWith('.d.ts'))
        files.push(path);
    }
  };
  walk(root);
  return files.sort((one, other) => (one < other ? -1 : 1));
}
