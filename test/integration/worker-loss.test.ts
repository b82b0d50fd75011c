/** Workers, servers and hosts that die in the middle: nothing is lost, and nothing that was finished is run again. */
import { existsSync, readFileSync } from 'node:fs';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLapsing } from '../../src/nats/streams.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { methodsDigest } from '../../src/campaign/digest.ts';
import { streams, subjects, taskClass } from '../../src/protocol/subjects.ts';
import type { Task, TaskResult } from '../../src/protocol/task.ts';
import { livingWorkers } from '../../src/worker/registration.ts';
import type { TaskClient } from '../../src/tasks/client.ts';
import { campaignFolder, countRunning, eventually, isRunning, Scene, linesOf } from '../support/scene.ts';

let scene: Scene;
const oddClass = taskClass('odd', methodsDigest(campaignFolder('odd')));

beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene[Symbol.asyncDispose]());

async function waitingTasks(): Promise<number> {
  const manager = await jetstreamManager(await scene.connect());
  return (await manager.streams.info(streams.tasks)).state.messages;
}

async function take(tasks: TaskClient, topic: string, count: number): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  while (results.length < count) {
    const result = await tasks.next({ topic, timeoutMs: 30_000 });
    if (result === null) throw new Error(`only ${results.length} of ${count} results came`);
    results.push(result);
  }
  return results;
}

it('gives the tasks of a killed worker to another, and ends what it ran', async () => {
  const first = await scene.worker({ slots: 3 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const [lingered, spun, ran] = ['lingered', 'spun', 'ran'].map((name) => scene.path(name)) as [string, string, string];
  await tasks.submit('linger', { file: lingered, seconds: 620 }, { topic: 'a', timeoutMs: 4_000 });
  await tasks.submit('spin', { file: spun }, { topic: 'a', timeoutMs: 4_000 });
  await tasks.submit('count', { file: ran, line: 'x', ms: 3_500 }, { topic: 'a' });
  await eventually(() => {
    expect(countRunning('sleep 620')).toBe(2);
    expect(existsSync(spun)).toBe(true);
    expect(linesOf(ran)).toEqual(['x']);
  });
  const left = [lingered, spun].map(
    (file) => JSON.parse(readFileSync(file, 'utf8')) as { scratchDir: string; pid: number },
  );
  first.child.kill('SIGKILL');
  const killedAt = Date.now();
  await eventually(() => {
    expect(countRunning('sleep 620')).toBe(0);
    expect(left.filter(({ pid, scratchDir }) => isRunning(pid) || existsSync(scratchDir))).toEqual([]);
  }, 2_000);
  const second = await scene.worker({ slots: 3 });
  const results = await take(tasks, 'a', 3);
  expect(Date.now() - killedAt).toBeLessThan(20_000);
  const ends = results.map(({ success, failure }) => failure?.code ?? success);
  expect(ends.sort()).toEqual(['task.timed-out', 'task.timed-out', true]);
  for (const { worker } of results) expect(second.stderr()).toContain(worker.id);
  expect(linesOf(ran)).toEqual(['x', 'x']);
  await eventually(async () => expect(await waitingTasks()).toBe(0));
});

it('does not run a finished task again when it is given out a second time', async () => {
  await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('ran');
  const submitted: Task[] = [];
  for (let n = 0; n < 20; n++) {
    submitted.push(await tasks.submit('count', { file, line: `${n}`, ms: 0 }, { topic: 'a' }));
  }
  await take(tasks, 'a', 20);
  // While the worker has no room, the same tasks come into the queue, and somebody takes and returns them: to the worker
  // they look as they do when the one that finished them died before it could say so.
  await tasks.submit('count', { file, line: 'long', ms: 3_000 }, { topic: 'a' });
  await eventually(() => expect(linesOf(file)).toContain('long'));
  const connection = await scene.connect();
  const publisher = new StoredPublisher(connection);
  for (const task of submitted) {
    await publisher.publish(subjects.task(oddClass, 'count'), JSON.stringify(task), `again ${task.id}`);
  }
  publisher.close();
  const consumer = await jetstream(connection).consumers.get(streams.tasks, `worker-${oddClass}`);
  for await (const message of await consumer.fetch({ max_messages: 20, expires: 2_000 })) message.nak();
  expect((await take(tasks, 'a', 1))[0]?.value).toBe('long');
  await eventually(async () => expect(await waitingTasks()).toBe(0));
  expect(linesOf(file)).toHaveLength(21);
  expect(await tasks.next({ topic: 'a', timeoutMs: 200 })).toBeNull();
});

it('looks old tasks up before it runs them', async () => {
  const first = await scene.worker();
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('ran');
  const submitted: Task[] = [];
  for (let n = 0; n < 50; n++) {
    submitted.push(await tasks.submit('count', { file, line: `${n}`, ms: 0 }, { topic: 'a' }));
  }
  await take(tasks, 'a', 50);
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);
  const publisher = new StoredPublisher(await scene.connect());
  for (const task of submitted) {
    await publisher.publish(subjects.task(oddClass, 'count'), JSON.stringify(task), `again ${task.id}`);
  }
  await tasks.submit('count', { file, line: 'new', ms: 0 }, { topic: 'a' });
  expect(await waitingTasks()).toBe(51);
  await scene.worker();
  expect((await take(tasks, 'a', 1)).map(({ value }) => value)).toEqual(['new']);
  await eventually(async () => expect(await waitingTasks()).toBe(0));
  expect(linesOf(file).sort()).toEqual([...Array.from({ length: 50 }, (_, n) => `${n}`), 'new'].sort());
  publisher.close();
});

it('survives the death of the server with each result once', async () => {
  await scene.worker();
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('ran');
  const count = 500;
  const submitting = (async () => {
    for (let n = 0; n < count; n += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, k) => tasks.submit('count', { file, line: `${n + k}`, ms: 4 }, { topic: 'a' })),
      );
    }
  })();
  await eventually(() => expect(linesOf(file).length).toBeGreaterThan(150));
  const { pid } = scene.server;
  process.kill(pid, 'SIGKILL');
  await submitting;
  const results = await take(tasks, 'a', count);
  expect(scene.server.pid).not.toBe(pid);
  expect(results.every(({ success }) => success)).toBe(true);
  const values = results.map(({ value }) => Number(value)).sort((a, b) => a - b);
  expect(values).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(await tasks.next({ topic: 'a', timeoutMs: 300 })).toBeNull();
  await eventually(async () => expect(await waitingTasks()).toBe(0));
});

it('finishes what runs and gives back the rest when it is told to end', async () => {
  const first = await scene.worker();
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('ran');
  for (let n = 0; n < 6; n++) await tasks.submit('count', { file, line: `${n}`, ms: 600 }, { topic: 'a' });
  await eventually(() => expect(linesOf(file).length).toBeGreaterThan(1));
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);
  const started = linesOf(file).length;
  expect(started).toBeLessThan(5);
  expect(await livingWorkers(await scene.connect())).toEqual([]);
  expect(await waitingTasks()).toBe(6 - started);
  await scene.worker();
  const results = await take(tasks, 'a', 6);
  expect(new Set(results.map(({ value }) => value)).size).toBe(6);
  expect(linesOf(file)).toHaveLength(6);
});

it('gives up what does not finish within the grace, and ends at once on a second signal', async () => {
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('lingered');
  const short = await scene.worker({ args: ['--grace', '1'] });
  await tasks.submit('linger', { file, seconds: 620 }, { topic: 'a' });
  await eventually(() => expect(countRunning('sleep 620')).toBe(2));
  short.child.kill('SIGTERM');
  expect(await short.exit).toBe(0);
  await eventually(() => expect(countRunning('sleep 620')).toBe(0));

  const long = await scene.worker();
  await eventually(() => expect(countRunning('sleep 620')).toBe(2), 2_000);
  long.child.kill('SIGINT');
  await eventually(() => expect(long.stderr()).toContain('once more'));
  expect(isRunning(long.pid)).toBe(true);
  long.child.kill('SIGINT');
  expect(await long.exit).toBe(130);
  await eventually(() => expect(countRunning('sleep 620')).toBe(0));
  expect(await waitingTasks()).toBe(1);
});

it('is registered while it lives, and lapses when it is killed', async () => {
  const worker = await scene.worker({ campaigns: ['odd', 'even'], slots: 3, args: ['--label', 'gpu=none'] });
  const connection = await scene.connect();
  const bucket = await openLapsing(connection, 'workers');
  const registered = async (): Promise<string[]> => (await livingWorkers(connection)).map(({ id }) => id);
  const [id = ''] = await registered();
  const entry = await bucket.get(id);
  expect(entry?.json()).toMatchObject({
    v: 1,
    id,
    pid: worker.pid,
    slots: 3,
    classes: {
      [taskClass('even', methodsDigest(campaignFolder('even')))]: { name: 'even', methods: ['double', 'echo'] },
    },
    labels: { gpu: 'none' },
  });
  const revision = entry?.revision ?? 0;
  await eventually(async () => expect((await bucket.get(id))?.revision).toBeGreaterThan(revision + 3), 4_000);
  await bucket.delete(id);
  await eventually(async () => expect(await registered()).toEqual([id]), 3_000);
  worker.child.kill('SIGKILL');
  const killedAt = Date.now();
  await eventually(async () => expect(await registered()).toEqual([]), 4_000);
  expect(Date.now() - killedAt).toBeLessThan(3_500);
});

it('serves two classes of tasks', async () => {
  await scene.worker({ campaigns: ['odd', 'even'] });
  const tasks = await scene.tasks();
  for (let n = 0; n < 100; n++) {
    await tasks.submit('double', { x: n }, { topic: 'even' });
    await tasks.submit('echo', { value: n }, { topic: 'odd', workerClass: 'odd' });
  }
  const [even, odd] = await Promise.all([take(tasks, 'even', 100), take(tasks, 'odd', 100)]);
  const sum = (results: TaskResult[]): number => results.reduce((total, { value }) => total + Number(value), 0);
  expect([sum(even), sum(odd)]).toEqual([9_900, 4_950]);
  await expect(tasks.submit('echo', {}, { topic: 'odd' })).rejects.toThrow(/odd and even|even and odd/);
});

it('leaves when it is told to, even while the server is away', async () => {
  const worker = await scene.worker();
  await scene.server.stop();
  worker.child.kill('SIGTERM');
  const toldAt = Date.now();
  expect(await worker.exit).toBe(0);
  expect(Date.now() - toldAt).toBeLessThan(15_000);
});
