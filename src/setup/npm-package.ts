import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstallContext } from './install-way.ts';
import { lastWords, runProgram } from './run-program.ts';
import { verifyChecksum } from './verified-download.ts';

/** An npm package, pinned; without what it depends on. */
export interface NpmPackage {
  name: string;
  version: string;
  /** Of its tarball. */
  sha256: string;
}

/**
 * Unpacks an npm package into `target`, fetched with the user's own npm as it is configured. None of its scripts is run.
 * @throws MissingError `setup.wrong-checksum` when it is not what was pinned; Error when it cannot be fetched
 */
export async function unpackNpmPackage(
  { name, version, sha256 }: NpmPackage,
  target: string,
  { scratch, env }: Pick<InstallContext, 'scratch' | 'env'>,
): Promise<void> {
  const downloads = join(scratch, `npm-${name.replaceAll('/', '-')}`);
  await mkdir(downloads);
  const packed = await runProgram(
    'npm',
    ['pack', '--silent', '--ignore-scripts', `${name}@${version}`, '--pack-destination', downloads],
    { timeoutMs: 120_000, cwd: scratch, env },
  );
  if (packed.code !== 0) throw new Error(`npm could not fetch ${name}: ${lastWords(packed)}`);
  const [file] = await readdir(downloads);
  if (file === undefined) throw new Error(`npm fetched no ${name}`);
  const tarball = join(downloads, file);
  await verifyChecksum(tarball, sha256, 'the npm registry');
  await mkdir(target, { recursive: true });
  const unpacked = await runProgram('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], {
    timeoutMs: 60_000,
    env,
  });
  if (unpacked.code !== 0) throw new Error(`tar could not unpack ${name}: ${lastWords(unpacked)}`);
  await rm(downloads, { recursive: true });
}
