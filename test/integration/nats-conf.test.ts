import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureNatsServer } from '../../src/setup/programs.ts';

const shipped = fileURLToPath(new URL('../../nats.conf', import.meta.url));
const { path: program } = await ensureNatsServer();

let folder: string;
let server: ChildProcess | null = null;
let connections: NatsConnection[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-conf-'));
});
afterEach(async () => {
  for (const connection of connections) await connection.close();
  connections = [];
  if (server !== null && server.exitCode === null) {
    server.kill();
    await once(server, 'exit');
  }
  server = null;
  await rm(folder, { recursive: true });
});

/** The address of a nats-server that runs with this file, on a free port and with a store of its own. */
async function serve(config: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const log = join(folder, 'log');
  const args = ['-c', config, '-p', '-1', '--ports_file_dir', folder, '-l', log];
  // The store's path in the file is relative: it is made in the folder where the server is started.
  server = spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, stdio: 'ignore' });
  const file = await vi.waitFor(
    async () => {
      const found = (await readdir(folder)).find((name) => name.endsWith('.ports'));
      if (found === undefined) throw new Error(`not ready:\n${await readFile(log, 'utf8').catch(() => 'no log yet')}`);
      return JSON.parse(await readFile(join(folder, found), 'utf8')) as { nats: string[] };
    },
    { timeout: 10_000, interval: 10 },
  );
  const [address] = file.nats;
  if (address === undefined) throw new Error('the server listens nowhere');
  return address;
}

async function client(servers: string, options: ConnectionOptions = {}): Promise<NatsConnection> {
  const connection = await connect({ servers, reconnect: false, ...options });
  connections.push(connection);
  return connection;
}

describe('nats.conf', () => {
  it('serves JetStream to this machine, and to no other', async () => {
    const address = await serve(shipped);
    expect(address).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    const connection = await client(address);
    expect(connection.info?.max_payload).toBe(2 ** 20);
    await (await jetstreamManager(connection)).streams.add({ name: 'notes', subjects: ['notes'], storage: 'file' });
    const { seq } = await jetstream(connection).publish('notes', 'one');
    expect(seq).toBe(1);
    expect(await readdir(join(folder, 'nats-store'))).toContain('jetstream');
    await expect(client(address.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow();
  });

  it('asks for a token once the include is switched on as its comments say', async () => {
    await writeWithAccess('authorization { token: $COX_NATS_TOKEN }');
    const address = await serve(join(folder, 'nats.conf'), { COX_NATS_TOKEN: 'shared-by-the-team' });
    await expect(client(address)).rejects.toThrow(/authorization/i);
    await client(address, { token: 'shared-by-the-team' });
  });

  it('does not start with the include and no token: an open server would be worse', async () => {
    await writeWithAccess('authorization { token: $COX_NATS_TOKEN }');
    const environment = { ...process.env };
    delete environment['COX_NATS_TOKEN'];
    const checked = spawn(program, ['-c', join(folder, 'nats.conf'), '-t'], { env: environment, stdio: 'ignore' });
    const [code] = (await once(checked, 'exit')) as [number];
    expect(code).not.toBe(0);
  });

  it('keeps somebody who looks on from steering', async () => {
    await writeWithAccess(await usersOfTheComments());
    const address = await serve(join(folder, 'nats.conf'));
    const steering = await client(address, { user: 'steering', pass: 'a' });
    const lookingOn = await client(address, { user: 'looking-on', pass: 'b' });

    const heard: string[] = [];
    lookingOn.subscribe('cox.log.>', { callback: (_error, message) => void heard.push(message.subject) });
    await lookingOn.flush();
    lookingOn.publish('cox.log.c.operator.paused', '');
    await lookingOn.flush();
    steering.publish('cox.log.c.operator.resumed', '');
    await steering.flush();
    await vi.waitFor(() => expect(heard).toEqual(['cox.log.c.operator.resumed']), { timeout: 5_000, interval: 10 });
  });
});

/** Follows the steps in the comments of nats.conf, except for the address that it listens on. */
async function writeWithAccess(access: string): Promise<void> {
  const config = join(folder, 'nats.conf');
  await copyFile(shipped, config);
  const text = await readFile(config, 'utf8');
  const switchedOn = text.replace('\n# include nats-access.conf\n', '\ninclude nats-access.conf\n');
  expect(switchedOn).not.toBe(text);
  await writeFile(config, switchedOn);
  await writeFile(join(folder, 'nats-access.conf'), access);
}

/** The second way of the comments, with passwords put in: the first user's is "a", the second's "b". */
async function usersOfTheComments(): Promise<string> {
  const lines = (await readFile(shipped, 'utf8')).split('\n').map((line) => line.replace(/^# {8}/, ''));
  const start = lines.findIndex((line) => line.startsWith('# b)')) + 1;
  const end = lines.indexOf('}', start);
  const passwords = ['a', 'b'];
  return lines
    .slice(start, end + 1)
    .join('\n')
    .replaceAll('$2a$11$...', () => passwords.shift() ?? 'none');
}
