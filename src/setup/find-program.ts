import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { MissingError } from '../protocol/errors.ts';
import { cacheDir } from './cache-dir.ts';
import type { Probe } from './program-version.ts';
import { probe } from './program-version.ts';
import type { Requirement } from './requirement.ts';
import { isAtLeast } from './requirement.ts';

/** A program that will do: where it is, how new it is, and which of the places it was found in. */
export interface FoundProgram {
  path: string;
  version: string;
  from: 'env' | 'path' | 'cache' | 'installed';
}

/** What a look around turned up: the program, or null and everything that was seen and would not do. */
export interface Search {
  found: FoundProgram | null;
  rejected: Probe[];
}

/**
 * The program of `requirement` if the machine has one, without installing anything: the one that the environment variable
 * names, else the first on PATH that is new enough, else the newest in Coxswain's own cache.
 * @throws MissingError when the environment variable names one that will not do: whoever set it wants that one or none.
 */
export async function searchProgram(requirement: Requirement, env: NodeJS.ProcessEnv = process.env): Promise<Search> {
  const named = env[requirement.variable];
  if (named !== undefined && named !== '') return { found: await theNamed(requirement, named, env), rejected: [] };

  const rejected: Probe[] = [];
  for (const path of candidatesOnPath(requirement.name, env)) {
    const seen = await probe(requirement, path, env);
    if (seen.status === 'ok') return { found: { path, version: seen.version, from: 'path' }, rejected };
    if (seen.status !== 'absent') rejected.push(seen);
  }
  for (const path of await candidatesInCache(requirement.name, env)) {
    const seen = await probe(requirement, path, env);
    if (seen.status === 'ok') return { found: { path, version: seen.version, from: 'cache' }, rejected };
    if (seen.status !== 'absent') rejected.push(seen);
  }
  return { found: null, rejected };
}

async function theNamed(requirement: Requirement, named: string, env: NodeJS.ProcessEnv): Promise<FoundProgram> {
  // A bare name means the one on PATH, as it does in a shell.
  const paths = named.includes('/') ? [resolve(named)] : candidatesOnPath(named, env);
  for (const path of paths) {
    const seen = await probe(requirement, path, env);
    if (seen.status === 'ok') return { path, version: seen.version, from: 'env' };
    if (seen.status !== 'absent') throw unfit(requirement, seen, `${requirement.variable} names ${named}`);
  }
  throw unfit(requirement, { status: 'absent', path: named }, `${requirement.variable} names ${named}`);
}

/** The error for a program that was named by somebody and will not do: what it is, what is needed, how to get that. */
export function unfit(requirement: Requirement, seen: Probe, who: string): MissingError {
  const remedy = `Get a newer one (${requirement.commands.join(', or ')}), or unset ${requirement.variable} and let Coxswain find or install one.`;
  const details = { program: requirement.name, ...seen };
  switch (seen.status) {
    case 'too-old':
      return new MissingError(
        `${who}, which is ${requirement.name} ${seen.version}; ${requirement.floor} or newer is needed, because ${requirement.reason}. ${remedy}`,
        { code: 'setup.too-old', details },
      );
    case 'broken':
      return new MissingError(`${who}, which does not run: ${seen.problem}. ${remedy}`, {
        code: 'setup.broken',
        details,
      });
    case 'absent':
    case 'ok':
      return new MissingError(`${who}, but there is no such program. ${remedy}`, { code: 'setup.missing', details });
  }
}

/** Every place on PATH where a program of this name could be, in order and without repeats. */
function candidatesOnPath(name: string, env: NodeJS.ProcessEnv): string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set(folders)].map((folder) => join(folder, name));
}

/** The folder of the cache in which one version of a program lies; the program is the file of its own name in there. */
export function installFolder(name: string, version: string, env: NodeJS.ProcessEnv): string {
  return join(cacheDir(env), name, version);
}

async function candidatesInCache(name: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const versions = await readdir(join(cacheDir(env), name)).catch(() => []);
  const newestFirst = versions.sort((a, b) => (isAtLeast(numbersOf(a), numbersOf(b)) ? -1 : 1));
  return newestFirst.map((version) => join(installFolder(name, version, env), name));
}

/** The newest program of this name in Coxswain's cache, or null. Whether it runs is not looked at. */
export async function newestInCache(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const path of await candidatesInCache(name, env)) if (existsSync(path)) return path;
  return null;
}

/** '6.5.1-3' -> '6.5.1.3', so that a packaging revision counts too. */
function numbersOf(version: string): string {
  return version.replace(/[^\d.]+/g, '.');
}
