/** A result that is computed while the server does not answer: kept on the host's disk, delivered after, not computed again. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TaskClient } from '../../src/tasks/client.ts';
import { eventually, Scene, type CoxProcess } from '../support/scene.ts';

let scene: Scene;
let tasks: TaskClient;
let worker: CoxProcess;
let file: string;

beforeEach(async () => {
  scene = await Scene.open();
  tasks = await scene.tasks({ workerClass: 'odd' });
  worker = await scene.worker({ slots: 1 });
  file = scene.path('ran');
});
afterEach(async () => {
  process.kill(scene.server.pid, 'SIGCONT');
  await scene[Symbol.asyncDispose]();
});

const idOf = ({ stderr }: CoxProcess): string => /worker (\S+) ready/.exec(stderr())?.[1] ?? 'nobody';

/** Results that wait on disk, by worker. */
function kept(): Record<string, number> {
  const outbox = scene.path('cache/outbox');
  const workers = existsSync(outbox) ? readdirSync(outbox) : [];
  const letters = (name: string): number =>
    readdirSync(join(outbox, name)).filter((entry) => /^[0-9a-f]{32}$/.test(entry)).length;
  return Object.fromEntries(workers.map((name) => [name, letters(name)]));
}

/** A task is computed while the server says nothing, and lets nobody know; resolves with who has its result. */
async function computeUnheard(): Promise<string> {
  await tasks.submit('count', { file, line: 'x', ms: 1_500 }, { topic: 't' });
  await eventually(() => expect(existsSync(file)).toBe(true));
  process.kill(scene.server.pid, 'SIGSTOP');
  return eventually(() => {
    const owners = Object.entries(kept()).flatMap(([name, count]) => (count === 1 ? [name] : []));
    expect(owners).toHaveLength(1);
    return owners[0] ?? '';
  });
}

/** The result comes, from the worker that computed it, and nothing was computed twice or is left. */
async function expectDelivered(owner: string): Promise<void> {
  const result = await tasks.next({ topic: 't', timeoutMs: 20_000 });
  expect(result).toMatchObject({ success: true, value: 'x', worker: { id: owner } });
  await tasks.submit('echo', { value: 'next' }, { topic: 't' });
  expect((await tasks.next({ topic: 't', timeoutMs: 20_000 }))?.value).toBe('next');
  expect(readFileSync(file, 'utf8')).toBe('x\n');
  await eventually(() => expect(Object.values(kept()).every((count) => count === 0)).toBe(true));
}

it('delivers it itself when the server answers again', async () => {
  const owner = await computeUnheard();
  expect(owner).toBe(idOf(worker));
  process.kill(scene.server.pid, 'SIGCONT');
  await expectDelivered(owner);
  worker.child.kill('SIGTERM');
  expect(await worker.exit).toBe(0);
  expect(kept()).toEqual({});
});

it('leaves it to the next worker of the host when it is killed', async () => {
  const owner = await computeUnheard();
  worker.child.kill('SIGKILL');
  await worker.exit;
  process.kill(scene.server.pid, 'SIGCONT');
  const next = await scene.worker({ slots: 1 });
  await expectDelivered(owner);
  expect(next.stderr()).toContain('delivering a result that workers of this host left');
  await eventually(() => expect(Object.keys(kept())).not.toContain(owner));
});

it('leaves it to a worker beside it when it is told to end, says so, and exits with 0', async () => {
  const other = await scene.worker({ slots: 1 });
  const owner = await computeUnheard();
  const [leaving, staying] = owner === idOf(worker) ? [worker, other] : [other, worker];
  leaving.child.kill('SIGTERM');
  expect(await leaving.exit).toBe(0);
  expect(leaving.stderr()).toMatch(/a result could not be delivered: kept in .*outbox/);
  process.kill(scene.server.pid, 'SIGCONT');
  await expectDelivered(owner);
  expect(staying.stderr()).toContain('delivering a result that workers of this host left');
});

it('does not deliver it to another server', async () => {
  const owner = await computeUnheard();
  worker.child.kill('SIGKILL');
  await worker.exit;
  await using elsewhere = await Scene.open();
  const stranger = await elsewhere.worker({ args: ['--cache', scene.path('cache')] });
  const theirs = await elsewhere.tasks();
  await theirs.submit('echo', { value: 1 }, { topic: 't' });
  expect((await theirs.next({ topic: 't', timeoutMs: 10_000 }))?.value).toBe(1);
  expect(stranger.stderr()).not.toContain('delivering');
  expect(kept()).toEqual({ [owner]: 1 });
});
