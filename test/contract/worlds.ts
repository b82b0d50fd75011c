/** The implementations of the runtime's contracts, each with a world of its own: memory in virtual time, and a real nats-server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { NatsActorClaims } from '../../src/nats/actor-claims.ts';
import { Cancellations } from '../../src/nats/cancellations.ts';
import { NatsCampaignLog } from '../../src/nats/campaign-log.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { startNatsServer } from '../../src/nats/server.ts';
import { NatsSnapshotStore } from '../../src/nats/snapshot-store.ts';
import { ensureCampaignLog, ensureTaskStreams, openSnapshots } from '../../src/nats/streams.ts';
import { NatsTaskQueue } from '../../src/nats/task-queue.ts';
import { decode } from '../../src/protocol/fact.ts';
import { streams, subjects } from '../../src/protocol/subjects.ts';
import { taskSchema, type Task } from '../../src/protocol/task.ts';
import {
  systemClock,
  type ActorClaims,
  type CampaignLog,
  type Clock,
  type SnapshotStore,
  type TaskQueue,
} from '../../src/runtime/contracts.ts';
import { ensureNatsServer } from '../../src/setup/programs.ts';
import { MemoryClaims } from '../../src/simulator/memory-claims.ts';
import { MemoryConnection } from '../../src/simulator/memory-connection.ts';
import { MemoryServer } from '../../src/simulator/memory-server.ts';
import { SeededRandom } from '../../src/ml/seeded-random.ts';
import { VirtualTime } from '../../src/simulator/virtual-time.ts';

/** A task that a worker has taken. */
export interface Taken {
  readonly task: Task;
  /** Resolves when the queue knows that it is done. */
  ack(): Promise<void>;
  giveBack(): void;
}

/** One process's view of a campaign. */
export interface Process {
  readonly log: CampaignLog;
  readonly snapshots: SnapshotStore;
  readonly queue: TaskQueue;
}

/** One implementation of the contracts. */
export interface World extends AsyncDisposable {
  readonly clock: Clock;
  /** Run a test while the world's time passes. */
  run(test: () => Promise<void>): Promise<void>;
  /** A process that works on a campaign; several may. */
  process(campaign: string): Promise<Process>;
  /** Another process that may come to run these actors. */
  claims(campaign: string, actors: readonly string[]): Promise<ActorClaims>;
  /** A worker takes the next task. */
  take(): Promise<Taken>;
  /** Why a task that a worker has taken and not started is not to be run, as far as it has heard; null when it is. */
  notToRun(task: Task): string | null;
}

/** By name: how a world of each implementation is opened. */
export const worlds: readonly { readonly name: string; readonly open: () => Promise<World> }[] = [
  { name: 'memory', open: openMemory },
  { name: 'nats', open: openNats },
];

function openMemory(): Promise<World> {
  const time = new VirtualTime();
  const server = new MemoryServer(time);
  const random = new SeededRandom(1);
  let processes = 0;
  const weather = { latencyMs: () => random.next(), lost: () => 0, unanswered: () => 0 };
  return Promise.resolve({
    clock: time,
    run: (test) => time.drive(test()),
    process: (campaign) => Promise.resolve(new MemoryConnection(server, { campaign, time, random, weather })),
    claims: (campaign, actors) => {
      const connection = new MemoryConnection(server, { campaign, time, random, weather });
      return Promise.resolve(new MemoryClaims(connection, `process ${(processes += 1)}`, actors));
    },
    take: () =>
      new Promise<Taken>((resolve) => {
        server.queue.pull((delivery) => {
          const ack = (): Promise<void> => {
            delivery.ack();
            return Promise.resolve();
          };
          const giveBack = (): void => void delivery.giveBack();
          time.after(0, () => resolve({ task: delivery.task, ack, giveBack }));
        });
      }),
    notToRun: (task) => server.queue.withdrawalOf(task)?.reason ?? null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

const workerClass = 'contract';

async function openNats(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'cox-contract-'));
  const { path: program } = await ensureNatsServer();
  const server = await startNatsServer({ program, storeDir: join(folder, 'store'), logFile: join(folder, 'log') });
  const connection = await connectNats({ url: server.url, token: server.token }, { name: 'contract' });
  await ensureTaskStreams(connection);
  const bucket = await openSnapshots(connection);
  const manager = await jetstreamManager(connection);
  const filter_subject = subjects.tasksOf(workerClass);
  await manager.consumers.add(streams.tasks, {
    durable_name: 'worker',
    filter_subject,
    ack_policy: AckPolicy.Explicit,
  });
  const consumer = await jetstream(connection).consumers.get(streams.tasks, 'worker');
  const publishers: StoredPublisher[] = [];
  const marked = (): never => {
    throw new Error('a task that is only not to be started is to end wherever it is');
  };
  const refused = (error: unknown): never => {
    throw error instanceof Error ? error : new Error(String(error));
  };
  const cancellations = new Cancellations(connection, { marked, refused });
  await cancellations.open();
  const refuse = (error: unknown): void => {
    throw error;
  };
  return {
    clock: systemClock,
    run: (test) => test(),
    process: async (campaign) => {
      await ensureCampaignLog(connection, campaign);
      const publisher = new StoredPublisher(connection);
      publishers.push(publisher);
      return {
        log: new NatsCampaignLog(connection, publisher, campaign, refuse),
        snapshots: new NatsSnapshotStore(bucket, campaign),
        queue: new NatsTaskQueue(connection, publisher, campaign, workerClass),
      };
    },
    claims: (campaign, actors) => Promise.resolve(new NatsActorClaims(connection, campaign, actors)),
    take: async () => {
      const message = await consumer.next({ expires: 5_000 });
      if (message === null) throw new Error('no task came within 5 s');
      return {
        task: decode(taskSchema, message.data, 'a task'),
        ack: async () => {
          await message.ackAck();
        },
        giveBack: () => message.nak(),
      };
    },
    notToRun: ({ campaign, id }) => {
      if (cancellations.failureOf(campaign, id) !== null) throw new Error(`${id} is to end wherever it is`);
      const failure = cancellations.failureOfWaiting(campaign, id);
      if (failure !== null) expect(failure).toMatchObject({ code: 'task.withdrawn', retry: 'never' });
      return failure === null ? null : String(failure.details['reason']);
    },
    [Symbol.asyncDispose]: async () => {
      await cancellations.close();
      for (const publisher of publishers) publisher.close();
      await connection.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Try until it does not throw; after 5 s what it threw last is thrown. */
export async function eventually(clock: Clock, attempt: () => void | Promise<void>): Promise<void> {
  const deadline = clock.now() + 5_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (clock.now() > deadline) throw error;
      await new Promise<void>((resolve) => {
        const alive = setInterval(() => undefined, 1_000);
        clock.after(10, () => {
          clearInterval(alive);
          resolve();
        });
      });
    }
  }
}
