/** The streams and buckets of Coxswain, made when they are not there. */
import {
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm, type KV, type KvOptions } from '@nats-io/kv';
import { nanos, type NatsConnection } from '@nats-io/nats-core';
import { answered } from './answered.ts';
import { buckets, streams, subjects } from '../protocol/subjects.ts';

const minute = 60_000;

async function ensureStream(
  connection: NatsConnection,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  // Creating a stream that is there with the same settings is answered like the first time.
  await answered(connection, () =>
    manager.streams.add({
      storage: StorageType.File,
      allow_direct: true,
      duplicate_window: nanos(2 * minute),
      ...config,
    }),
  );
}

/** A bucket, made when it is not there, as soon as a server answers. */
const openBucket = (
  connection: NatsConnection,
  bucket: keyof typeof buckets,
  options: Partial<KvOptions>,
): Promise<KV> =>
  // What was asked when the server died is never answered: a second is as good as the client's five.
  answered(connection, () => new Kvm(jetstream(connection, { timeout: 1_000 })).create(buckets[bucket], options));

/** Make the work queue and the results of task clients. */
export async function ensureTaskStreams(connection: NatsConnection): Promise<void> {
  await Promise.all([
    ensureStream(connection, {
      name: streams.tasks,
      subjects: [subjects.allTasks],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
    }),
    ensureStream(connection, {
      name: streams.results,
      subjects: [subjects.allResults],
      max_age: nanos(7 * 24 * 60 * minute),
    }),
  ]);
}

/** What tells the store of this server from any other, also when the server is started again or moves. */
export async function storeIdentity(connection: NatsConnection): Promise<string> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  return (await answered(connection, () => manager.streams.info(streams.tasks))).created;
}

/** Make the log of a campaign. */
export async function ensureCampaignLog(connection: NatsConnection, campaign: string): Promise<void> {
  await ensureStream(connection, {
    name: streams.log(campaign),
    subjects: [subjects.logOf(campaign)],
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
  });
}

/** Snapshots of actors: the last one of each. */
export async function openSnapshots(connection: NatsConnection): Promise<KV> {
  return openBucket(connection, 'snapshots', { history: 1 });
}

/** Definitions of campaigns. */
export async function openCampaigns(connection: NatsConnection): Promise<KV> {
  return openBucket(connection, 'campaigns', { history: 1 });
}

/** Sessions and workers lapse on their own when nobody renews them; leases hold as long as their owner's session. */
export async function openLapsing(connection: NatsConnection, bucket: 'leases' | 'sessions' | 'workers'): Promise<KV> {
  return openBucket(connection, bucket, { history: 1, markerTTL: 10_000 });
}

/** How long notes about tasks are kept, ms: a week. */
export const taskNotesLastMs = 7 * 24 * 60 * minute;

/** Attempts at tasks, and marks of those that are to end: kept for {@link taskNotesLastMs}. */
export async function openTaskNotes(connection: NatsConnection, bucket: 'attempts' | 'cancelled'): Promise<KV> {
  return openBucket(connection, bucket, { history: 1, ttl: taskNotesLastMs });
}
