import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectMachine, type Finding } from '../../../src/setup/doctor.ts';
import { bindingFile, tensorflowFolder, tensorflowWish } from '../../../src/setup/tensorflow-folder.ts';
import { ensureTensorFlow } from '../../../src/setup/tensorflow.ts';

let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cox-tensorflow-'));
  env = { HOME: home, PATH: '' };
});
afterEach(() => rm(home, { recursive: true }));

/** A TensorFlow in the cache whose library is no library. */
async function brokenInCache(version: string): Promise<string> {
  const place = join(home, '.cache', 'coxswain', 'tensorflow', version);
  const folder = join(place, 'tfjs-node', 'lib', 'napi-v8');
  await mkdir(folder, { recursive: true });
  await writeFile(join(place, 'tensorflow'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await writeFile(join(folder, 'tfjs_binding.node'), 'not a library');
  return join(place, 'tfjs-node');
}

describe('which TensorFlow', () => {
  it('is what COX_TENSORFLOW says, or any', () => {
    const wish = (value?: string): unknown => tensorflowWish(value === undefined ? {} : { COX_TENSORFLOW: value });
    expect([wish(), wish(''), wish('wasm'), wish('native')]).toEqual([
      { kind: 'any' },
      { kind: 'any' },
      { kind: 'wasm' },
      { kind: 'native' },
    ]);
    expect(wish('/opt/tfjs-node')).toEqual({ kind: 'folder', folder: '/opt/tfjs-node' });
  });

  it('is the newest of the cache, with the newest binding that this Node can load', async () => {
    expect(await tensorflowFolder(env)).toBeNull();
    await brokenInCache('2.9.1');
    const newest = await brokenInCache('2.15.1');
    expect(await tensorflowFolder(env)).toBe(newest);
    await mkdir(join(newest, 'lib', 'napi-v3'));
    await writeFile(join(newest, 'lib', 'napi-v3', 'tfjs_binding.node'), '');
    await mkdir(join(newest, 'lib', 'napi-v99'));
    await writeFile(join(newest, 'lib', 'napi-v99', 'tfjs_binding.node'), '');
    expect(bindingFile(newest)).toBe(join(newest, 'lib', 'napi-v8', 'tfjs_binding.node'));
    expect(() => bindingFile(home)).toThrow('no folder of tfjs-node');
  });
});

describe('setting up TensorFlow', () => {
  it('fetches nothing where nothing can be built, and says what to type', async () => {
    const lines: string[] = [];
    const failure = await ensureTensorFlow({ env, onProgress: (line) => lines.push(line) }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'setup.missing', exitCode: 3 });
    const { message } = failure as Error;
    expect(message).toContain('npm install --prefix ~/tensorflow @tensorflow/tfjs-node@4.22.0');
    expect(message).toContain('COX_TENSORFLOW');
    expect(message).not.toContain('PATH');
    expect(lines.filter((line) => line.includes('fetching'))).toEqual([]);
    expect(await readdir(join(home, '.cache', 'coxswain', 'installing'))).toEqual([]);
  });
});

describe('cox doctor', () => {
  const finding = async (extra: NodeJS.ProcessEnv): Promise<Finding | undefined> =>
    (await inspectMachine({ ...process.env, HOME: home, XDG_CACHE_HOME: '', ...extra })).find(
      ({ name }) => name === 'TensorFlow',
    );

  it('says on what the neural ensemble computes, and how to get the native library', async () => {
    const none = await finding({ COX_TENSORFLOW: '' });
    expect(none).toMatchObject({ status: 'optional', version: '4.22.0 WebAssembly' });
    expect(none?.advice).toContain('cox doctor --install tensorflow');
    expect(await finding({ COX_TENSORFLOW: 'wasm' })).toMatchObject({ status: 'ok', version: '4.22.0 WebAssembly' });
    expect(await finding({ COX_TENSORFLOW: 'native' })).toMatchObject({ status: 'missing' });
  });

  it('does not take a library that does not load', async () => {
    const folder = await brokenInCache('2.15.1');
    const spare = await finding({ COX_TENSORFLOW: '' });
    expect(spare).toMatchObject({ status: 'optional', version: '4.22.0 WebAssembly' });
    expect(spare?.advice).toContain(`${folder} does not load`);
    expect(await finding({ COX_TENSORFLOW: folder })).toMatchObject({ status: 'broken', path: folder });
  });
});
