/** Limits of a task hold for its whole process tree, and what fails is tried again by its rule. */
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Task, TaskResult } from '../../src/protocol/task.ts';
import type { SubmitOptions, TaskClient } from '../../src/tasks/client.ts';
import { countRunning, eventually, isRunning, Scene, type CoxProcess } from '../support/scene.ts';

let scene: Scene;
let workers: CoxProcess[];
let tasks: TaskClient;

beforeAll(async () => {
  scene = await Scene.open();
  workers = await Promise.all([scene.worker({ slots: 1 }), scene.worker({ slots: 1 })]);
  tasks = await scene.tasks({ workerClass: 'odd' });
});
afterAll(() => scene[Symbol.asyncDispose]());

async function resultOf({ topic }: Task): Promise<TaskResult> {
  const result = await tasks.next({ topic, timeoutMs: 30_000 });
  if (result === null) throw new Error(`no result; the workers say: ${workers.map(({ stderr }) => stderr()).join()}`);
  return result;
}
async function compute(method: string, args: unknown, options: Partial<SubmitOptions> = {}): Promise<TaskResult> {
  return resultOf(await tasks.submit(method, args, { topic: method, ...options }));
}
const said = (file: string): { scratchDir: string; pid: number }[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { scratchDir: string; pid: number });

it('ends what a task has put into sessions of their own, at its time limit', async () => {
  const file = scene.path('escaped');
  const running = tasks.submit('escape', { file, seconds: 641 }, { topic: 'escape', timeoutMs: 1_500 });
  await eventually(() => expect(countRunning('sleep 641')).toBe(2));
  const { failure, attempts } = await resultOf(await running);
  expect({ failure, attempts }).toMatchObject({ failure: { code: 'task.timed-out' }, attempts: [] });
  await eventually(() => expect(countRunning('sleep 641')).toBe(0));
  expect(said(file).filter(({ scratchDir }) => existsSync(scratchDir))).toEqual([]);
});

it('ends a task whose processes take more memory than it may, once more than its method allows', async () => {
  const file = scene.path('grown');
  const { failure, attempts, resources } = await compute('grow', { file, megabytes: 600 });
  expect(failure).toMatchObject({ code: 'task.out-of-memory', retry: 'never', details: { memoryMb: 400 } });
  const { usedMb } = failure?.details as { usedMb: number };
  expect(usedMb).toBeGreaterThan(400);
  expect(failure?.message).toContain(`${usedMb} MB`);
  expect(resources.wallMs).toBeLessThan(10_000);
  expect(attempts.map(({ code }) => code)).toEqual(['task.out-of-memory']);
  expect(said(file)).toHaveLength(2);
  for (const { scratchDir, pid } of said(file)) {
    await eventually(() => expect(isRunning(pid)).toBe(false));
    expect(existsSync(scratchDir)).toBe(false);
  }
});

it('lets a task set limits of its own', async () => {
  const file = scene.path('allowed');
  const limits = { topic: 'allowed', memoryMb: 2_000, timeoutMs: 3_000 };
  const { failure } = await compute('grow', { file, megabytes: 600 }, limits);
  expect(failure).toMatchObject({ code: 'task.timed-out', details: { timeoutMs: 3_000 } });
  await eventually(() => expect(said(file).filter(({ pid }) => isRunning(pid))).toEqual([]));
});

it('tries again, later and later, what failed for a reason that may pass', async () => {
  const file = scene.path('stumbled');
  const { value, success, attempts } = await compute('stumble', { file, failures: 2 });
  expect({ success, value }).toEqual({ success: true, value: 3 });
  expect(attempts.map(({ code, message }) => [code, message])).toEqual([
    ['resource.exhausted', 'the disk was full 1 times'],
    ['resource.exhausted', 'the disk was full 2 times'],
  ]);
  for (const { worker } of attempts) expect(workers.some(({ stderr }) => stderr().includes(worker))).toBe(true);
  const [first = 0, second = 0, third = 0] = readFileSync(file, 'utf8').split('\n').map(Number);
  expect(second - first).toBeGreaterThan(250);
  expect(third - second).toBeGreaterThan(500);
});

it('gives up on what fails each of three times', async () => {
  const { failure, attempts } = await compute('stumble', { file: scene.path('fell'), failures: 9 }, { topic: 'fell' });
  expect(failure).toMatchObject({ code: 'resource.exhausted', message: 'the disk was full 3 times' });
  expect(attempts).toHaveLength(2);
});

it('sets aside a task that has taken three children with it, and computes on', async () => {
  const file = scene.path('died');
  const { failure, attempts } = await compute('die', { file });
  expect(failure).toMatchObject({ code: 'task.poisoned', details: { deaths: attempts } });
  expect(attempts.map(({ code }) => code)).toEqual(Array.from({ length: 3 }, () => 'worker.child-died'));
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
  await eventually(() => expect(countRunning('sleep 613')).toBe(0));
  const values = await Promise.all([1, 2, 3, 4].map((value) => compute('echo', { value })));
  expect(values.map(({ value }) => value).sort()).toEqual([1, 2, 3, 4]);
});

it('lets children stand back behind their worker, and ends what they started when it is killed, wherever that went', async () => {
  const file = scene.path('orphaned');
  await tasks.submit('escape', { file, seconds: 642 }, { topic: 'orphaned' });
  await eventually(() => expect(countRunning('sleep 642')).toBe(2));
  const [{ scratchDir, pid } = { scratchDir: '', pid: 0 }] = said(file);
  const oomScore = (of: number): number => Number(readFileSync(`/proc/${of}/oom_score_adj`, 'utf8'));
  for (const { pid: host } of workers) {
    expect(getPriority(pid)).toBeGreaterThan(getPriority(host));
    expect(oomScore(pid)).toBeGreaterThan(oomScore(host));
  }
  for (const { child } of workers) child.kill('SIGKILL');
  await eventually(() => expect(countRunning('sleep 642')).toBe(0));
  await eventually(() => expect([isRunning(pid), existsSync(scratchDir)]).toEqual([false, false]));
});
