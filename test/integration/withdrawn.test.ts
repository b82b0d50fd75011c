/** Tasks that are withdrawn while they wait for a worker, and tasks that one has started by then. */
import type { NatsConnection } from '@nats-io/nats-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureTaskStreams } from '../../src/nats/streams.ts';
import { eventually, Scene, linesOf } from '../support/scene.ts';
import { WatchedCampaign } from '../support/watched-campaign.ts';

let scene: Scene;
let connection: NatsConnection;
let campaign: WatchedCampaign;

beforeEach(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
  await ensureTaskStreams(connection);
  campaign = await WatchedCampaign.open(connection);
});
afterEach(async () => {
  await campaign.close();
  await scene[Symbol.asyncDispose]();
});

/** How each task ended, by the end of its id; each of them once. */
const ends = (): Record<string, string> => {
  const all = campaign.results().map(({ task, failure }) => [task.id, failure?.code ?? 'done'] as const);
  expect(new Set(all.map(([id]) => id)).size).toBe(all.length);
  return Object.fromEntries(all);
};

it('ends what waits without running it, and leaves alone what runs', async () => {
  await scene.worker({ slots: 1 });
  const file = scene.path('run');
  const running = await campaign.task('count', { file, line: 'running', ms: 800 });
  await eventually(() => expect(linesOf(file)).toEqual(['running']));
  const waiting = await Promise.all(
    Array.from({ length: 20 }, (_, n) => campaign.task('count', { file, line: String(n), ms: 0 })),
  );
  const last = await campaign.task('count', { file, line: 'last', ms: 0 });
  for (const task of [running, ...waiting]) await campaign.withdraw(task, 'others rank before it');
  const withdrawn = Object.fromEntries(waiting.map((task) => [task, 'task.withdrawn']));
  await eventually(() => expect(ends()).toEqual({ [running]: 'done', ...withdrawn, [last]: 'done' }));
  expect(linesOf(file)).toEqual(['running', 'last']);
  expect(campaign.results(waiting[0])[0]).toMatchObject({
    success: false,
    failure: {
      message: 'withdrawn by submitter before it was started: others rank before it',
      details: { by: 'submitter', reason: 'others rank before it' },
    },
    attempts: [],
    worker: { child: 0 },
  });
  await eventually(async () => expect([...(await campaign.held())]).toEqual([]));
});

it('knows withdrawals that are older than the worker, and ends what comes back from one that died', async () => {
  const file = scene.path('run');
  const early = await campaign.task('count', { file, line: 'early', ms: 0 });
  await campaign.withdraw(early, 'no slot came');
  const first = await scene.worker({ slots: 1 });
  await eventually(() => expect(ends()).toEqual({ [early]: 'task.withdrawn' }));
  const started = await campaign.task('count', { file, line: 'started', ms: 30_000 });
  await eventually(() => expect(linesOf(file)).toEqual(['started']));
  await campaign.withdraw(started, 'others rank before it');
  const onward = await campaign.task('count', { file, line: 'onward', ms: 0 });
  first.child.kill('SIGKILL');
  await first.exit;
  // It waits again, and was not wanted any more.
  await scene.worker({ slots: 1 });
  await eventually(() =>
    expect(ends()).toEqual({ [early]: 'task.withdrawn', [started]: 'task.withdrawn', [onward]: 'done' }),
  );
  expect(linesOf(file)).toEqual(['started', 'onward']);
});
