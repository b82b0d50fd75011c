/** What was tried at a task is known to all, whoever tried it. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attemptsAt, recordAttempt } from '../../src/nats/attempts.ts';
import { openTaskNotes } from '../../src/nats/streams.ts';
import { taskKey } from '../../src/protocol/subjects.ts';
import type { Attempt } from '../../src/protocol/task.ts';
import { eventually, Scene } from '../support/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

const attempt = (worker: string, code: string, at = 1): Attempt => ({ at, worker, host: 'h', code, message: 'm' });

it('loses none that are noted at the same time, and takes one worker to die once', async () => {
  const [one, other] = await Promise.all([scene.connect(), scene.connect()]);
  const name = { campaign: 'c', task: 'odd id / ümlaut.>*' };
  const noted = Array.from({ length: 10 }, (_, n) => attempt(`w${n}`, 'worker.child-died', n));
  await Promise.all(noted.map((each, n) => recordAttempt(n % 2 === 0 ? one : other, name, each)));
  const known = await attemptsAt(other, name);
  expect(known.map(({ worker }) => worker).sort()).toEqual(noted.map(({ worker }) => worker));

  await recordAttempt(one, name, attempt('x', 'worker.died-with', 5));
  expect(await recordAttempt(other, name, attempt('x', 'worker.died-with', 6))).toHaveLength(11);
  expect(await attemptsAt(one, { campaign: 'c', task: 'odd id / ümlaut.>' })).toEqual([]);
});

it('sets a task aside by the deaths that others tell of, without another try', async () => {
  await scene.worker({ slots: 1 });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const connection = await scene.connect();
  const [busy, file] = [scene.path('busy'), scene.path('stumbled')];
  await tasks.submit('count', { file: busy, line: 'x', ms: 1_500 }, { topic: 'busy' });
  await eventually(() => expect(existsSync(busy)).toBe(true));
  const { id } = await tasks.submit('stumble', { file, failures: 9 }, { topic: 'deadly' });
  for (const worker of ['a', 'b', 'c']) {
    await recordAttempt(connection, { campaign: tasks.session, task: id }, attempt(worker, 'worker.died-with'));
  }
  const result = await tasks.next({ topic: 'deadly', timeoutMs: 20_000 });
  expect(result?.failure).toMatchObject({ code: 'task.poisoned' });
  const { deaths } = result?.failure?.details as { deaths: Attempt[] };
  expect(deaths.map(({ worker }) => worker)).toEqual(['a', 'b', 'c']);
  expect(result?.attempts.map(({ code }) => code)).toEqual([...deaths.map(({ code }) => code), 'resource.exhausted']);
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
});

it('takes a note that nobody can read for none, and replaces it', async () => {
  const connection = await scene.connect();
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const bucket = await openTaskNotes(connection, 'attempts');
  const name = { campaign: 'c', task: 'damaged' };
  await bucket.put(taskKey(name.campaign, name.task), 'no note');
  expect(await attemptsAt(connection, name)).toEqual([]);
  expect(await recordAttempt(connection, name, attempt('w', 'worker.child-died'))).toHaveLength(1);
  expect(await attemptsAt(connection, name)).toHaveLength(1);
  // A task of which there is such a note is tried again all the same.
  const file = scene.path('stumbled-over-it');
  const { id } = await tasks.submit('stumble', { file, failures: 1 }, { topic: 'damaged' });
  await bucket.put(taskKey(tasks.session, id), '{"v":1,"attempts":"many"}');
  expect(await tasks.next({ topic: 'damaged', timeoutMs: 20_000 })).toMatchObject({ success: true });
});
