/** What a run's dashboard may never do to the run: keep it from ending, or end it. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RunDashboard } from '../../src/cli/run-dashboard.ts';
import { LiveFeed } from '../../src/dashboard/live-feed.ts';
import { eventually } from '../support/scene.ts';

const node = process.execPath;
afterEach(() => {
  process.execPath = node;
});

it('a process that cannot be started is no reason for a run to wait for its end', { timeout: 10_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cox-dashboard-'));
  const address = { url: 'nats://127.0.0.1:1' };
  const dashboard = await RunDashboard.open({ id: 'one', folder, address, logFile: join(folder, 'log') });
  // As when Node is updated while a run is under way.
  process.execPath = join(folder, 'no-node');
  const visitor = connect(Number(new URL(dashboard.link).port), '127.0.0.1').resume();
  await once(visitor, 'close');
  const began = performance.now();
  await dashboard.close('over');
  expect(performance.now() - began).toBeLessThan(3_000);
  await rm(folder, { recursive: true });
});

it('whoever watches and takes nothing does not keep a dashboard from ending', { timeout: 10_000 }, async () => {
  const feed = new LiveFeed(() => undefined);
  const server = createServer((_request, response) => feed.open(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const deaf = connect(port, '127.0.0.1');
  deaf.on('error', () => undefined);
  deaf.pause();
  deaf.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  await eventually(() => {
    expect(feed.watchers).toBe(1);
    return Promise.resolve();
  });
  const text = 'x'.repeat(32 * 1024 * 1024);
  feed.add([{ sequence: 1, at: 1, source: 'worker', type: 'task.finished', text, cause: null }], 1);
  feed.send();
  await feed.end('over');
  deaf.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
