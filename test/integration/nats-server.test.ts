import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MissingError, ResourceError } from '../../src/protocol/errors.ts';
import type { NatsServer, NatsServerOptions } from '../../src/nats/server.ts';
import { startNatsServer } from '../../src/nats/server.ts';
import { ensureNatsServer } from '../../src/setup/programs.ts';

const { path: program } = await ensureNatsServer();
let folder: string;
const undo: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-server-'));
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await rm(folder, { recursive: true });
});

const options = (more: Partial<NatsServerOptions> = {}): NatsServerOptions => ({
  program,
  storeDir: join(folder, 'store'),
  logFile: join(folder, 'nats.log'),
  ...more,
});

async function start(more: Partial<NatsServerOptions> = {}): Promise<NatsServer> {
  const server = await startNatsServer(options(more));
  undo.push(() => server.stop());
  return server;
}

async function client({ url, token }: { url: string; token: string }): Promise<NatsConnection> {
  const connection = await connect({ servers: url, token, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  undo.push(() => connection.close());
  return connection;
}

async function keep(connection: NatsConnection): Promise<void> {
  await (await jetstreamManager(connection)).streams.add({ name: 'notes', subjects: ['notes.>'] });
}
const note = (connection: NatsConnection, text: string): Promise<unknown> =>
  jetstream(connection, { timeout: 500 }).publish('notes.all', text);
const notes = async (connection: NatsConnection): Promise<number> =>
  (await (await jetstreamManager(connection)).streams.info('notes')).state.messages;

/** A zombie has ended: in a container it can be long before somebody asks for its exit code. */
function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

describe('the embedded nats-server', () => {
  it('is ready when it says so, keeps what is published, and gives it back in its next life', async () => {
    const first = await startNatsServer(options());
    const connection = await client(first);
    await keep(connection);
    await note(connection, 'one');
    await connection.close();
    await first.stop();
    expect(await first.ended).toBeNull();
    expect(isRunning(first.pid)).toBe(false);

    expect(await notes(await client(await start()))).toBe(1);
  });

  it('comes back on the same port with its store when it is killed, and clients go on', async () => {
    const restarted = vi.fn();
    const server = await start({ onRestart: restarted });
    const connection = await client(server);
    await keep(connection);
    for (let i = 0; i < 100; i++) await note(connection, String(i));
    const { port, pid } = server;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(restarted).toHaveBeenCalledOnce(), { timeout: 5_000, interval: 10 });
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    // The same connection: it has found its way back by itself.
    await vi.waitFor(() => note(connection, 'after'), { timeout: 10_000, interval: 50 });
    expect(await notes(connection)).toBe(101);
    expect(restarted.mock.calls[0]?.[0]).toMatchObject({ how: 'it was killed', pid: server.pid });
  });

  it('is given up, with one error, when it dies again and again', async () => {
    const server = await start();
    const watch = setInterval(() => {
      if (isRunning(server.pid)) process.kill(server.pid, 'SIGKILL');
    }, 5);
    const error = await server.ended.finally(() => clearInterval(watch));
    expect(error).toBeInstanceOf(ResourceError);
    expect(error?.message).toMatch(/died 6 times within 10 s .* given up\. See .*nats\.log/);
  });

  it('does not outlive a process that is killed, and its store is intact', async () => {
    const script = `
      import { startNatsServer } from ${JSON.stringify(new URL('../../src/nats/server.ts', import.meta.url).href)};
      const server = await startNatsServer(${JSON.stringify(options())});
      console.log(JSON.stringify({ pid: server.pid, url: server.url, token: server.token }));
      process.stdin.resume();
    `;
    const file = join(folder, 'parent.mts');
    await writeFile(file, script);
    const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve, reject) => {
      parent.stdout.setEncoding('utf8').once('data', resolve);
      parent.once('exit', (code) => reject(new Error(`the parent ended with ${String(code)}`)));
    });
    const orphan = JSON.parse(line) as { pid: number; url: string; token: string };
    const connection = await client(orphan);
    await keep(connection);
    for (let i = 0; i < 10; i++) await note(connection, String(i));
    await connection.close();

    parent.kill('SIGKILL');
    // At once, while the orphan may still be ending: the next life sees to that itself.
    const next = await start();
    expect(isRunning(orphan.pid)).toBe(false);
    expect(await notes(await client(next))).toBe(10);
  });

  it('ends a server whose keeper was killed, and starts another', async () => {
    const restarted = vi.fn();
    const server = await start({ onRestart: restarted });
    const { pid } = server;
    const keeper = Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')[3]);
    process.kill(keeper, 'SIGKILL');
    await vi.waitFor(() => expect(restarted).toHaveBeenCalled(), { timeout: 8_000, interval: 20 });
    expect(isRunning(pid)).toBe(false);
    await client(server);
  });

  it('says so when its port is in use', async () => {
    const squatter = createServer();
    const port = await new Promise<number>((resolve) =>
      squatter.listen(0, '127.0.0.1', () => resolve((squatter.address() as AddressInfo).port)),
    );
    undo.push(() => new Promise((resolve) => squatter.close(resolve)));
    await expect(startNatsServer(options({ port }))).rejects.toMatchObject({
      code: 'port.in-use',
      message: `Port ${port} of 127.0.0.1 is in use by another program. Name another port, or none for a free one.`,
    });
    // And nothing is left that would keep the store from the next one.
    await start();
  });

  it('says so when the port belongs to another nats-server', async () => {
    const { port } = await start();
    const second = startNatsServer(options({ port, storeDir: join(folder, 'other') }));
    await expect(second).rejects.toMatchObject({ code: 'port.in-use' });
  });

  it('refuses a store that another living process uses, and one that is no folder', async () => {
    await start();
    await expect(startNatsServer(options())).rejects.toMatchObject({ code: 'store.in-use' });
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(startNatsServer(options({ storeDir: file }))).rejects.toMatchObject({ code: 'store.unusable' });
  });

  it('takes over a store whose owner is gone, though its process id was given to another process', async () => {
    const server = await startNatsServer(options());
    const owner = join(folder, 'store', 'server', 'owner.json');
    await server.stop();
    const stranger = { supervisor: { pid: process.ppid, startedAt: 'long ago' }, server: process.ppid };
    await writeFile(owner, JSON.stringify(stranger));
    await start();
    expect(isRunning(process.ppid)).toBe(true);
  });

  it('runs beside another one on another store', async () => {
    const [one, two] = await Promise.all([start(), start({ storeDir: join(folder, 'other') })]);
    expect(one.port).not.toBe(two.port);
    expect(one.token).not.toBe(two.token);
    await expect(connect({ servers: one.url, token: two.token, reconnect: false })).rejects.toThrow(/authorization/i);
    await keep(await client(one));
    await keep(await client(two));
  });

  it('refuses a nats-server that is too old', async () => {
    const old = join(folder, 'nats-server');
    await writeFile(old, '#!/bin/sh\necho "nats-server: v2.9.10"\n');
    await chmod(old, 0o755);
    const refused = startNatsServer(options({ program: old }));
    await expect(refused).rejects.toThrow(MissingError);
    await expect(refused).rejects.toThrow(/nats-server 2\.9\.10; 2\.12\.0 or newer is needed/);
  });

  it('shows the last lines of the log when it cannot start', async () => {
    const broken = join(folder, 'nats-server');
    await writeFile(
      broken,
      '#!/bin/sh\n[ "$1" = --version ] && echo "nats-server: v2.15.0" || { echo "the disk is on fire" >&2; exit 3; }\n',
    );
    await chmod(broken, 0o755);
    await expect(startNatsServer(options({ program: broken }))).rejects.toMatchObject({
      code: 'nats-server.failed',
      message: expect.stringMatching(/exit code 3\..*\n.*the disk is on fire/) as string,
    });
  });

  it('keeps its token from command lines and from other users, and answers on loopback only', async () => {
    const server = await start();
    const commandLine = await readFile(`/proc/${server.pid}/cmdline`, 'utf8');
    expect(commandLine).not.toContain(server.token);
    const privateDir = join(folder, 'store', 'server');
    expect((await stat(privateDir)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(privateDir)) {
      expect([name, (await stat(join(privateDir, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
    expect(await readFile(join(privateDir, 'nats.conf'), 'utf8')).toContain(server.token);
    expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
    // 127.0.0.2 is this machine, and stands for every address that is not the one it was given.
    await expect(
      connect({ servers: `nats://127.0.0.2:${server.port}`, token: server.token, reconnect: false }),
    ).rejects.toThrow();
  });

  it('stands in a session of its own, out of reach of Ctrl-C', async () => {
    const server = await start();
    const sessionOf = async (pid: number | 'self'): Promise<string | undefined> =>
      (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[3];
    expect(await sessionOf(server.pid)).not.toBe(await sessionOf('self'));
  });

  it.each(['always', 'default'] as const)('stores with sync: %s', async (sync) => {
    const connection = await client(await start({ sync }));
    await keep(connection);
    await note(connection, 'one');
    expect(await notes(connection)).toBe(1);
    const config = await readFile(join(folder, 'store', 'server', 'nats.conf'), 'utf8');
    expect(config.includes('sync_interval: always')).toBe(sync === 'always');
  });
});
