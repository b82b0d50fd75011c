/** The NATS server that a campaign is on: one that is named, or the private one of a run of this folder. */
import { readFile } from 'node:fs/promises';
import type { NatsConnection } from '@nats-io/nats-core';
import { listRuns, readRunRecord, readSummary, runFolder } from '../campaign/run-folder.ts';
import { connectNats, natsAddress, type NatsAddress } from '../nats/connection.ts';
import { ConfigError, TransportError } from '../protocol/errors.ts';
import { serverNote } from './private-server.ts';

/**
 * A connection to the server of a campaign: `--nats`, else the server of the run of that id in `out`, else COX_NATS_URL.
 * @throws ConfigError when none of them says where it is, or the run's private server is not up.
 */
export async function connectToCampaign(
  id: string,
  { nats, out, command }: { nats: string | undefined; out: string; command: string },
): Promise<NatsConnection> {
  const { address, isOwn } = await addressOf(id, nats, out);
  try {
    return await connectNats(address, { name: `cox ${command} ${id}`, patienceMs: 2_000 });
  } catch (error) {
    // The note is what a killed run has left.
    if (isOwn && error instanceof TransportError && error.code !== 'transport.refused')
      throw await idle(out, id, error);
    throw error;
  }
}

/** Where its server is, and whether that is the run's own, which ends with it. */
interface Where {
  readonly address: NatsAddress;
  readonly isOwn: boolean;
}

async function addressOf(id: string, nats: string | undefined, out: string): Promise<Where> {
  if (nats !== undefined) return { address: natsAddress(nats), isOwn: false };
  if ((await listRuns(out)).includes(id)) {
    const record = await readRunRecord(out, id);
    if (record.server !== null) return { address: natsAddress(record.server), isOwn: false };
    const note = await readFile(serverNote(record), 'utf8').catch(() => null);
    if (note !== null) return { address: JSON.parse(note) as NatsAddress, isOwn: true };
    throw await idle(out, id);
  }
  const url = process.env['COX_NATS_URL'];
  if (url !== undefined && url !== '') return { address: natsAddress(url), isOwn: false };
  throw new ConfigError(
    `there is no run ${id} in ${out}, and no NATS server was named; say --nats nats://host:4222, or set COX_NATS_URL`,
    { code: 'campaign.unknown' },
  );
}

/** A run has no server of its own when it is not under way. */
async function idle(out: string, id: string, cause?: unknown): Promise<ConfigError> {
  const hasEnded = (await readSummary(runFolder(out, id)))?.state === 'ended';
  const how = hasEnded ? 'has ended' : `is not under way; go on with it by: cox run --resume ${id}`;
  return new ConfigError(`run ${id} ${how}`, { code: 'run.idle', cause });
}

/** The server that a command works on: `--nats`, else COX_NATS_URL. @throws ConfigError when neither is given. */
export function serverUrl(nats: string | undefined): string {
  const url = nats ?? process.env['COX_NATS_URL'];
  if (url === undefined || url === '') {
    throw new ConfigError('which NATS server? Say --nats nats://host:4222, or set COX_NATS_URL');
  }
  return url;
}
