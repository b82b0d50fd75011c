import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTaskStreams } from '../../src/nats/streams.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { readLog } from '../../src/nats/log-reader.ts';
import { methodsDigest } from '../../src/campaign/digest.ts';
import { streams, subjects, taskClass } from '../../src/protocol/subjects.ts';
import { taskResultSchema, type TaskResult } from '../../src/protocol/task.ts';
import type { TaskClient } from '../../src/tasks/client.ts';
import { campaignFolder, countRunning, eventually, isRunning, Scene, type CoxProcess } from '../support/scene.ts';

let scene: Scene;
let worker: CoxProcess;
let tasks: TaskClient;

beforeAll(async () => {
  scene = await Scene.open();
  worker = await scene.worker();
  tasks = await scene.tasks();
});
afterAll(() => scene[Symbol.asyncDispose]());

async function compute(method: string, args: unknown, timeoutMs?: number): Promise<TaskResult> {
  const topic = `${method}-topic`;
  await tasks.submit(method, args, { topic, timeoutMs });
  const result = await tasks.next({ topic, timeoutMs: 20_000 });
  if (result === null) throw new Error(`no result; the worker says: ${worker.stderr()}`);
  return result;
}

describe('a worker gets over its methods', () => {
  it('fails a task whose arguments do not fit, without running it', async () => {
    const file = scene.path('never');
    const { success, failure } = await compute('count', { file, line: 7, ms: 0 });
    expect(success).toBe(false);
    expect(failure).toMatchObject({ code: 'input.invalid', retry: 'never' });
    expect(failure?.message).toContain('line');
    expect(existsSync(file)).toBe(false);
  });

  it('hands on the code, message and details of an error of the method', async () => {
    const { failure } = await compute('fail', { why: 'no convergence' });
    expect(failure).toEqual({
      code: 'odd.failed',
      message: 'no convergence',
      retry: 'never',
      details: { why: 'no convergence' },
    });
    const { failure: defect } = await compute('crash', {});
    expect(defect).toMatchObject({ code: 'method.threw', message: 'nobody expected this' });
    expect(String(defect?.details['stack'])).toContain('campaign.ts');
  });

  it('fails a task whose value does not fit, or is too large for a message', async () => {
    expect((await compute('lie', {})).failure).toMatchObject({ code: 'method.bad-output' });
    const { success, failure, value } = await compute('talk', { characters: 1_100_000 });
    expect({ success, value }).toEqual({ success: false, value: null });
    expect(failure).toMatchObject({ code: 'result.too-large' });
    expect((await compute('talk', { characters: 900_000 })).value).toHaveLength(900_000);
  });

  it('fails a task of a method that is not there, and says which are', async () => {
    await tasks.submit('no-such-method', {}, { topic: 'unknown', workerClass: 'odd' });
    const result = await tasks.next({ topic: 'unknown', timeoutMs: 10_000 });
    expect(result?.failure).toMatchObject({ code: 'method.unknown' });
    expect(result?.failure?.message).toContain('echo');
  });

  it('fails a task whose program is missing', async () => {
    expect((await compute('missing', {})).failure).toMatchObject({ code: 'missing.program' });
  });

  it('sets aside a task whose children die, leaves nothing of them, and computes on', async () => {
    const file = scene.path('died');
    const { failure, attempts, worker: computer } = await compute('die', { file });
    expect(failure).toMatchObject({ code: 'task.poisoned', retry: 'never', details: { deaths: attempts } });
    expect(computer.child).toBeGreaterThan(0);
    const deaths = readFileSync(file, 'utf8').trim().split('\n');
    expect(deaths).toHaveLength(3);
    for (const death of deaths) {
      const { scratchDir, pids } = JSON.parse(death) as { scratchDir: string; pids: number[] };
      expect(existsSync(scratchDir)).toBe(false);
      await eventually(() => expect(pids.filter(isRunning)).toEqual([]));
    }
    const values = await Promise.all([1, 2, 3, 4].map((value) => compute('echo', { value })));
    expect(values.map(({ value }) => value).sort()).toEqual([1, 2, 3, 4]);
  });

  it('ends a task at its time limit with everything it started, and keeps the child', async () => {
    const file = scene.path('lingered');
    const lingersAndIsEnded = async (): Promise<number> => {
      const { failure, resources } = await compute('linger', { file, seconds: 614 }, 400);
      expect(failure).toMatchObject({ code: 'task.timed-out', details: { timeoutMs: 400 } });
      expect(resources.wallMs).toBeGreaterThan(390);
      expect(resources.wallMs).toBeLessThan(3_000);
      const { scratchDir, pid } = JSON.parse(readFileSync(file, 'utf8')) as { scratchDir: string; pid: number };
      await eventually(() => expect(countRunning('sleep 614')).toBe(0));
      expect(existsSync(scratchDir)).toBe(false);
      return pid;
    };
    // Where the cores are wanted elsewhere, a child may not get round to ending its task in time, and is ended with it.
    await eventually(async () => expect(isRunning(await lingersAndIsEnded())).toBe(true));
  });

  it('ends a task that never yields with its process', async () => {
    const { failure, resources } = await compute('spin', {});
    expect(failure).toMatchObject({ code: 'task.timed-out', details: { timeoutMs: 300 } });
    expect(resources.wallMs).toBeLessThan(3_000);
    expect((await compute('echo', { value: 'well' })).value).toBe('well');
  });

  it('ends what a program leaves behind', async () => {
    const { value } = await compute('litter', {});
    expect(value).toEqual({ stdout: 'done\n', exitCode: 3 });
    await eventually(() => expect(countRunning('sleep 615')).toBe(0));
  });

  it('removes scratch folders, whether the task succeeds or fails', async () => {
    const { value } = await compute('scratch', { thenFail: false });
    const { scratchDir } = value as { scratchDir: string };
    expect(scratchDir.startsWith(scene.path('scratch'))).toBe(true);
    expect(existsSync(scratchDir)).toBe(false);
    const { failure } = await compute('scratch', { thenFail: true });
    expect(existsSync(failure?.message ?? scene.folder)).toBe(false);
    const left = readdirSync(scene.path('scratch'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => name.includes('/'))).toEqual([]);
  });
});

describe('what a method is given', () => {
  it('counts CPU time of the child and of its programs', async () => {
    const { resources: own } = await compute('burn', { ownMs: 60, programMs: 0 });
    expect(own.cpuMs).toBeGreaterThan(55);
    expect(own.cpuMs).toBeLessThan(200);
    const { resources: program } = await compute('burn', { ownMs: 0, programMs: 200 });
    expect(program.cpuMs).toBeGreaterThan(180);
    expect(program.cpuMs).toBeLessThan(1_000);
  });

  it('shares objects, remembers between tasks, and tells how far it is', async () => {
    const connection = await scene.connect();
    const said: unknown[] = [];
    connection.subscribe(`cox.progress.${tasks.session}.*`, {
      callback: (_error, message) => void said.push(message.json<{ partial: unknown }>().partial),
    });
    await connection.flush();
    const values = [];
    for (let n = 0; n < 5; n++) values.push((await compute('share', { text: 'shared' })).value);
    const [first] = values as { ref: string; text: string; made: number }[];
    expect(first?.text).toBe('shared');
    expect(new Set(values.map((value) => (value as { made: number }).made))).toEqual(new Set([1]));
    await eventually(() => expect(said).toEqual(Array.from({ length: 5 }, () => ({ stored: first?.ref }))));
    expect((await compute('fetch-object', { ref: first?.ref })).value).toBe('shared');
    const unknown = 'f'.repeat(64);
    expect((await compute('fetch-object', { ref: unknown })).failure).toMatchObject({ code: 'object.missing' });
  });

  it('says when each stage was reached', async () => {
    const { times, worker: computer, serialisationMs } = await compute('echo', { value: [1, 2] });
    const order = [times.created, times.queued, times.pickedUp, times.computeStarted, times.computeEnded];
    // The server's clock is this machine's, but its stamps are taken in another process.
    order.reduce((before, after) => {
      expect(after).toBeGreaterThan(before - 2);
      return after;
    });
    expect(times.computeEnded - times.created).toBeLessThan(5_000);
    expect(computer.id).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(serialisationMs.arguments).toBeGreaterThan(0);
  });
});

describe('a message that is no task', () => {
  it('is removed from the queue, and answered when it says who asked', async () => {
    const connection = await scene.connect();
    await ensureTaskStreams(connection);
    const publisher = new StoredPublisher(connection);
    const session = 'wire-test';
    const results: TaskResult[] = [];
    const reader = await readLog(connection, {
      stream: streams.results,
      filters: [subjects.resultsOf(session)],
      from: 1,
      onMessage: ({ data }) => results.push(taskResultSchema.parse(JSON.parse(new TextDecoder().decode(data)))),
    });
    const good = {
      v: 1,
      id: 'good',
      campaign: session,
      method: 'echo',
      topic: 't',
      source: 'client',
      number: 1,
      arguments: { value: 'fine' },
      pool: 'simulate',
      slots: 1,
      grant: null,
      candidate: null,
      choice: null,
      timeoutMs: null,
      report: subjects.result(session, 't'),
      createdAt: Date.now(),
    };
    const bad: unknown[] = [
      'no object',
      null,
      { hello: 'world' },
      { ...good, id: 'no-number', number: 'seven', grant: 'grant-7' },
      { ...good, id: 'newer', v: 2 },
      { ...good, id: 'foreign', report: 'cox.log.another-campaign.worker.task.finished' },
      { ...good, id: 'wild', report: `cox.result.${session}.>` },
    ];
    const subject = subjects.task(taskClass('odd', methodsDigest(campaignFolder('odd'))), 'echo');
    await publisher.publish(subject, '{"v":1,', 'cut-short');
    for (const [n, message] of bad.entries()) await publisher.publish(subject, JSON.stringify(message), `bad-${n}`);
    await publisher.publish(subject, JSON.stringify(good, null, 2), 'good');
    await eventually(() => expect(results.map(({ task }) => task.id).sort()).toEqual(['good', 'no-number']));
    const byId = Object.fromEntries(results.map((result) => [result.task.id, result]));
    expect(byId['good']).toMatchObject({ success: true, value: 'fine' });
    expect(byId['no-number']).toMatchObject({ success: false, failure: { code: 'protocol.invalid' } });
    expect(byId['no-number']?.task.grant).toBe('grant-7');
    await eventually(async () => {
      const { jetstreamManager } = await import('@nats-io/jetstream');
      const { state } = await (await jetstreamManager(connection)).streams.info(streams.tasks);
      // The newer one waits for a worker that can read it.
      expect(state.messages).toBe(1);
    });
    const spoken = worker
      .stderr()
      .split('\n')
      .filter((line) => line.includes('protocol 2 is newer than the 1'));
    expect(spoken).toHaveLength(1);
    expect(spoken[0]).toContain('left for a newer worker');
    await reader.close();
    publisher.close();
  });
});
