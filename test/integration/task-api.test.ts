import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { ConfigError, InputError, TransportError } from '../../src/protocol/errors.ts';
import type { TaskResult } from '../../src/protocol/task.ts';
import { connectTasks, type TaskClient } from '../../src/tasks/client.ts';
import { startWorker, type WorkerHost } from '../../src/worker/host.ts';
import { campaignFolder, Scene } from '../support/scene.ts';

let scene: Scene;
let worker: WorkerHost;
let tasks: TaskClient;

beforeAll(async () => {
  scene = await Scene.open();
  worker = await startWorker({
    connection: await scene.connect(),
    folders: [campaignFolder('odd')],
    slots: 2,
    cacheDir: scene.path('cache'),
    logger: pino({ level: 'silent' }),
  });
  await worker.ready;
  tasks = await scene.tasks();
});
afterAll(async () => {
  await worker.drain(1_000);
  await scene[Symbol.asyncDispose]();
});

async function take(client: TaskClient, topic: string): Promise<TaskResult> {
  const result = await client.next({ topic, timeoutMs: 20_000 });
  if (result === null) throw new Error(`no result of ${topic} came`);
  return result;
}

describe('the task client', () => {
  it('computes a task and hands back everything about it', async () => {
    const task = await tasks.submit('echo', { value: { deep: [1, 'two', null] } }, { topic: 'simulate' });
    const result = await take(tasks, 'simulate');
    expect(result.task).toEqual(task);
    expect(result).toMatchObject({ success: true, value: { deep: [1, 'two', null] }, failure: null });
    expect(result.worker.id).toBe(worker.id);
    expect(result.resources.wallMs).toBeGreaterThanOrEqual(0);
  });

  it('gives a failed task as a result', async () => {
    await tasks.submit('fail', { why: 'no convergence' }, { topic: 'simulate' });
    const { success, failure, value } = await take(tasks, 'simulate');
    expect({ success, value }).toEqual({ success: false, value: null });
    expect(failure).toMatchObject({ code: 'odd.failed', message: 'no convergence' });
  });

  it('never gives a result of one topic to another', async () => {
    const topics = ['a', 'b', 'c'];
    const taking = topics.map(async (topic) => {
      const values: unknown[] = [];
      while (values.length < 40) values.push((await take(tasks, topic)).value);
      return values;
    });
    for (let n = 0; n < 40; n++) {
      await Promise.all(topics.map((topic) => tasks.submit('echo', { value: `${topic}${n}` }, { topic })));
    }
    const values = await Promise.all(taking);
    for (const [n, topic] of topics.entries()) {
      expect(new Set(values[n])).toEqual(new Set(Array.from({ length: 40 }, (_, k) => `${topic}${k}`)));
    }
  });

  it('gives null when nothing comes in time, and loses nothing by it', async () => {
    const from = performance.now();
    expect(await tasks.next({ topic: 'infer', timeoutMs: 120 })).toBeNull();
    expect(performance.now() - from).toBeGreaterThan(115);
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await tasks.next({ topic: 'infer', timeoutMs: 0 })).toBeNull();
    await tasks.submit('echo', { value: 'late' }, { topic: 'infer' });
    expect((await take(tasks, 'infer')).value).toBe('late');
    expect(await tasks.next({ topic: 'infer', timeoutMs: 50 })).toBeNull();
  });

  it('gives each result to one caller, first come first', async () => {
    const callers = [1, 2, 3].map((n) => take(tasks, 'callers').then(({ value }) => [n, value]));
    for (const value of ['x', 'y', 'z']) {
      await tasks.submit('echo', { value }, { topic: 'callers' });
      await Promise.race(callers.splice(0, 1)).then(([, got]) => expect(got).toBe(value));
    }
  });

  it('iterates over the results of a topic until it is closed', async () => {
    const client = await scene.tasks();
    for (let n = 0; n < 5; n++) await client.submit('echo', { value: n }, { topic: 'stream' });
    const seen: unknown[] = [];
    for await (const { value } of client.results('stream')) {
      seen.push(value);
      if (seen.length === 5) await client.close();
    }
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4]);
    expect(await client.next({ topic: 'stream', timeoutMs: 1_000 })).toBeNull();
    await expect(client.submit('echo', { value: 1 }, { topic: 'stream' })).rejects.toBeInstanceOf(ConfigError);
  });

  it('finds the results of its session again, and of no other', async () => {
    const first = await scene.tasks({ session: 'evening' });
    await first.submit('echo', { value: 1 }, { topic: 't' });
    expect((await take(first, 't')).value).toBe(1);
    await first.submit('echo', { value: 2 }, { topic: 't' });
    await take(first, 't');
    await first.close();
    await using second = await connectTasks({
      url: scene.server.url,
      environment: scene.environment,
      session: 'evening',
    });
    expect([(await take(second, 't')).value, (await take(second, 't')).value]).toEqual([1, 2]);
    await second.submit('echo', { value: 3 }, { topic: 't' });
    expect((await take(second, 't')).value).toBe(3);
    await using other = await connectTasks({ url: scene.server.url, environment: scene.environment });
    expect(await other.next({ topic: 't', timeoutMs: 100 })).toBeNull();
  });

  it('says what is wrong with what it is given', async () => {
    const topic = 't';
    await expect(tasks.submit('echo', { value: 1 }, { topic: 'two words' })).rejects.toThrow(/topic .*"two words"/);
    await expect(tasks.submit('a.b', {}, { topic })).rejects.toBeInstanceOf(ConfigError);
    await expect(tasks.submit('echo', { value: 1 }, { topic, timeoutMs: 0 })).rejects.toThrow(/timeoutMs/);
    await expect(tasks.submit('echo', { value: 1n }, { topic })).rejects.toBeInstanceOf(InputError);
    await expect(tasks.submit('echo', { value: 'x'.repeat(600_000) }, { topic })).rejects.toMatchObject({
      code: 'input.too-large',
    });
    await expect(tasks.submit('dance', {}, { topic })).rejects.toThrow(/no worker computes "dance".*odd: echo/);
    await expect(tasks.next({ topic: '' })).rejects.toBeInstanceOf(ConfigError);
    await expect(connectTasks({ environment: {} })).rejects.toThrow(/COX_NATS_URL/);
    const wrong = { ...scene.environment, COX_NATS_TOKEN: 'wrong' };
    await expect(connectTasks({ url: scene.server.url, environment: wrong })).rejects.toBeInstanceOf(TransportError);
  });
});
