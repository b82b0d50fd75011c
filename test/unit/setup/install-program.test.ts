import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchProgram } from '../../../src/setup/find-program.ts';
import { installProgram } from '../../../src/setup/install-program.ts';
import type { InstallContext, InstallWay } from '../../../src/setup/install-way.ts';
import { launcherScript } from '../../../src/setup/launcher-script.ts';
import { natsServerRequirement } from '../../../src/setup/requirement.ts';
import { runProgram } from '../../../src/setup/run-program.ts';
import { verifyChecksum } from '../../../src/setup/verified-download.ts';

let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cox-install-'));
  env = { HOME: home, PATH: '' };
});
afterEach(() => rm(home, { recursive: true }));

const cache = (...path: string[]): string => join(home, '.cache', 'coxswain', ...path);
const program = (version: string): string => `#!/bin/sh\necho "nats-server: v${version}"\n`;

/** A way that needs no network: it writes the program itself, after whatever `before` does. */
function way(
  version: string,
  before: (context: InstallContext) => Promise<void> = () => Promise.resolve(),
): InstallWay {
  return {
    source: `source of ${version}`,
    version,
    async install(context) {
      await before(context);
      await writeFile(join(context.folder, 'nats-server'), program(version), { mode: 0o755 });
    },
  };
}

const install = (ways: InstallWay[], lines: string[] = []): ReturnType<typeof installProgram> =>
  installProgram(natsServerRequirement, ways, [], { env, onProgress: (line) => lines.push(line) });

describe('installing a program', () => {
  it('puts it where the next search finds it, and leaves nothing else behind', async () => {
    const installed = await install([way('2.15.1')]);
    expect(installed).toEqual({
      path: cache('nats-server', '2.15.1', 'nats-server'),
      version: '2.15.1',
      from: 'installed',
    });
    expect((await searchProgram(natsServerRequirement, env)).found).toEqual({ ...installed, from: 'cache' });
    expect(await readdir(cache('installing'))).toEqual([]);
  });

  it('takes the next way when one does not work here, and says so', async () => {
    const lines: string[] = [];
    const closed = way('2.14.0', () => Promise.reject(new Error('no answer')));
    expect((await install([closed, way('2.15.1')], lines)).version).toBe('2.15.1');
    expect(lines).toEqual(['nats-server 2.14.0: not from source of 2.14.0 (no answer)']);
  });

  it('does not accept a program that is too old or does not run', async () => {
    const installed = await install([way('2.9.10'), way('; exit 1'), way('2.15.1')]);
    expect(installed.version).toBe('2.15.1');
    expect(await readdir(cache('nats-server'))).toEqual(['2.15.1']);
  });

  it('stops at a wrong checksum, keeps nothing, and tries no other way', async () => {
    const tampered = way('2.14.0', async ({ scratch }) => {
      const file = join(scratch, 'archive.tar.gz');
      await writeFile(file, 'not what was pinned');
      await verifyChecksum(file, createHash('sha256').update('what was pinned').digest('hex'), 'a mirror');
    });
    await expect(install([tampered, way('2.15.1')])).rejects.toMatchObject({
      code: 'setup.wrong-checksum',
      exitCode: 3,
    });
    expect(await readdir(cache())).toEqual(['installing']);
    expect(await readdir(cache('installing'))).toEqual([]);
  });

  it('names every way that failed and the commands to type when none is left', async () => {
    const failing = install([way('2.14.0', () => Promise.reject(new Error('no answer')))]);
    await expect(failing).rejects.toMatchObject({ code: 'setup.missing', exitCode: 3 });
    await expect(failing).rejects.toThrow('source of 2.14.0: no answer');
    for (const command of natsServerRequirement.commands) await expect(failing).rejects.toThrow(command);
  });

  it('lets several install at once: one wins, the others use what it put there', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => install([way('2.15.1')])));
    expect(new Set(all.map(({ path }) => path)).size).toBe(1);
    expect(all.filter(({ from }) => from === 'installed')).toHaveLength(1);
    expect(await readdir(cache('installing'))).toEqual([]);
  });

  it('replaces one in the cache that no longer runs', async () => {
    const { path } = await install([way('2.15.1')]);
    await chmod(path, 0o644);
    const { found, rejected } = await searchProgram(natsServerRequirement, env);
    expect([found, rejected.map(({ status }) => status)]).toEqual([null, ['broken']]);
    expect((await install([way('2.15.1')])).from).toBe('installed');
    expect((await searchProgram(natsServerRequirement, env)).found?.path).toBe(path);
  });

  it('sweeps away the draft of an installation that was killed, and no other', async () => {
    // A process that has ended: its id names nobody now.
    const { stdout } = await runProgram('/bin/sh', ['-c', 'echo $$'], { timeoutMs: 5_000 });
    await install([
      way('2.15.0', async ({ scratch }) => {
        await writeFile(join(scratch, '..', '..', `${stdout.trim()}-dead`), 'half a download');
        const inner = await install([way('2.15.1')]);
        expect(inner.version).toBe('2.15.1');
        const drafts = await readdir(cache('installing'));
        expect(drafts).toHaveLength(1);
        expect(drafts[0]).toMatch(new RegExp(`^${process.pid}-`));
      }),
    ]);
  });
});

describe('the launcher script', () => {
  it('runs the program with its environment, wherever its folder was moved to', async () => {
    await install([way('2.15.1')]);
    const script = launcherScript('nats-server/2.15.1/tool', { XTBPATH: '$/share', LD_LIBRARY_PATH: '$/a:$/b' });
    await writeFile(cache('run'), script, { mode: 0o755 });
    await writeFile(
      cache('nats-server', '2.15.1', 'tool'),
      '#!/bin/sh\nprintf "%s\\n" "$XTBPATH" "$LD_LIBRARY_PATH" "$@"; exit 7\n',
      { mode: 0o755 },
    );
    const plain = await runProgram(cache('run'), ['two words', '$x'], { timeoutMs: 5_000, env: { PATH: '/bin' } });
    expect(plain).toMatchObject({
      code: 7,
      stdout: `${cache('share')}\n${cache('a')}:${cache('b')}\ntwo words\n$x\n`,
    });
    const joined = await runProgram(cache('run'), [], {
      timeoutMs: 5_000,
      env: { PATH: '/bin', LD_LIBRARY_PATH: '/c' },
    });
    expect(joined.stdout).toContain(`${cache('a')}:${cache('b')}:/c\n`);
  });
});
