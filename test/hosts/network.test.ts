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

/** Prints what each datagram says. */
const listen = `
  const socket = require('dgram').createSocket('udp4');
  socket.on('message', (text) => console.log(String(text)));
  socket.bind(4000, () => console.log('listening'));`;
/** Sends so many datagrams that say this. */
const send = (address: string, text: string, datagrams: number): string => `
  const socket = require('dgram').createSocket('udp4');
  let sent = 0;
  const next = () => (sent++ < ${datagrams} ? socket.send('${text}', 4000, '${address}', next) : socket.close());
  next();`;
const arrived = ({ stdout }: CoxProcess, text: string): number =>
  stdout()
    .split('\n')
    .filter((line) => line === text).length;

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

    const listener = node(beta, listen);
    await eventually(() => expect(listener.stdout()).toContain('listening'));
    const sent = async (text: string): Promise<void> =>
      expect(await node(alpha, send(beta.address, text, 200)).exit).toBe(0);
    await beta.lossy(0.3);
    await sent('lossy');
    await beta.lossy(1);
    await sent('lost');
    await beta.restore();
    // They arrive in the order in which they were sent: once some of the last are here, so are all that were not dropped.
    await sent('whole');
    await eventually(() => expect(arrived(listener, 'whole')).toBeGreaterThan(0));
    expect(arrived(listener, 'lost')).toBe(0);
    expect(arrived(listener, 'lossy')).toBeGreaterThan(80);
    expect(arrived(listener, 'lossy')).toBeLessThan(190);

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
