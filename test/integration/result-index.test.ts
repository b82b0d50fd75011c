/** Whether a result is stored is answered, whatever else is asked or closed meanwhile: a task that waits for it holds a slot. */
import { beforeAll, afterAll, expect, it } from 'vitest';
import type { NatsConnection } from '@nats-io/nats-core';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { ensureTaskStreams } from '../../src/nats/streams.ts';
import { subjects } from '../../src/protocol/subjects.ts';
import { ResultIndex } from '../../src/worker/result-index.ts';
import { Scene } from '../support/scene.ts';

const results = 20_000;
const report = subjects.result('session', 'topic');
const idOf = (number: number): string => `session/task-${number}/finished`;
const last = idOf(results - 1);

let scene: Scene;
let connection: NatsConnection;
let began: number;

beforeAll(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
  await ensureTaskStreams(connection);
  began = Date.now();
  const publisher = new StoredPublisher(connection);
  await Promise.all(Array.from({ length: results }, (_, number) => publisher.publish(report, 'x', idOf(number))));
  publisher.close();
});
afterAll(() => scene[Symbol.asyncDispose]());

it('is not given up for having taken long', async () => {
  const index = new ResultIndex(connection);
  const asked = [index.has(report, last, began), index.has(report, 'session/other/finished', began)];
  await index.sweep(Date.now() + 60_000);
  expect(await Promise.all(asked)).toEqual([true, false]);
  await index.close();
});

it('is answered also when an older task is asked about meanwhile', async () => {
  const index = new ResultIndex(connection);
  const asked = [0, 1, 2, 3].map((number) => index.has(report, last, began - number * 1_000));
  expect(await Promise.all(asked)).toEqual([true, true, true, true]);
  await index.close();
});

it('is answered when it is closed', async () => {
  const index = new ResultIndex(connection);
  const asked = index.has(report, last, began);
  await index.close();
  expect(await asked).toBeTypeOf('boolean');
});

it('fails whoever asks where there are no results, and nobody else', async () => {
  const index = new ResultIndex(connection);
  const nowhere = subjects.log('no-such-campaign', 'worker', 'task.finished');
  const asked = [0, 1].map((number) => index.has(nowhere, last, began - number * 1_000));
  const swept = index.sweep(Date.now() + 60_000);
  const answers = await Promise.allSettled([...asked, swept]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});
