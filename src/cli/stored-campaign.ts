/** A campaign to look at afterwards: on a server that is up, or in the store of a run's private one. */
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import { findCampaign } from '../campaign/creation.ts';
import { listRuns, readRunRecord, type RunRecord } from '../campaign/run-folder.ts';
import { connectNats } from '../nats/connection.ts';
import { startNatsServer } from '../nats/server.ts';
import { ConfigError, TransportError } from '../protocol/errors.ts';
import { ensureNatsServer } from '../setup/programs.ts';
import { connectToCampaign } from './campaign-connection.ts';
import { stateFolder } from './private-server.ts';

/** What was opened: the connection is closed, and a server that was started for it stopped, by `close`. */
export interface StoredCampaign {
  readonly connection: NatsConnection;
  readonly record: RunRecord;
  /** Whether its server is one that others use, so that something may still happen. */
  readonly isLive: boolean;
  close(): Promise<void>;
}

/**
 * A campaign by its id, wherever its log is; the private server of a run that is over is started on its store for as long as
 * one looks.
 * @throws ConfigError when nobody knows it.
 */
export async function openStoredCampaign(
  id: string,
  where: { nats: string | undefined; out: string; command: string },
): Promise<StoredCampaign> {
  try {
    const connection = await connectToCampaign(id, where);
    try {
      const record = await findCampaign(connection, id);
      return { connection, record, isLive: true, close: () => connection.close() };
    } catch (error) {
      await connection.close();
      throw error;
    }
  } catch (error) {
    const isIdle = error instanceof TransportError || (error instanceof ConfigError && error.code === 'run.idle');
    if (!isIdle || where.nats !== undefined || !(await listRuns(where.out)).includes(id)) throw error;
    const record = await readRunRecord(where.out, id);
    if (record.server !== null) throw error;
    return openStore(record, where.command);
  }
}

async function openStore(record: RunRecord, command: string): Promise<StoredCampaign> {
  const { id } = record;
  const state = record.store ?? stateFolder(id);
  const { path: program } = await ensureNatsServer({
    onProgress: (line) => void process.stderr.write(`${line}\n`),
  });
  const storeDir = join(state, 'nats');
  const server = await startNatsServer({ program, storeDir, logFile: join(state, `${command}.log`) });
  try {
    const connection = await connectNats({ url: server.url, token: server.token }, { name: `cox ${command} ${id}` });
    return {
      connection,
      record,
      isLive: false,
      close: async () => {
        await connection.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
