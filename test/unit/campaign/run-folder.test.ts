import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createRunFolder,
  listRuns,
  readRunRecord,
  refuseExistingRun,
  runFolder,
  unwritable,
  writeRunRecord,
  writeWhole,
  type RunRecord,
} from '../../../src/campaign/run-folder.ts';
import { makeFolder } from '../../../src/campaign/make-folder.ts';
import { ConfigError, ResourceError } from '../../../src/protocol/errors.ts';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'cox-runs-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const recordOf = (id: string, createdAt = '2030-01-01T00:00:00.000Z'): RunRecord => ({
  v: 1,
  id,
  instance: 'b3f1',
  server: null,
  store: null,
  campaign: 'molecular-design',
  methods: 'c'.repeat(64),
  folder: 'campaigns/molecular-design',
  settings: { total: 64, policy: 'batched' },
  candidates: { count: 3, digest: 'd', table: null, notes: { refused: [] }, objects: { fingerprints: 'f' } },
  versions: { coxswain: '0.1.0' },
  createdAt,
});
const makeRun = async (id: string, createdAt?: string): Promise<void> =>
  writeRunRecord(await createRunFolder(out, id), recordOf(id, createdAt));

describe('a new run', () => {
  test('has a folder of its own, made with what is above it', async () => {
    const folder = await createRunFolder(join(out, 'a', 'b'), 'one');
    expect(folder.path).toBe(join(out, 'a', 'b', 'one'));
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('is refused under the id of another', async () => {
    await makeRun('one');
    const again = createRunFolder(out, 'one');
    await expect(again).rejects.toThrow(ConfigError);
    await expect(again).rejects.toMatchObject({ code: 'run.exists', exitCode: 2 });
    await expect(refuseExistingRun(out, 'one')).rejects.toThrow(/--resume one, or choose another --id/);
    await expect(refuseExistingRun(out, 'other')).resolves.toBeUndefined();
  });

  test.each(['', 'a b', '../up', 'a/b', 'ä', 'a.b', 'x'.repeat(65)])('cannot be called %j', (id) => {
    expect(() => runFolder(out, id)).toThrow(ConfigError);
  });

  test('is refused where no folder can be made, and not as if there were such a run', async () => {
    await writeFile(join(out, 'file'), '');
    for (const place of [join(out, 'file'), join(out, 'file', 'below')]) {
      const made = createRunFolder(place, 'one');
      await expect(made).rejects.toThrow(ResourceError);
      await expect(made).rejects.toMatchObject({ code: 'disk.unwritable', exitCode: 1 });
    }
  });
});

describe('the record of a run', () => {
  test('is read as it was written', async () => {
    await makeRun('one');
    expect(await readRunRecord(out, 'one')).toEqual(recordOf('one'));
  });

  test('that is not there: the runs that are, or that there are none', async () => {
    await expect(readRunRecord(join(out, 'nowhere'), 'one')).rejects.toThrow(
      /there is no run one; there are no runs in/,
    );
    await makeRun('first', '2030-01-01T00:00:00.000Z');
    await makeRun('second', '2030-01-02T00:00:00.000Z');
    const missing = readRunRecord(out, 'one');
    await expect(missing).rejects.toMatchObject({ code: 'run.unknown', exitCode: 2 });
    await expect(missing).rejects.toThrow(/there is no run one; runs in .*: first, second/);
  });

  test.each(['', '{', '[]', '{"v":1}', '{"v":2}'])('that is damaged to %j is refused by name', async (text) => {
    await makeRun('one');
    await writeFile(join(out, 'one', 'campaign.json'), text);
    const read = readRunRecord(out, 'one');
    await expect(read).rejects.toThrow(ConfigError);
    await expect(read).rejects.toThrow(/campaign\.json is damaged/);
  });

  test('runs are listed from the oldest on, and nothing else is', async () => {
    await makeRun('b', '2030-01-01T00:00:00.000Z');
    await makeRun('a', '2030-01-02T00:00:00.000Z');
    await mkdir(join(out, 'no-run'));
    await makeRun('damaged');
    await writeFile(join(out, 'damaged', 'campaign.json'), '{');
    await writeFile(join(out, 'file'), '');
    expect(await listRuns(out)).toEqual(['b', 'a']);
    expect(await listRuns(join(out, 'nowhere'))).toEqual([]);
  });
});

describe('a file that is written whole', () => {
  test('replaces the old one, and leaves nothing else behind', async () => {
    const path = join(out, 'summary.json');
    await writeFile(`${path}.part`, 'left by a death in the middle of a write, and longer than what comes');
    await writeWhole(path, { n: 1 });
    await writeWhole(path, { n: 2 });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ n: 2 });
    expect(await readdir(out)).toEqual(['summary.json']);
  });

  test('is for its owner alone when it is secret', async () => {
    const path = join(out, 'server.json');
    await writeWhole(path, { token: 'x' }, { secret: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('cannot be written where there is no folder, and the old one stays where the new one is none', async () => {
    await expect(writeWhole(join(out, 'no', 'such.json'), {})).rejects.toThrow(ResourceError);
    const path = join(out, 'summary.json');
    await writeWhole(path, { n: 1 });
    await expect(writeWhole(path, { n: 1n })).rejects.toThrow();
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ n: 1 });
  });
});

test('a full disk is told from a missing permission', () => {
  const full = unwritable('/x', Object.assign(new Error('no'), { code: 'ENOSPC' }));
  expect(full).toMatchObject({
    code: 'disk.full',
    message: '/x cannot be written: the disk is full; make room, then go on with --resume',
  });
  const other = unwritable('/x', Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }));
  expect(other).toMatchObject({ code: 'disk.unwritable' });
  expect(other.message).toMatch(/permission denied; make it writable/);
});

test('folders are made with those that they lie in, also by two at once, and never where there can be none', async () => {
  const deep = join(out, 'a', 'b', 'c');
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(out, 'a', 'd'))]);
  expect((await stat(deep)).isDirectory()).toBe(true);
  await writeFile(join(out, 'file'), '');
  await expect(makeFolder(join(out, 'file'))).rejects.toThrow('EEXIST');
  await expect(makeFolder(join(out, 'file', 'x'))).rejects.toThrow('ENOTDIR');
  // Node's own way of it never comes back from there.
  await expect(createRunFolder('/proc/nothing/runs', 'one')).rejects.toThrow(/\/proc\/nothing.* cannot be written/);
});
