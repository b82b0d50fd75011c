import type { NatsConnection } from '@nats-io/nats-core';
import { otherMethods } from '../campaign/digest.ts';
import { runRecordSchema, type RunRecord } from '../campaign/run-folder.ts';
import { openCampaigns, openSnapshots } from '../nats/streams.ts';
import type { Editions } from './wire.ts';

/** Why this worker computes nothing of campaigns that it might be meant for: each that goes on and has other methods. */
export async function whyNotMine(connection: NatsConnection, editions: Editions): Promise<string[]> {
  const names = new Map(Object.values(editions).map(({ name, digest }) => [name, digest]));
  const campaigns = await openCampaigns(connection);
  const ids: string[] = [];
  for await (const id of await campaigns.keys()) ids.push(id);
  const records = await Promise.all(
    ids.map(async (id) => runRecordSchema.safeParse(await (await campaigns.get(id))?.json<unknown>())),
  );
  const others = records
    .flatMap(({ data }) => data ?? [])
    .filter(({ campaign, methods }) => names.has(campaign) && names.get(campaign) !== methods);
  const open = await Promise.all(others.map((record) => isOpen(connection, record)));
  return others
    .filter((_, index) => open[index])
    .map((record) => otherMethods(record, names.get(record.campaign) ?? '', 'this worker'));
}

/** Whether a campaign has not ended, by what its actors last kept. */
async function isOpen(connection: NatsConnection, { id }: RunRecord): Promise<boolean> {
  const entry = await (await openSnapshots(connection)).get(`${id}.campaign`);
  return entry?.operation !== 'PUT' || entry.json<{ machine?: { status?: string } }>().machine?.status !== 'done';
}
