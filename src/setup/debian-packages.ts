import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { InstallContext, InstallWay } from './install-way.ts';
import { launcherScript } from './launcher-script.ts';
import { lastWords, runProgram } from './run-program.ts';
import { verifyChecksum } from './verified-download.ts';

/** A Debian package, pinned. */
export interface DebianPackage {
  name: string;
  version: string;
  sha256: string;
}

/** A program in Debian packages that are unpacked side by side: as if installed below a folder of our own, without root. */
export interface DebianSet {
  /** The Debian architecture that the checksums are for. */
  architecture: string;
  version: string;
  megabytes: number;
  packages: readonly DebianPackage[];
  /** The program below the folder, such as `usr/bin/xtb`. */
  program: string;
  /** Environment of the program; `$/unpacked` stands for the folder. */
  environment: Record<string, string>;
}

/** Installs `name` from Debian packages, fetched with the machine's own apt as it is configured. Root is not needed. */
export function debianPackages(name: string, set: DebianSet): InstallWay {
  return {
    source: 'Debian packages',
    version: set.version,
    async install(context) {
      const { folder, scratch, env, onProgress } = context;
      await refuseOtherArchitecture(set, env);
      // All of them, also what the machine has: a library that goes from the machine later must not take the program with it.
      const { packages } = set;
      const downloads = join(scratch, 'debs');
      await mkdir(downloads);
      onProgress(`fetching ${set.megabytes} MB of Debian packages`);
      await fetchPackages(packages, downloads, context);

      const files = await readdir(downloads);
      const root = join(folder, 'unpacked');
      await mkdir(root);
      for (const one of packages) {
        const file = files.find((candidate) => candidate.startsWith(`${one.name}_`) && candidate.endsWith('.deb'));
        if (file === undefined) throw new Error(`apt-get fetched no ${one.name}`);
        await verifyChecksum(join(downloads, file), one.sha256, 'Debian');
      }
      onProgress('verified');
      for (const file of files) {
        const unpacked = await runProgram('dpkg-deb', ['-x', join(downloads, file), root], { timeoutMs: 60_000, env });
        if (unpacked.code !== 0) throw new Error(`dpkg-deb could not unpack ${file}: ${lastWords(unpacked)}`);
      }
      await writeFile(join(folder, name), launcherScript(`unpacked/${set.program}`, set.environment), { mode: 0o755 });
    },
  };
}

async function refuseOtherArchitecture({ architecture }: DebianSet, env: NodeJS.ProcessEnv): Promise<void> {
  const asked = await runProgram('dpkg', ['--print-architecture'], { timeoutMs: 10_000, env });
  if (asked.code !== 0) throw new Error('this is not a Debian system');
  if (asked.stdout.trim() !== architecture) throw new Error(`no packages are pinned for ${asked.stdout.trim()}`);
}

/**
 * Fetches with the machine's package lists where they know these versions, and otherwise with fresh lists in a folder of our
 * own: the machine may have none (container images delete them), and only root may renew the machine's.
 */
async function fetchPackages(
  packages: readonly DebianPackage[],
  downloads: string,
  { scratch, env, onProgress }: InstallContext,
): Promise<void> {
  const wanted = packages.map((one) => `${one.name}=${one.version}`);
  const fetch = (settings: string): ReturnType<typeof runProgram> =>
    runProgram('apt-get', ['-q', '-c', settings, 'download', ...wanted], { timeoutMs: 180_000, cwd: downloads, env });

  const first = await fetch(await aptSettings(scratch, 'machine'));
  if (first.code === 0) return;
  onProgress('renewing the package lists');
  const settings = await aptSettings(scratch, 'own');
  // Its exit code does not count: one unreachable source among many is common, and what matters comes next.
  const renewed = await runProgram('apt-get', ['-q', '-c', settings, 'update'], { timeoutMs: 180_000, env });
  const second = await fetch(settings);
  if (second.code !== 0)
    throw new Error(`apt-get could not fetch them: ${lastWords(second.stderr === '' ? renewed : second)}`);
}

/** The path of a file of apt settings: state and cache in our own folder, no hooks, no sandbox user (it cannot read here). */
export async function aptSettings(scratch: string, lists: 'machine' | 'own'): Promise<string> {
  const state = join(scratch, 'apt');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  const lines = [
    ...(lists === 'own' ? [`Dir::State "${state}";`, `Dir::State::lists "${state}/lists";`] : []),
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache "${state}/cache";`,
    `APT::Sandbox::User "${userInfo().username}";`,
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    'Debug::NoLocking "true";',
    'Acquire::Languages "none";',
    'Acquire::Retries "1";',
    'Acquire::http::Timeout "15";',
    'Acquire::https::Timeout "15";',
  ];
  const file = join(scratch, `apt-${lists}.conf`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}
