import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cacheDir } from './cache-dir.ts';
import type { Requirement } from './requirement.ts';
import { isAtLeast } from './requirement.ts';
import { lastWords, runProgram } from './run-program.ts';

/** What a file turned out to be: a program that will do, one that is too old, one that does not run, or not there. */
export type Probe =
  | { status: 'ok' | 'too-old'; path: string; version: string }
  | { status: 'broken'; path: string; problem: string }
  | { status: 'absent'; path: string };

const memorySchema = z.record(z.string(), z.object({ mtimeMs: z.number(), bytes: z.number(), version: z.string() }));
type Memory = z.infer<typeof memorySchema>;

/**
 * What the file at `path` is. The version of an unchanged file (same path, time and size) is remembered in the cache, so that
 * a second start spawns nothing; a program that did not run is asked again each time.
 */
export async function probe(
  requirement: Requirement,
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Probe> {
  const file = await look(path);
  if ('status' in file) return file;
  const memoryFile = join(cacheDir(env), 'versions.json');
  const known = (await recall(memoryFile))[path];
  if (known?.mtimeMs === file.mtimeMs && known.bytes === file.bytes) return judged(requirement, path, known.version);
  const seen = await ask(requirement, path, env);
  if ('version' in seen) await remember(memoryFile, path, { ...file, version: seen.version });
  return seen;
}

/** What the file at `path` is, found out by running it. */
export async function examine(requirement: Requirement, path: string, env: NodeJS.ProcessEnv): Promise<Probe> {
  const file = await look(path);
  return 'status' in file ? file : ask(requirement, path, env);
}

async function look(path: string): Promise<Probe | { mtimeMs: number; bytes: number }> {
  const info = await stat(path).catch(() => null);
  if (info === null) return { status: 'absent', path };
  if (!info.isFile()) return { status: 'broken', path, problem: 'it is not a file' };
  try {
    await access(path, constants.X_OK);
  } catch {
    return { status: 'broken', path, problem: 'it is not executable' };
  }
  return { mtimeMs: info.mtimeMs, bytes: info.size };
}

async function ask(requirement: Requirement, path: string, env: NodeJS.ProcessEnv): Promise<Probe> {
  const outcome = await runProgram(path, ['--version'], { timeoutMs: 15_000, env });
  // xtb prints its banner on stdout and "normal termination" on stderr; a wrapper may do it the other way round.
  const version = requirement.versionPattern.exec(`${outcome.stdout}\n${outcome.stderr}`)?.[1];
  if (version === undefined || outcome.code !== 0) return { status: 'broken', path, problem: lastWords(outcome) };
  return judged(requirement, path, version);
}

function judged(requirement: Requirement, path: string, version: string): Probe {
  return { status: isAtLeast(version, requirement.floor) ? 'ok' : 'too-old', path, version };
}

/** An unreadable memory is an empty one: it only saves time. */
async function recall(file: string): Promise<Memory> {
  try {
    return memorySchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}

/** Two processes may write at once: the later rename wins, and the entry that it lost is found out again next time. */
async function remember(file: string, path: string, entry: Memory[string]): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, JSON.stringify({ ...(await recall(file)), [path]: entry }, null, 1));
    await rename(draft, file);
  } catch {
    // A home that cannot be written to costs 20 ms at each start and nothing else: not worth a line to anybody.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
