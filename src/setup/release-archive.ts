import { cp, rename, stat, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, join } from 'node:path';
import type { InstallWay } from './install-way.ts';
import { lastWords, runProgram } from './run-program.ts';
import { download, verifyChecksum } from './verified-download.ts';
import { launcherScript } from './launcher-script.ts';

/** A file of a project's own release page, pinned. */
export interface ReleaseArchive {
  url: string;
  sha256: string;
  megabytes: number;
}

/** A release: one archive for each `platform-arch` of Node, and what is in it. */
export interface Release {
  version: string;
  archives: Record<string, ReleaseArchive>;
  /** The folder in the archive that holds everything. */
  top: (archive: ReleaseArchive) => string;
  /** The program in that folder. */
  program: string;
  /** Environment of the program, name -> path in that folder; with any, a launcher script sets it. */
  environment?: Record<string, string>;
}

/** Installs `name` from the project's own release archive (needs the whole internet, and `tar`). */
export function releaseArchive(name: string, release: Release): InstallWay {
  return {
    source: 'the official release',
    version: release.version,
    async install({ folder, scratch, env, onProgress }) {
      const archive = release.archives[`${platform()}-${arch()}`];
      if (archive === undefined) throw new Error(`no archive is pinned for ${platform()} on ${arch()}`);
      onProgress(`fetching ${archive.megabytes} MB from ${new URL(archive.url).host}`);
      const file = join(scratch, basename(archive.url));
      await download(archive.url, file);
      await verifyChecksum(file, archive.sha256, new URL(archive.url).host);
      onProgress('verified');
      const unpacked = await runProgram('tar', ['-xf', file, '-C', scratch], { timeoutMs: 60_000, env });
      if (unpacked.code !== 0) throw new Error(`tar failed: ${lastWords(unpacked)}`);

      const top = join(scratch, release.top(archive));
      if (!(await stat(join(top, release.program))).isFile())
        throw new Error(`the archive holds no ${release.program}`);
      if (release.environment === undefined) {
        await rename(join(top, release.program), join(folder, name));
      } else {
        await cp(top, join(folder, 'unpacked'), { recursive: true, verbatimSymlinks: true });
        const script = launcherScript(`unpacked/${release.program}`, release.environment);
        await writeFile(join(folder, name), script, { mode: 0o755 });
      }
    },
  };
}
