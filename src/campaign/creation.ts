/** A campaign that comes into being on a NATS server: its record, its log, its objects. */
import type { NatsConnection } from '@nats-io/nats-core';
import { answered } from '../nats/answered.ts';
import { ObjectCache } from '../nats/objects.ts';
import { ensureCampaignLog, ensureTaskStreams, openCampaigns } from '../nats/streams.ts';
import { ConfigError } from '../protocol/errors.ts';
import { objectRefOf, type ObjectRef } from '../protocol/object-ref.ts';
import { writeCandidateTable } from './candidate-table.ts';
import type { Candidates } from './definition.ts';
import { runRecordSchema, type RunRecord } from './run-folder.ts';

/** References of a space's objects, by name. */
export function objectRefs(candidates: Candidates): Record<string, ObjectRef> {
  return Object.fromEntries(Object.entries(candidates.objects).map(([name, bytes]) => [name, objectRefOf(bytes)]));
}

/** What other hosts need of the space's arguments: the bytes, and the reference that goes into the record. */
export function candidateTable(candidates: Candidates): { bytes: Uint8Array; ref: ObjectRef } {
  const bytes = writeCandidateTable(candidates);
  return { bytes, ref: objectRefOf(bytes) };
}

/**
 * Make a campaign known to its server, or find it there; whatever was done before is done once.
 * @param options.mayBeNew whether it has no results yet, so that a server need not know of it.
 * @throws ConfigError when another campaign has the id here, or this one has results and its log is not here.
 */
export async function createCampaign(
  connection: NatsConnection,
  record: RunRecord,
  { candidates, cacheDir, mayBeNew }: { candidates: Candidates; cacheDir: string; mayBeNew: boolean },
): Promise<void> {
  const isKnown = await isClaimed(connection, record);
  if (!isKnown && !mayBeNew) {
    throw new ConfigError(
      `this NATS server holds no log of run ${record.id}, which has results: it was started ` +
        (record.server === null ? `with the store ${record.store ?? ''}` : `on ${record.server}`),
      { code: 'run.elsewhere' },
    );
  }
  await Promise.all([ensureTaskStreams(connection), ensureCampaignLog(connection, record.id)]);
  const objects = new ObjectCache(connection, `${cacheDir}/objects`);
  const blobs = Object.values(candidates.objects);
  if (record.candidates.table !== null) blobs.push(candidateTable(candidates).bytes);
  await Promise.all(blobs.map((bytes) => objects.put(bytes)));
  // Last, so that whoever finds the record finds everything.
  if (isKnown) return;
  const campaigns = await openCampaigns(connection);
  await campaigns.create(record.id, JSON.stringify(record)).catch(async (error: unknown) => {
    // Somebody made one of this id in this very moment.
    if (!(await isClaimed(connection, record))) throw error;
  });
}

/** Whether this server knows this very run. @throws ConfigError when it knows another by its id. */
async function isClaimed(connection: NatsConnection, { id, instance }: RunRecord): Promise<boolean> {
  const known = await (await openCampaigns(connection)).get(id);
  if (known?.operation !== 'PUT') return false;
  if (known.json<{ instance?: string }>().instance === instance) return true;
  throw new ConfigError(`this NATS server knows another run as ${id}; choose another --id`, { code: 'run.exists' });
}

/**
 * What a server knows of a campaign.
 * @throws ConfigError when it knows none of that id, with those that it does; or it was started by another version.
 */
export async function findCampaign(connection: NatsConnection, id: string): Promise<RunRecord> {
  const campaigns = await openCampaigns(connection);
  const isName = /^[A-Za-z0-9_-]+$/.test(id);
  const entry = isName ? await answered(connection, () => campaigns.get(id)) : null;
  if (entry?.operation === 'PUT') {
    const record = runRecordSchema.safeParse(entry.json());
    if (record.success) return record.data;
    throw new ConfigError(`campaign ${id} was started by another version of Coxswain; use that one for it`, {
      code: 'campaign.other-version',
    });
  }
  const known: string[] = [];
  for await (const key of await campaigns.keys()) known.push(key);
  const names = known.sort().slice(-8).join(', ');
  throw new ConfigError(
    `this NATS server knows no campaign ${id}; ${known.length === 0 ? 'it knows none' : `it knows ${names}`}`,
    { code: 'campaign.unknown' },
  );
}
