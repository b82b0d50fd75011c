/** A campaign under way in this process: its actors over NATS, and what they are told and asked. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/nats-core';
import { Lease } from '../nats/lease.ts';
import { NatsCampaignLog } from '../nats/campaign-log.ts';
import { ObjectCache } from '../nats/objects.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { NatsSnapshotStore } from '../nats/snapshot-store.ts';
import { ensureCampaignLog, ensureTaskStreams, openCampaigns, openSnapshots } from '../nats/streams.ts';
import { NatsTaskQueue } from '../nats/task-queue.ts';
import { ConfigError, InvariantError } from '../protocol/errors.ts';
import { taskRequestSchema, type Says } from '../protocol/events.ts';
import { objectRefOf, type ObjectRef } from '../protocol/object-ref.ts';
import { subjects } from '../protocol/subjects.ts';
import { protocolVersion, type Task } from '../protocol/task.ts';
import { ActorHost } from '../runtime/actor-host.ts';
import { systemClock, type FactListener } from '../runtime/contracts.ts';
import { answerQuestions } from './answers.ts';
import { aside } from './aside.ts';
import type { CampaignDefinition, Candidates, CommonSettings } from './definition.ts';
import { watchFleet } from './fleet-watch.ts';
import type { RunRecord } from './run-folder.ts';

export interface SteeringOptions<S extends CommonSettings> {
  readonly connection: NatsConnection;
  readonly definition: CampaignDefinition<S>;
  readonly settings: S;
  readonly record: RunRecord;
  readonly candidates: Candidates;
  /** Whether the run has no results yet, so that a server need not know of it. */
  readonly mayBeNew: boolean;
  readonly cacheDir: string;
  /** Called once when the actors cannot go on. */
  readonly fail: (error: unknown) => void;
  /** Shown every fact of the log, from the first on, once the actors have taken it. */
  readonly observe: FactListener;
  /** Told of messages in the log that are not ours, which are passed over. */
  readonly refuse: (error: unknown) => void;
}

/** References of a space's objects, by name. */
export function objectRefs(candidates: Candidates): Record<string, ObjectRef> {
  return Object.fromEntries(Object.entries(candidates.objects).map(([name, bytes]) => [name, objectRefOf(bytes)]));
}

/** The actors of one campaign, run by this process over its log in NATS. */
export class Steering {
  readonly #log: NatsCampaignLog;
  readonly #closers: (() => Promise<unknown> | undefined)[];

  private constructor(log: NatsCampaignLog, closers: (() => Promise<unknown> | undefined)[]) {
    this.#log = log;
    this.#closers = closers;
  }

  /**
   * Start, or go on with, a campaign: log, objects, actors, and the watch over the fleet. It begins when it is told to.
   * @throws LeaseError when another process runs it; ConfigError when a snapshot is of another version.
   */
  static async start<S extends CommonSettings>(options: SteeringOptions<S>): Promise<Steering> {
    const { connection, definition, record, candidates, fail } = options;
    const { id } = record;
    const publisher = new StoredPublisher(connection);
    await claim(connection, record, options.mayBeNew);
    const lease = await Lease.acquire(connection, {
      key: id,
      owner: `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`,
      lost: fail,
    });
    const [snapshots] = await Promise.all([
      openSnapshots(connection),
      ensureTaskStreams(connection),
      ensureCampaignLog(connection, id),
    ]);
    const objects = new ObjectCache(connection, `${options.cacheDir}/objects`);
    await Promise.all(Object.values(candidates.objects).map((bytes) => objects.put(bytes)));

    const log = new NatsCampaignLog(connection, publisher, id, options.refuse);
    const host = await ActorHost.start({
      plans: composePlans(options),
      log,
      snapshots: new NatsSnapshotStore(snapshots, id),
      queue: new NatsTaskQueue(connection, publisher, id, definition.name),
      clock: systemClock,
      completeTask: (request, source, createdAt) => completeTask(request, { id, candidates, source, createdAt }),
      inspect: aside((inspection) => {
        if (connection.isClosed()) return;
        connection.publish(subjects.inspect(id, inspection.actor), JSON.stringify(inspection));
      }),
      observe: aside(options.observe),
      fail,
    });
    const watch = await watchFleet(connection, { log, workerClass: definition.name, fail, refuse: options.refuse });
    const answers = await answerQuestions(connection, id, host);
    return new Steering(log, [
      () => answers.stop(),
      () => watch.close(),
      () => host.stop(),
      () => lease.release(),
      () => {
        publisher.close();
        return undefined;
      },
    ]);
  }

  /** Say something to the campaign as the person who runs it; resolves with its place in the log. */
  async request(event: Says<'operator'>): Promise<{ sequence: number }> {
    const fact = { v: protocolVersion, id: `operator/${randomUUID()}`, number: null, cause: null } as const;
    return this.#log.append('operator', { ...fact, heardAt: null, saidAt: Date.now(), event });
  }

  /** Let go of the campaign: last snapshots, no lease. What runs at the workers goes on. */
  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/**
 * Make sure that this server's log of this id is this run's, and no other's.
 * @throws ConfigError when another run has the id here, or this run has results and its log is not here.
 */
async function claim(connection: NatsConnection, record: RunRecord, mayBeNew: boolean): Promise<void> {
  const { id, instance } = record;
  const campaigns = await openCampaigns(connection);
  const known = await campaigns.get(id);
  const theirs = known?.operation === 'PUT' ? known.json<{ instance?: string }>().instance : undefined;
  if (theirs === instance) return;
  if (theirs !== undefined) {
    throw new ConfigError(`this NATS server knows another run as ${id}; choose another --id`, { code: 'run.exists' });
  }
  if (!mayBeNew) {
    throw new ConfigError(
      `this NATS server holds no log of run ${id}, which has results: it was started ` +
        (record.server === null ? `with the store ${record.store ?? ''}` : `on ${record.server}`),
      { code: 'run.elsewhere' },
    );
  }
  await campaigns.create(id, JSON.stringify(record));
}

function composePlans<S extends CommonSettings>({ definition, settings, candidates }: SteeringOptions<S>) {
  const policy = definition.policies[settings.policy];
  if (policy === undefined) {
    const known = Object.keys(definition.policies).join(' or ');
    throw new ConfigError(`campaign ${definition.name} has no policy "${settings.policy}"; choose ${known}`);
  }
  return policy({ settings, candidates: candidates.count, objects: objectRefs(candidates) });
}

/** A whole task of what an actor asked for. */
function completeTask(
  request: unknown,
  { id, candidates, source, createdAt }: { id: string; candidates: Candidates; source: string; createdAt: number },
): Task {
  const asked = taskRequestSchema.parse(request);
  if (asked.arguments === null && asked.candidate === null) {
    throw new InvariantError(`${source} asked for task ${asked.id} with neither arguments nor a candidate`);
  }
  return {
    v: protocolVersion,
    ...asked,
    campaign: id,
    source,
    arguments: asked.arguments ?? candidates.argumentsOf(asked.candidate ?? 0),
    timeoutMs: null,
    report: subjects.log(id, 'worker', 'task.finished'),
    createdAt,
  };
}
