/** A browser for the tests of the page, and for its pictures: the machine's, else one in Coxswain's cache. The program itself needs none. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { aptSettings } from './debian-packages.ts';
import { searchProgram, type FoundProgram } from './find-program.ts';
import { installProgram, type SetupOptions } from './install-program.ts';
import type { InstallContext, InstallWay } from './install-way.ts';
import { launcherScript } from './launcher-script.ts';
import type { Requirement } from './requirement.ts';
import { lastWords, runProgram } from './run-program.ts';

const chromiumRequirement: Requirement = {
  name: 'chromium',
  variable: 'COX_CHROMIUM',
  floor: '120.0',
  reason: 'the page is written for browsers of the last years',
  versionPattern: /(?:Chromium|Google Chrome|HeadlessShell)\D* (\d+\.\d+\.\d+)/,
  commands: ['sudo apt-get install chromium', 'npx playwright-core install chromium', 'brew install --cask chromium'],
};

/**
 * A Chromium of this machine, else one that is installed into the cache: Playwright's own build, or Debian's newest.
 * @throws MissingError when there is none and none can be installed: its message holds the commands that would.
 */
export async function ensureChromium(options: SetupOptions = {}): Promise<FoundProgram> {
  const { found, rejected } = await searchProgram(chromiumRequirement, options.env);
  return found ?? installProgram(chromiumRequirement, [playwrightBuild, debianBuild], rejected, options);
}

/** Playwright fetches and verifies the build that goes with it; where its server is out of reach it says so at once. */
const playwrightBuild: InstallWay = {
  source: 'Playwright',
  version: 'playwright',
  async install({ folder, env, onProgress }) {
    const program = join(dirname(createRequire(import.meta.url).resolve('playwright-core')), 'cli.js');
    onProgress('fetching 110 MB');
    const fetched = await runProgram(process.execPath, [program, 'install', 'chromium-headless-shell'], {
      timeoutMs: 300_000,
      env: {
        ...env,
        PLAYWRIGHT_BROWSERS_PATH: join(folder, 'unpacked'),
        PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '5000',
      },
    });
    if (fetched.code !== 0) throw new Error(`its download failed: ${lastWords(fetched)}`);
    const files = await readdir(join(folder, 'unpacked'), { recursive: true, withFileTypes: true });
    const shell = files.find((file) => file.isFile() && /^(?:chrome-)?headless_?-?shell$/.test(file.name));
    if (shell === undefined) throw new Error('its download holds no browser');
    await launch(folder, relative(folder, join(shell.parentPath, shell.name)), {});
  },
};

/**
 * Debian's newest, with what it needs and this machine lacks: apt verifies each package by the archive's signature. No version is pinned,
 * since Debian keeps only the newest of a browser. Root is not needed, and nothing of the machine is changed.
 */
const debianBuild: InstallWay = {
  source: 'Debian packages',
  version: 'debian',
  async install(context) {
    const { folder, scratch, env, onProgress } = context;
    onProgress('fetching 80 MB of Debian packages');
    const archives = await fetchArchives(context);
    const root = join(folder, 'unpacked');
    await mkdir(root);
    for (const file of (await readdir(archives)).filter((name) => name.endsWith('.deb'))) {
      const unpacked = await runProgram('dpkg-deb', ['-x', join(archives, file), root], {
        timeoutMs: 120_000,
        cwd: scratch,
        env,
      });
      if (unpacked.code !== 0) throw new Error(`dpkg-deb could not unpack ${file}: ${lastWords(unpacked)}`);
    }
    await writeFile(join(folder, 'fonts.conf'), fontSettings);
    const libraries = (await readdir(join(root, 'usr', 'lib'))).find((name) => name.endsWith('-linux-gnu')) ?? '.';
    const at = `$/unpacked/usr/lib/${libraries}`;
    await launch(folder, 'unpacked/usr/lib/chromium/chromium', {
      LD_LIBRARY_PATH: `${at}:${at}/pulseaudio`,
      FONTCONFIG_FILE: '$/fonts.conf',
    });
  },
};

/** Fetch with the machine's package lists, else with fresh ones of our own; resolves with the folder that holds the packages. */
async function fetchArchives({ scratch, env, onProgress }: InstallContext): Promise<string> {
  const fetch = (settings: string): ReturnType<typeof runProgram> =>
    runProgram(
      'apt-get',
      [
        '-q',
        '-y',
        '-c',
        settings,
        '--no-install-recommends',
        '--download-only',
        'install',
        'chromium',
        'fonts-dejavu-core',
      ],
      { timeoutMs: 300_000, env },
    );
  const first = await fetch(await aptSettings(scratch, 'machine'));
  if (first.code !== 0) {
    onProgress('renewing the package lists');
    const settings = await aptSettings(scratch, 'own');
    const renewed = await runProgram('apt-get', ['-q', '-c', settings, 'update'], { timeoutMs: 180_000, env });
    const second = await fetch(settings);
    if (second.code !== 0) {
      throw new Error(`apt-get could not fetch them: ${lastWords(second.stderr === '' ? renewed : second)}`);
    }
  }
  return join(scratch, 'apt', 'cache', 'archives');
}

/** The machine's fonts, and those beside this file. */
const fontSettings = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">unpacked/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

const launch = (folder: string, program: string, environment: Readonly<Record<string, string>>): Promise<void> =>
  writeFile(join(folder, 'chromium'), launcherScript(program, { COX_BROWSER: '1', ...environment }), { mode: 0o755 });
