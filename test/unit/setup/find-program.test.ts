import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MissingError } from '../../../src/protocol/errors.ts';
import { searchProgram } from '../../../src/setup/find-program.ts';
import { isAtLeast, natsServerRequirement } from '../../../src/setup/requirement.ts';

let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cox-find-'));
  env = { HOME: home, PATH: ['first', 'second'].map((name) => join(home, name)).join(':') };
});
afterEach(() => rm(home, { recursive: true }));

/** A program that says it is this version of nats-server, and counts how often it was asked. */
async function place(path: string, version: string): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho asked >> "${file}.asked"\necho "nats-server: v${version}"\n`);
  await chmod(file, 0o755);
  return file;
}

async function timesAsked(file: string): Promise<number> {
  const text = await readFile(`${file}.asked`, 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

const search = (more: NodeJS.ProcessEnv = {}): ReturnType<typeof searchProgram> =>
  searchProgram(natsServerRequirement, { ...env, ...more });

describe('looking for a program', () => {
  it('prefers the one that the environment variable names', async () => {
    const named = await place('mine/server', '2.12.0');
    await place('first/nats-server', '2.15.0');
    expect((await search({ COX_NATS_SERVER: named })).found).toEqual({ path: named, version: '2.12.0', from: 'env' });
  });

  it('passes over one on PATH that is too old', async () => {
    const old = await place('first/nats-server', '2.9.10');
    const young = await place('second/nats-server', '2.12.3');
    const { found, rejected } = await search();
    expect(found).toEqual({ path: young, version: '2.12.3', from: 'path' });
    expect(rejected).toEqual([{ status: 'too-old', path: old, version: '2.9.10' }]);
  });

  it('takes the newest in the cache when PATH has none', async () => {
    await place('.cache/coxswain/nats-server/2.9.0/nats-server', '2.12.0');
    const newest = await place('.cache/coxswain/nats-server/2.15.1/nats-server', '2.15.1');
    expect((await search()).found).toEqual({ path: newest, version: '2.15.1', from: 'cache' });
  });

  it('finds nothing on a machine that has none, and says what it saw', async () => {
    const file = await place('first/nats-server', '2.15.0');
    await chmod(file, 0o644);
    expect(await search()).toEqual({
      found: null,
      rejected: [{ status: 'broken', path: file, problem: 'it is not executable' }],
    });
  });

  it.each([
    ['too old', '2.9.10', /2\.9\.10; 2\.12\.0 or newer is needed/],
    ['not a nats-server', 'of nothing', /does not run/],
  ])('refuses a named program that is %s, though PATH has a good one', async (_what, version, message) => {
    const named = await place('mine/server', version);
    await place('first/nats-server', '2.15.0');
    const refusal = search({ COX_NATS_SERVER: named });
    await expect(refusal).rejects.toThrow(MissingError);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toThrow(named);
  });

  it('refuses a name that leads nowhere', async () => {
    await expect(search({ COX_NATS_SERVER: '/nowhere/nats-server' })).rejects.toMatchObject({
      code: 'setup.missing',
      exitCode: 3,
    });
  });

  it('asks an unchanged program for its version once, and a changed one again', async () => {
    const file = await place('first/nats-server', '2.12.0');
    await search();
    await search();
    expect(await timesAsked(file)).toBe(1);
    const { atime, mtime } = await stat(file);
    await utimes(file, atime, new Date(mtime.getTime() + 2_000));
    await search();
    expect(await timesAsked(file)).toBe(2);
  });

  it('looks without writing when the cache cannot be written to', async () => {
    await writeFile(join(home, '.cache'), 'a file where a folder should be');
    const file = await place('first/nats-server', '2.12.0');
    expect((await search()).found?.path).toBe(file);
  });
});

describe('versions', () => {
  it.each([
    ['2.12.0', '2.12', true],
    ['2.9.10', '2.12.0', false],
    ['10.0.0', '9.9.9', true],
    ['6.5.1', '6.5.1', true],
  ])('%s is at least %s: %s', (version, floor, expected) => {
    expect(isAtLeast(version, floor)).toBe(expected);
  });
});
