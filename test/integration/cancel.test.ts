/** Tasks that somebody wants ended, wherever they are. */
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readStored } from '../../src/nats/log-reader.ts';
import { streams, subjects } from '../../src/protocol/subjects.ts';
import type { TaskResult } from '../../src/protocol/task.ts';
import type { TaskClient } from '../../src/tasks/client.ts';
import { campaignFolder, countRunning, eventually, Scene, startCox, type CoxProcess } from '../support/scene.ts';

let scene: Scene;
let started: CoxProcess[];

beforeEach(async () => {
  scene = await Scene.open();
  started = [];
});
afterEach(async () => {
  for (const { child, exit } of started) {
    child.kill('SIGKILL');
    await exit;
  }
  await scene[Symbol.asyncDispose]();
});

async function next(tasks: TaskClient, topic: string): Promise<TaskResult> {
  const result = await tasks.next({ topic, timeoutMs: 20_000 });
  if (result === null) throw new Error(`no result of ${topic} came`);
  return result;
}

it('ends a running task at once, with all it started, and a waiting one without running it', async () => {
  await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const [escaped, ran] = [scene.path('escaped'), scene.path('ran')];
  const running = await tasks.submit('escape', { file: escaped, seconds: 651 }, { topic: 'running' });
  await eventually(() => expect(countRunning('sleep 651')).toBe(2));
  const waiting = await tasks.submit('count', { file: ran, line: 'x', ms: 0 }, { topic: 'waiting' });
  await tasks.cancel(waiting.id, 'not needed');
  const began = performance.now();
  await tasks.cancel(running.id, 'it takes too long');
  const ended = await next(tasks, 'running');
  expect(performance.now() - began).toBeLessThan(2_500);
  expect(ended.failure).toMatchObject({ code: 'task.cancelled', details: { reason: 'it takes too long' } });
  expect(ended.failure?.message).toMatch(/^cancelled by .+@.+: it takes too long$/);
  const { scratchDir } = JSON.parse(readFileSync(escaped, 'utf8')) as { scratchDir: string };
  expect(existsSync(scratchDir)).toBe(false);
  await eventually(() => expect(countRunning('sleep 651')).toBe(0));
  expect((await next(tasks, 'waiting')).failure).toMatchObject({ code: 'task.cancelled' });
  expect(existsSync(ran)).toBe(false);
  await tasks.submit('echo', { value: 'on' }, { topic: 'on' });
  expect((await next(tasks, 'on')).value).toBe('on');
});

it('ends the task of a cox submit that does not wait for it any more', async () => {
  await scene.worker({ slots: 1 });
  const file = scene.path('escaped');
  const submit = scene.cox(
    'submit',
    'escape',
    JSON.stringify({ file, seconds: 652 }),
    '--campaign',
    campaignFolder('odd'),
  );
  await eventually(() => expect(countRunning('sleep 652')).toBe(2));
  submit.child.kill('SIGINT');
  expect(await submit.exit).toBe(130);
  await eventually(() => expect(countRunning('sleep 652')).toBe(0), 5_000);
});

it('ends a task whose method never looks up, and one that is at hand behind another', async () => {
  const worker = await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  // Short tasks, so that some are given to the child ahead of time.
  for (let n = 0; n < 200; n++) await tasks.submit('echo', { value: n }, { topic: 'short' });
  for (let n = 0; n < 200; n++) await next(tasks, 'short');
  const spun = scene.path('spun');
  const running = await tasks.submit('spin', { file: spun }, { topic: 'spin', timeoutMs: 60_000 });
  const behind = await tasks.submit('echo', { value: 'never' }, { topic: 'behind' });
  await eventually(() => expect(existsSync(spun)).toBe(true));
  await tasks.cancel(behind.id);
  const began = performance.now();
  await tasks.cancel(running.id);
  expect((await next(tasks, 'spin')).failure).toMatchObject({ code: 'task.cancelled' });
  expect(performance.now() - began).toBeLessThan(2_500);
  expect((await next(tasks, 'behind')).failure).toMatchObject({ code: 'task.cancelled' });
  expect(existsSync((JSON.parse(readFileSync(spun, 'utf8')) as { scratchDir: string }).scratchDir)).toBe(false);
  expect(worker.child.exitCode).toBeNull();
});

it('ends a task that is being tried again, and knows marks that are older than the worker', async () => {
  await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const file = scene.path('stumbled');
  const task = await tasks.submit('stumble', { file, failures: 9 }, { topic: 'retried' });
  await eventually(() => expect(existsSync(file)).toBe(true));
  await tasks.cancel(task.id);
  const { failure, attempts } = await next(tasks, 'retried');
  expect(failure).toMatchObject({ code: 'task.cancelled' });
  expect(attempts.length).toBeGreaterThan(0);
  expect(attempts.length).toBeLessThan(3);

  const [busy, ran] = [scene.path('busy'), scene.path('ran')];
  await tasks.submit('count', { file: busy, line: 'x', ms: 30_000 }, { topic: 'busy' });
  await eventually(() => expect(existsSync(busy)).toBe(true));
  const late = await tasks.submit('count', { file: ran, line: 'x', ms: 0 }, { topic: 'late' });
  await tasks.cancel(late.id);
  await scene.worker({ slots: 1 });
  expect((await next(tasks, 'late')).failure).toMatchObject({ code: 'task.cancelled' });
  expect(existsSync(ran)).toBe(false);
});

it('ends a task of a campaign by cox cancel, says what came of it, and the campaign goes on', async () => {
  const environment = { ...scene.environment, COX_NATS_URL: scene.server.url, COX_HOME: scene.path('home') };
  const cox = (...args: string[]): CoxProcess => {
    const one = startCox(args, environment, scene.folder);
    started.push(one);
    return one;
  };
  const said = async (...args: string[]): Promise<[unknown, string]> => {
    const one = cox(...args);
    return [await one.exit, one.stdout() + one.stderr()];
  };
  const folder = campaignFolder('quick');
  const journal = scene.path('journal');
  const worker = (): CoxProcess => cox('worker', folder, '--slots', '2', '--cache', scene.path('cache'));
  const settings = { policy: 'random', total: '1', space: '50', ms: '4000', journal };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  expect((await said('start', folder, '--id', 'c', ...flags))[0]).toBe(0);
  cox('actor', 'all', '--campaign', 'c');
  const first = worker();
  const startsIn = (): number => (existsSync(journal) ? readFileSync(journal, 'utf8').split('start').length - 1 : 0);
  await eventually(() => expect(startsIn()).toBe(2));

  const [code, text] = await said('cancel', 'simulate-1', '--campaign', 'c', '--reason', 'no good');
  expect(code, text).toBe(0);
  expect(text).toMatch(/^simulate-1 ended after 0\.\d s: cancelled by .+@.+: no good\n$/);
  // Nobody computes any more: what ran is queued again.
  first.child.kill('SIGKILL');
  await first.exit;
  expect(await said('cancel', 'simulate-2', '--campaign', 'c')).toEqual([
    0,
    'simulate-2 is queued: it ends when a worker takes it\n',
  ]);
  worker();
  expect((await said('cancel', 'simulate-1', '--campaign', 'c'))[1]).toMatch(
    /^simulate-1 had finished before: cancelled by /,
  );
  expect(await said('cancel', 'simulate-99', '--campaign', 'c')).toEqual([2, expect.stringContaining('no task')]);
  expect(await said('cancel', 'simulate-1', '--campaign', 'd')).toEqual([2, expect.stringContaining('no campaign d')]);

  const facts: [string, Record<string, unknown>][] = [];
  await eventually(async () => {
    facts.length = 0;
    const onMessage = ({ subject, data }: { subject: string; data: Uint8Array }): void => {
      const { event } = JSON.parse(new TextDecoder().decode(data)) as { event: Record<string, unknown> };
      facts.push([subject, event]);
    };
    const connection = await scene.connect();
    await readStored(connection, { stream: streams.log('c'), filters: [subjects.logOf('c')], from: 1, onMessage });
    await connection.close();
    expect(facts.some(([subject]) => subject.endsWith('campaign.campaign.ended'))).toBe(true);
  }, 40_000);
  const recorded = facts.filter(([subject]) => subject.endsWith('result.recorded')).map(([, event]) => event);
  const failed = recorded.filter(({ success }) => success === false).map(({ task }) => task);
  expect(failed.sort()).toEqual(['simulate-1', 'simulate-2']);
  expect(recorded.filter(({ success }) => success === true).length).toBeGreaterThanOrEqual(1);
  const asked = facts.filter(([subject]) => subject.endsWith('operator.cancel.requested')).map(([, event]) => event);
  expect(asked.map(({ task, reason }) => [task, reason])).toEqual([
    ['simulate-1', 'no good'],
    ['simulate-2', ''],
  ]);
  // What was queued was not started a second time.
  const { candidate } = recorded.find(({ task }) => task === 'simulate-2') ?? {};
  expect(readFileSync(journal, 'utf8').split(`start ${String(candidate)} `)).toHaveLength(2);
}, 90_000);
