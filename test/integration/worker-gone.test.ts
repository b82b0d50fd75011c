/** What a campaign is told of workers that die, freeze, leave or have other methods, and what becomes of their tasks. */
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/nats-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attemptsAt } from '../../src/nats/attempts.ts';
import { ensureTaskStreams, openCampaigns } from '../../src/nats/streams.ts';
import { beatSchema, type Beat } from '../../src/protocol/registration.ts';
import { messageOf } from '../../src/protocol/errors.ts';
import { streams, subjects, taskClass } from '../../src/protocol/subjects.ts';
import { livingWorkers } from '../../src/worker/registration.ts';
import { processTree } from '../support/process-tree.ts';
import { campaignFolder, eventually, isRunning, Scene, type CoxProcess, linesOf } from '../support/scene.ts';
import { WatchedCampaign } from '../support/watched-campaign.ts';

let scene: Scene;
let connection: NatsConnection;
let campaign: WatchedCampaign;

beforeEach(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
  campaign = await WatchedCampaign.open(connection);
});
afterEach(async () => {
  await campaign.close();
  await scene[Symbol.asyncDispose]();
});

const entriesOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
const idOf = (worker: CoxProcess): string => /worker (\S+) ready/.exec(worker.stderr())?.[1] ?? 'nobody';

/** What each worker said last that it holds. */
function listenToBeats(): Map<string, Beat> {
  const beats = new Map<string, Beat>();
  connection.subscribe(subjects.allBeats, {
    callback: (_error, message) => {
      const beat = beatSchema.parse(message.json());
      beats.set(beat.id, beat);
    },
  });
  return beats;
}

/** A task that one of two workers computes, which is known to say so. */
async function taskOfOne(file: string): Promise<{ task: string; holder: CoxProcess; other: CoxProcess }> {
  const beats = listenToBeats();
  const workers = await Promise.all([scene.worker({ slots: 1 }), scene.worker({ slots: 1 })]);
  const task = await campaign.task('count', { file, line: 'x', ms: 1_500 });
  return eventually(() => {
    const isHeld = (worker: CoxProcess): boolean =>
      beats.get(idOf(worker))?.held.some((one) => one.task === task && one.runningSince !== null) === true;
    const [one, another] = workers;
    if (!workers.some(isHeld)) throw new Error('nobody computes it');
    expect(linesOf(file)).toEqual(['x']);
    return isHeld(one) ? { task, holder: one, other: another } : { task, holder: another, other: one };
  });
}

it('gives the task of a killed worker out again at once, and remembers that it died with it', async () => {
  const file = scene.path('ran');
  const { task, holder, other } = await taskOfOne(file);
  holder.child.kill('SIGKILL');
  const killedAt = Date.now();
  await eventually(() => expect(campaign.results(task)).toHaveLength(1));
  const [result] = campaign.results(task);
  const waitedMs = (result?.times.pickedUp ?? 0) - killedAt;
  process.stdout.write(`the task of a killed worker was taken up by another after ${Math.round(waitedMs)} ms\n`);
  // The queue alone would have missed it 1.7 s after the kill at the soonest.
  expect(waitedMs).toBeLessThan(1_600);
  expect(result?.worker.id).toBe(idOf(other));
  expect(linesOf(file)).toEqual(['x', 'x']);
  const attempts = await attemptsAt(connection, { campaign: campaign.id, task });
  expect(attempts).toMatchObject([{ worker: idOf(holder), code: 'worker.died-with' }]);
  expect(result?.attempts).toEqual(attempts);
  expect(campaign.said('worker.gone')).toMatchObject([{ worker: idOf(holder), reason: 'lost' }]);
  expect(campaign.failures).toEqual([]);
});

it('gives the task of a frozen worker out again, and drops what it says when it wakes', async () => {
  const file = scene.path('ran');
  const { task, holder, other } = await taskOfOne(file);
  holder.child.kill('SIGSTOP');
  const frozenAt = Date.now();
  await eventually(() => expect(campaign.results(task)).toHaveLength(1));
  const [result] = campaign.results(task);
  const waitedMs = (result?.times.pickedUp ?? 0) - frozenAt;
  process.stdout.write(`the task of a frozen worker was taken up by another after ${Math.round(waitedMs)} ms\n`);
  expect(waitedMs).toBeLessThan(4_000);
  expect(result?.worker.id).toBe(idOf(other));
  const [gone] = campaign.said('worker.gone');
  expect(gone).toMatchObject({ worker: idOf(holder), reason: 'lost' });

  const beats = listenToBeats();
  holder.child.kill('SIGCONT');
  await eventually(() => {
    const seen = campaign.said('worker.seen').filter(({ worker }) => worker === idOf(holder));
    expect(seen).toHaveLength(2);
    expect(seen[1]?.asOf).toBeGreaterThan(gone?.asOf ?? Infinity);
    expect(beats.get(idOf(holder))?.held).toEqual([]);
  });
  expect(linesOf(file)).toEqual(['x', 'x']);
  expect(campaign.results(task)).toHaveLength(1);
  // To be frozen is no death: it is not held against the task.
  expect(await attemptsAt(connection, { campaign: campaign.id, task })).toEqual([]);
  expect(campaign.failures).toEqual([]);
});

it('follows workers that come, drain and are told to go, and lists who is there', async () => {
  const first = await scene.worker({ slots: 3 });
  await eventually(() => expect(campaign.said('worker.seen')).toMatchObject([{ worker: idOf(first), slots: 3 }]));
  expect(campaign.said('workers.listed')).toMatchObject([{ workers: [] }]);
  const file = scene.path('ran');
  const task = await campaign.task('count', { file, line: 'x', ms: 1_000 });
  await eventually(() => expect(linesOf(file)).toEqual(['x']));
  const children = processTree(first.pid);
  expect(children.length).toBeGreaterThan(2);
  first.child.kill('SIGTERM');
  await eventually(() => expect(campaign.said('worker.gone')).toMatchObject([{ worker: idOf(first), reason: 'left' }]));
  // It is gone for the campaign before it has finished what it has.
  expect(campaign.results(task)).toEqual([]);
  expect(await first.exit).toBe(0);
  expect(campaign.results(task)).toHaveLength(1);
  expect(await livingWorkers(connection)).toEqual([]);
  expect(campaign.said('worker.gone')).toHaveLength(1);
  // Nothing is left behind: no child, no scratch folder, no result on disk.
  expect(children.filter(isRunning)).toEqual([]);
  expect(entriesOf(scene.path('scratch'))).toEqual([]);
  expect(entriesOf(scene.path('cache/outbox'))).toEqual([]);
  expect(campaign.failures).toEqual([]);
});

it('tells a worker with other methods, and the campaign, why it gets none of its tasks', async () => {
  const folder = scene.path('other');
  cpSync(campaignFolder('odd'), folder, { recursive: true });
  writeFileSync(join(folder, 'note.json'), '{"version": 2}');
  const { id, methods } = campaign.record;
  const text = JSON.stringify({
    v: 1,
    ...campaign.record,
    instance: 'one',
    server: scene.server.url,
    store: null,
    folder: 'odd',
    settings: {},
    candidates: { count: 1, digest: 'none', table: null, notes: {}, objects: {} },
    versions: {},
    createdAt: new Date().toISOString(),
  });
  await (await openCampaigns(connection)).create(id, text);
  const other = await scene.worker({ folders: [folder] });
  const task = await campaign.task('echo', { value: 7 });
  await eventually(() => expect(campaign.said('worker.refused')).toHaveLength(1));
  const [refused] = campaign.said('worker.refused');
  expect(refused?.worker).toBe(idOf(other));
  const [registered] = await livingWorkers(connection);
  const digests = [Object.values(registered?.classes ?? {})[0]?.digest ?? '', methods];
  expect(digests[0]).not.toBe(digests[1]);
  for (const digest of digests) expect(refused?.reason).toContain(digest.slice(0, 8));
  expect(refused?.reason).toContain('put the same version of the folder on its host and start the worker again');
  await eventually(() => expect(other.stderr()).toContain('has other methods of odd'));
  expect(campaign.said('worker.seen')).toEqual([]);
  const right = await scene.worker();
  await eventually(() => expect(campaign.results(task)).toHaveLength(1));
  expect(campaign.results(task)[0]?.worker.id).toBe(idOf(right));
  expect(campaign.said('worker.refused')).toHaveLength(1);
  // Whoever asks for tasks by the campaign's name has to be told which of the two is meant, and nothing can tell.
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const versions = digests.map((digest) => digest.slice(0, 8));
  const said = await tasks.submit('echo', { value: 1 }, { topic: 't' }).catch((error: unknown) => messageOf(error));
  expect(said).toMatch(/workers with different methods of odd live/);
  for (const version of versions) expect(said).toContain(version);
});

it('gives the queue of a class that an older version made its own time limits', async () => {
  const manager = await jetstreamManager(connection);
  const { campaign: name, methods } = campaign.record;
  const workerClass = taskClass(name, methods);
  await ensureTaskStreams(connection);
  await manager.consumers.add(streams.tasks, {
    durable_name: `worker-${workerClass}`,
    filter_subject: subjects.tasksOf(workerClass),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(30_000),
  });
  await scene.worker();
  const { config } = await manager.consumers.info(streams.tasks, `worker-${workerClass}`);
  expect(config.ack_wait).toBe(nanos(2_500));
  expect(config.inactive_threshold).toBe(nanos(7 * 24 * 3_600_000));
  const task = await campaign.task('echo', { value: 7 });
  await eventually(() => expect(campaign.results(task)).toHaveLength(1));
});
