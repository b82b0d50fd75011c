import { afterAll, beforeAll, expect, test } from 'vitest';
import { Auditor } from '../../src/audit/auditor.ts';
import type { ActorPlan } from '../../src/protocol/actor.ts';
import type { Task } from '../../src/protocol/task.ts';
import { Scene } from '../support/scene.ts';
import { plansOf } from '../unit/runtime/simulated-campaign.ts';
import { HostLife, TinyWorker } from './runtime-life.ts';

const slots = 3;
let scene: Scene;
let worker: TinyWorker;

beforeAll(async () => {
  scene = await Scene.open();
  worker = await TinyWorker.start(scene, slots);
});
afterAll(async () => {
  worker.close();
  await scene[Symbol.asyncDispose]();
});

const start = (campaign: string, plans: readonly ActorPlan[]): Promise<HostLife> =>
  HostLife.start(scene, campaign, plans, slots);

/** The campaign is over: each task computed once, recorded once, and everything else that a log must show. */
async function expectWhole(life: HostLife, plans: readonly ActorPlan[], simulations: number): Promise<void> {
  await life.ended();
  expect(life.failures).toEqual([]);
  const facts = await life.facts();
  const auditor = new Auditor(plans);
  for (const fact of facts) auditor.take(fact);
  const { violations, tasks } = auditor.finish({ isOver: true });
  expect(violations).toEqual([]);
  const created = facts.flatMap(({ event }) => (event.type === 'task.created' ? [event['task'] as Task] : []));
  const simulated = new Set(created.filter(({ topic }) => topic === 'simulate').map(({ id }) => id));
  expect(simulated.size).toBeGreaterThanOrEqual(simulations);
  expect(tasks.recorded).toBe(tasks.created);
  const campaign = created[0]?.campaign ?? '';
  expect(worker.computed(campaign)).toEqual(Object.fromEntries(created.map(({ id }) => [id, 1])));
  await life.stop();
}

test.each(['random', 'batched'] as const)('a %s campaign goes on exactly where its host vanished', async (policy) => {
  const plans = plansOf(policy, 60, { total: 16, initial: 4, batch: 4, seed: 3 });
  for (const results of [2, 7, 11]) {
    const life = await start(policy, plans);
    await life.counted(results);
    await life.vanish();
  }
  await expectWhole(await start(policy, plans), plans, 16);
});

test('a server that is killed in the middle costs nothing but time', async () => {
  const plans = plansOf('batched', 60, { total: 12, initial: 4, batch: 4, seed: 4 });
  const life = await start('killed', plans);
  for (const results of [3, 7]) {
    await life.counted(results);
    process.kill(scene.server.pid, 'SIGKILL');
  }
  await expectWhole(life, plans, 12);
});

test('two hosts at once, until the stale one is fenced, do no harm', async () => {
  const plans = plansOf('random', 40, { total: 12, initial: 1, batch: 1, seed: 5 });
  const stale = await start('fenced', plans);
  await stale.counted(3);
  const current = await start('fenced', plans);
  await expectWhole(current, plans, 12);
  await stale.vanish();
});

test('a campaign that has ended says nothing more when it is hosted again', async () => {
  const plans = plansOf('random', 40, { total: 4, initial: 1, batch: 1, seed: 6 });
  const life = await start('ended', plans);
  await expectWhole(life, plans, 4);
  const before = (await life.facts()).filter(({ number }) => number !== null);
  const again = await start('ended', plans);
  await again.ended();
  await again.stop();
  expect((await again.facts()).filter(({ number }) => number !== null)).toEqual(before);
});
