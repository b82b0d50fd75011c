import { beforeEach, expect, test } from 'vitest';
import { campaign } from '../../../actors/campaign.ts';
import { fleet } from '../../../actors/fleet.ts';
import { plan } from '../../../src/protocol/actor.ts';
import { LeaseError, TransportError } from '../../../src/protocol/errors.ts';
import type { Says } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { protocolVersion } from '../../../src/protocol/task.ts';
import { ActorHost } from '../../../src/runtime/actor-host.ts';
import type { CampaignLog, Inspection, SnapshotStore } from '../../../src/runtime/contracts.ts';
import { MemoryConnection } from '../../../src/simulator/memory-connection.ts';
import { MemoryServer } from '../../../src/simulator/memory-server.ts';
import { SeededRandom } from '../../../src/ml/seeded-random.ts';
import { VirtualTime } from '../../../src/simulator/virtual-time.ts';
import { completeTaskOf } from './simulated-campaign.ts';

const plans = [plan(campaign, {}), plan(fleet, {})];
let time: VirtualTime;
let server: MemoryServer;
let connection: MemoryConnection;
let failures: unknown[];
let inspections: Inspection[];

beforeEach(() => {
  time = new VirtualTime();
  server = new MemoryServer(time);
  const weather = { latencyMs: () => 1, lost: () => 0, unanswered: () => 0 };
  connection = new MemoryConnection(server, { campaign: 'c', time, random: new SeededRandom(1), weather });
  failures = [];
  inspections = [];
});

const start = (ports: { log?: CampaignLog; snapshots?: SnapshotStore } = {}): Promise<ActorHost> =>
  time.drive(
    ActorHost.start({
      plans,
      log: ports.log ?? connection.log,
      snapshots: ports.snapshots ?? connection.snapshots,
      queue: connection.queue,
      clock: connection.clock,
      completeTask: completeTaskOf('c'),
      inspect: (inspection) => inspections.push(inspection),
      fail: (error) => failures.push(error),
    }),
  );
let told = 0;
const tell = async (source: 'host' | 'operator', event: Says<'host'> | Says<'operator'>): Promise<void> => {
  const id = `${source}/${(told += 1)}`;
  const fact = { v: protocolVersion, id, number: null, cause: null, heardAt: null, saidAt: time.now(), event } as const;
  await time.drive(connection.log.append(source, fact));
  await time.pass(100);
};
const worker = (name: string) => ({ type: 'worker.seen', worker: name, host: 'h', slots: 2, asOf: 1 }) as const;
const facts = async (): Promise<StoredFact[]> => {
  const read: StoredFact[] = [];
  await time.drive(connection.log.read(1, (fact) => read.push(fact)));
  return read;
};
const saidBy = async (actor: string): Promise<string[]> =>
  (await facts()).flatMap(({ source, id, event, number }) =>
    source === actor ? [`${id} ${event.type} ${number ?? ''}`] : [],
  );

test('what the actors say is stored under ids, numbers and causes that follow from the log', async () => {
  const host = await start();
  await tell('host', worker('a'));
  await tell('host', worker('b'));
  expect(await saidBy('fleet')).toEqual([
    'fleet/1/1 worker.joined 1',
    'fleet/1/2 capacity.changed 2',
    'fleet/4/1 worker.joined 3',
    'fleet/4/2 capacity.changed 4',
  ]);
  expect((await facts()).map(({ cause }) => cause)).toEqual([null, 1, 1, null, 4, 4]);
  expect(host.names).toEqual(['campaign', 'fleet']);
  expect(host.views['fleet']).toMatchObject({ value: 'staffed' });
  expect(inspections.map(({ actor, sequence, before, after, said }) => [actor, sequence, before, after, said])).toEqual(
    [
      ['fleet', 1, 'empty', 'staffed', ['worker.joined', 'capacity.changed']],
      ['fleet', 4, 'staffed', 'staffed', ['worker.joined', 'capacity.changed']],
    ],
  );
});

test('a timer is told to the log when it is due, and what follows from it, once', async () => {
  await start();
  await time.pass(120_000);
  expect(await saidBy('fleet')).toEqual([
    'fleet/timer/xstate.after.patience.fleet.empty/0 timer.fired ',
    'fleet/1/1 workers.missing 1',
  ]);
});

test('another life finds what is stored and says only what is missing', async () => {
  const first = await start({
    snapshots: { load: (actor) => connection.snapshots.load(actor), save: () => new Promise(() => undefined) },
  });
  await tell('host', worker('a'));
  const before = await facts();
  expect(before).toHaveLength(3);
  // No snapshot was ever written, and the server knows no ids any more.
  server.log('c').ids.forget();
  const second = await start();
  await time.pass(1_000);
  expect(await facts()).toEqual(before);
  expect(second.views['fleet']).toEqual(first.views['fleet']);
});

test('a fenced actor stops all of its host, and is told of once', async () => {
  const fence = new LeaseError('somebody else runs it');
  const saved: string[] = [];
  const host = await start({
    snapshots: {
      load: (actor) => connection.snapshots.load(actor),
      save: (actor, record, revision) => {
        if (actor === 'fleet') return Promise.reject(fence);
        saved.push(actor);
        return connection.snapshots.save(actor, record, revision);
      },
    },
  });
  await time.pass(5_000);
  expect(failures).toEqual([fence]);
  saved.length = 0;
  await tell('operator', { type: 'run.requested' });
  await time.pass(120_000);
  expect(host.views['campaign']).toMatchObject({ value: 'created' });
  expect(await facts()).toHaveLength(1);
  await time.drive(host.stop());
  expect(saved).toEqual([]);
  expect(failures).toEqual([fence]);
});

test('a log that does not take what an actor says ends its host, and no snapshot claims that it was said', async () => {
  const refused = new TransportError('no room');
  await start({
    log: {
      append: (source, fact) => (source === 'fleet' ? Promise.reject(refused) : connection.log.append(source, fact)),
      follow: (from, listener) => connection.log.follow(from, listener),
      read: (from, listener) => connection.log.read(from, listener),
    },
  });
  await time.pass(1_000);
  await tell('host', worker('a'));
  await time.pass(10_000);
  expect(failures).toEqual([refused]);
  const stored = await time.drive(connection.snapshots.load('fleet'));
  expect(stored?.record).toMatchObject({ position: 0 });
  // Started again, it says it.
  await start();
  await time.pass(1_000);
  expect(await saidBy('fleet')).toEqual(['fleet/1/1 worker.joined 1', 'fleet/1/2 capacity.changed 2']);
});
