import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { processesIn, Network } from '../support/hosts/network.ts';
import type { Host } from '../support/hosts/host.ts';
import { eventually, type CoxProcess } from '../support/scene.ts';

const echo = `
  const server = require('net').createServer((socket) => socket.pipe(socket));
  server.listen(4000, () => console.log('listening'));`;
/** Says hello to an echo, and how many ms it took until all of it was back; gives up after 2 s. */
const hello = (address: string): string => `
  const started = performance.now();
  let left = 10;
  const socket = require('net').connect(4000, '${address}', () => socket.write(Buffer.alloc(left)));
  socket.on('data', ({ length }) => (left -= length) || (console.log(performance.now() - started), process.exit()));
  setTimeout(() => process.exit(9), 2_000);`;

/** Counts datagrams. */
const count = `
  const socket = require('dgram').createSocket('udp4');
  let arrived = 0;
  socket.on('message', () => console.log(++arrived));
  socket.bind(4000, () => console.log('listening'));`;
/** Sends so many datagrams. */
const send = (address: string, datagrams: number): string => `
  const socket = require('dgram').createSocket('udp4');
  let sent = 0;
  const next = () => (sent++ < ${datagrams} ? socket.send('x', 4000, '${address}', next) : socket.close());
  next();`;
const arrived = ({ stdout }: CoxProcess): number => Number(stdout().trimEnd().split('\n').at(-1)) || 0;

const node = (host: Host, script: string): CoxProcess => host.start(process.execPath, ['-e', script]);

/** ms that a hello took, or null when nothing came back. */
async function time(from: Host, to: Host): Promise<number | null> {
  const { exit, stdout, stderr } = node(from, hello(to.address));
  const code = await exit;
  if (code !== 0 && code !== 9) throw new Error(stderr());
  return code === 0 ? Number(stdout()) : null;
}

it('links are slow, lossy or cut as they are told, and nothing of a network is left when it is closed', async () => {
  let folder: string;
  {
    await using network = await Network.open(['alpha', 'beta']);
    folder = network.folder;
    const alpha = network.host('alpha');
    const beta = network.host('beta');
    const server = node(beta, echo);
    await eventually(() => expect(server.stdout()).toContain('listening'));

    expect(await time(alpha, beta)).toBeLessThan(1_000);
    expect(await network.connections()).toEqual(['alpha beta 4000']);

    await beta.slow(100);
    // There, back, and there and back again: a connection is opened with one round, and the hello is another.
    expect(await time(alpha, beta)).toBeGreaterThan(400);
    await beta.restore();

    await alpha.cut();
    expect(await time(alpha, beta)).toBeNull();
    await alpha.restore();

    const counter = node(beta, count);
    await eventually(() => expect(counter.stdout()).toContain('listening'));
    await beta.lossy(0.3);
    expect(await node(alpha, send(beta.address, 200)).exit).toBe(0);
    await eventually(() => expect(arrived(counter)).toBeGreaterThan(100));
    await beta.lossy(1);
    const before = arrived(counter);
    expect(before).toBeLessThan(180);
    expect(await node(alpha, send(beta.address, 200)).exit).toBe(0);
    expect(arrived(counter)).toBe(before);

    expect(processesIn(folder)).toHaveLength(2);
    expect(await beta.freeze()).toBe(2);
    const sleeper = node(alpha, `console.log('listening'); setInterval(() => undefined, 1_000)`);
    await eventually(() => expect(sleeper.stdout()).toContain('listening'));
    expect(await alpha.kill()).toBe(1);
    expect(await sleeper.exit).toBe('SIGKILL');
  }
  expect(processesIn(folder)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
});

it('what a test run that was killed has left is removed by the next', async () => {
  const gone = spawn('true');
  await once(gone, 'exit');
  const folder = await mkdtemp(join(tmpdir(), `cox-hosts-${gone.pid ?? 0}-`));
  const left = spawn('sleep', ['600'], { cwd: folder, stdio: 'ignore' });
  await once(left, 'spawn');
  await eventually(() => expect(processesIn(folder)).toEqual([left.pid]));
  await using network = await Network.open(['alpha']);
  expect(network.hosts.size).toBe(1);
  expect(processesIn(folder)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
});
