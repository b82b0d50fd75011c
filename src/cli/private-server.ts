/** The NATS server of a run: one that is there already, or one of the run's own. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { makeFolder } from '../campaign/make-folder.ts';
import { writeWhole, type RunFolder, type RunRecord } from '../campaign/run-folder.ts';
import { natsAddress, type NatsAddress } from '../nats/connection.ts';
import { startNatsServer } from '../nats/server.ts';
import type { RunView } from './run-view.ts';

/** Where Coxswain keeps the state of a run: its server's store, and how to reach that while it runs. */
export const stateFolder = (id: string): string => join(resolve(process.env['COX_HOME'] ?? '.cox'), 'runs', id);

/** How others of the same user reach the run's private server; there only while it runs. */
export const serverNote = ({ id, store }: Pick<RunRecord, 'id' | 'store'>): string =>
  join(store ?? stateFolder(id), 'server.json');

/** A server that answers, and a promise that rejects when it is given up. */
interface OpenServer {
  readonly address: NatsAddress;
  readonly ended: Promise<never>;
}

/** The address of the server that was named, or of a private one that is started with the run's own store. */
export async function openServer(
  { nats, id, resumed }: { nats: string | null; id: string; resumed: RunRecord | null },
  program: string | null,
  folder: RunFolder,
  { view, logger, closers }: { view: RunView; logger: Logger; closers: (() => unknown)[] },
): Promise<OpenServer> {
  if (nats !== null || program === null)
    return { address: natsAddress(nats ?? ''), ended: new Promise(() => undefined) };
  // Where the run was started, from whichever folder it is resumed.
  const state = resumed?.store ?? stateFolder(id);
  await makeFolder(state);
  const server = await startNatsServer({
    program,
    storeDir: join(state, 'nats'),
    logFile: join(folder.path, 'nats-server.log'),
    onRestart: ({ how, downMs }) => {
      logger.warn({ how, downMs }, 'nats-server restarted');
      view.line(`nats-server ended (${how}) and is back after ${Math.round(downMs)} ms`);
    },
  });
  const note = serverNote({ id, store: state });
  await writeWhole(note, { url: server.url, token: server.token, pid: process.pid }, { secret: true });
  closers.push(async () => {
    await rm(note, { force: true });
    await server.stop();
  });
  const ended = server.ended.then((error) => {
    if (error !== null) throw error;
    return new Promise<never>(() => undefined);
  });
  // Whoever does not wait for it learns of it from what fails next.
  ended.catch(() => undefined);
  return { address: { url: server.url, token: server.token }, ended };
}

/** Credentials as a worker finds them in its environment: a command line is no place for them. */
export function credentials({ token, user, password, credentialsFile }: NatsAddress): NodeJS.ProcessEnv {
  const all = {
    COX_NATS_TOKEN: token,
    COX_NATS_USER: user,
    COX_NATS_PASSWORD: password,
    COX_NATS_CREDS: credentialsFile,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
