/** Actors over a real nats-server without the rest of the product: a host that can vanish, and a worker that computes nothing. */
import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { NatsCampaignLog } from '../../src/nats/campaign-log.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { NatsSnapshotStore } from '../../src/nats/snapshot-store.ts';
import { ensureCampaignLog, ensureTaskStreams, openSnapshots } from '../../src/nats/streams.ts';
import { NatsTaskQueue } from '../../src/nats/task-queue.ts';
import type { ActorPlan } from '../../src/protocol/actor.ts';
import type { Says } from '../../src/protocol/events.ts';
import { decode, type StoredFact } from '../../src/protocol/fact.ts';
import { streams, subjects } from '../../src/protocol/subjects.ts';
import { protocolVersion, taskSchema, type Task } from '../../src/protocol/task.ts';
import { ActorHost } from '../../src/runtime/actor-host.ts';
import { systemClock } from '../../src/runtime/contracts.ts';
import { eventually, type Scene } from '../support/scene.ts';
import { completeTaskOf, valueOf } from '../unit/runtime/simulated-campaign.ts';

const workerClass = 'molecular-design';

const said = (event: Says<'host'> | Says<'operator'>) =>
  ({
    v: protocolVersion,
    id: randomUUID(),
    number: null,
    cause: null,
    heardAt: null,
    saidAt: Date.now(),
    event,
  }) as const;

/** One life of a campaign's host. */
export class HostLife {
  readonly #connection: NatsConnection;
  readonly #host: ActorHost;
  readonly #log: NatsCampaignLog;
  /** What its host told of as the end of it. */
  readonly failures: unknown[];

  private constructor(connection: NatsConnection, host: ActorHost, log: NatsCampaignLog, failures: unknown[]) {
    this.#connection = connection;
    this.#host = host;
    this.#log = log;
    this.failures = failures;
  }

  static async start(scene: Scene, campaign: string, plans: readonly ActorPlan[], slots: number): Promise<HostLife> {
    const connection = await scene.connect();
    await ensureTaskStreams(connection);
    await ensureCampaignLog(connection, campaign);
    const publisher = new StoredPublisher(connection);
    const failures: unknown[] = [];
    const log = new NatsCampaignLog(connection, publisher, campaign, (error) => failures.push(error));
    const host = await ActorHost.start({
      plans,
      log,
      snapshots: new NatsSnapshotStore(await openSnapshots(connection), campaign),
      queue: new NatsTaskQueue(connection, publisher, campaign, workerClass),
      clock: systemClock,
      completeTask: completeTaskOf(campaign),
      fail: (error) => failures.push(error),
    });
    await log.append(
      'host',
      said({ type: 'workers.listed', workers: [{ worker: 'tiny', host: 'here', slots, asOf: 1 }], asOf: 1 }),
    );
    await log.append('operator', said({ type: 'run.requested' }));
    return new HostLife(connection, host, log, failures);
  }

  /** Everything in the log. */
  async facts(): Promise<StoredFact[]> {
    const facts: StoredFact[] = [];
    await this.#log.read(1, (fact) => facts.push(fact));
    return facts;
  }

  /** Wait until so many simulations were counted. */
  async counted(results: number): Promise<void> {
    await eventually(() => {
      if (this.failures.length > 0) return;
      const { successes } = this.#host.views['result-processor']?.context as { successes: number };
      if (successes < results) throw new Error(`${successes} of ${results} results are counted`);
    });
  }

  /** Wait until the campaign has ended. */
  async ended(): Promise<void> {
    await eventually(() => {
      const state = this.#host.views['campaign']?.value;
      if (this.failures.length === 0 && state !== 'ended') throw new Error(`the campaign is ${JSON.stringify(state)}`);
    }, 30_000);
  }

  /** Gone at once: no last snapshot, nothing more is said. */
  async vanish(): Promise<void> {
    await this.#connection.close();
  }

  async stop(): Promise<void> {
    await this.#host.stop();
  }
}

/** Takes tasks, waits a little, and reports what the methods might have found. */
export class TinyWorker {
  readonly #computed = new Map<string, number>();
  readonly #results = new Map<string, string>();
  readonly #publisher: StoredPublisher;
  #isOpen = true;

  private constructor(connection: NatsConnection) {
    this.#publisher = new StoredPublisher(connection);
  }

  static async start(scene: Scene, slots: number): Promise<TinyWorker> {
    const connection = await scene.connect();
    await ensureTaskStreams(connection);
    const manager = await jetstreamManager(connection);
    await manager.consumers.add(streams.tasks, {
      durable_name: 'tiny',
      filter_subject: subjects.tasksOf(workerClass),
      ack_policy: AckPolicy.Explicit,
      ack_wait: 1_000_000_000,
    });
    const worker = new TinyWorker(connection);
    for (let slot = 0; slot < slots; slot += 1) void worker.#work(connection);
    return worker;
  }

  /** How often each task of a campaign was computed, by its id. */
  computed(campaign: string): Record<string, number> {
    const ofCampaign = [...this.#computed].filter(([key]) => key.startsWith(`${campaign}/`));
    return Object.fromEntries(ofCampaign.map(([key, count]) => [key.slice(campaign.length + 1), count]));
  }

  close(): void {
    this.#isOpen = false;
  }

  async #work(connection: NatsConnection): Promise<void> {
    const consumer = await jetstream(connection).consumers.get(streams.tasks, 'tiny');
    while (this.#isOpen && !connection.isClosed()) {
      const message = await consumer.next({ expires: 1_000 }).catch(() => null);
      if (message !== null) await this.#compute(message).catch(() => undefined);
    }
  }

  async #compute(message: JsMsg): Promise<void> {
    const task = decode(taskSchema, message.data, 'a task');
    const key = `${task.campaign}/${task.id}`;
    let result = this.#results.get(key);
    if (result === undefined) {
      this.#computed.set(key, (this.#computed.get(key) ?? 0) + 1);
      const startedAt = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 5 + ((task.number * 7) % 20)));
      result = JSON.stringify(finished(task, startedAt));
      this.#results.set(key, result);
    }
    await this.#publisher.publish(task.report, result, `${key}/finished`);
    message.ack();
  }
}

function finished(task: Task, startedAt: number): unknown {
  const now = Date.now();
  const result = {
    v: protocolVersion,
    task,
    success: true,
    value: valueOf(task),
    failure: null,
    attempts: [],
    worker: { id: 'tiny', host: 'here', child: 0 },
    resources: { wallMs: now - startedAt, cpuMs: 0 },
    times: {
      created: task.createdAt,
      queued: startedAt,
      pickedUp: startedAt,
      computeStarted: startedAt,
      computeEnded: now,
    },
    serialisationMs: { arguments: 0, value: 0 },
  };
  const fact = { id: `${task.id}/finished/tiny/1`, number: null, cause: null, heardAt: null, saidAt: now };
  return { v: protocolVersion, ...fact, event: { type: 'task.finished', result } };
}
