/**
 * What does a task cost that computes nothing? Through the real path: client, work queue, `cox worker` process, warm child,
 * stored result. One at a time (round trip), and 64 in flight over two children (tasks a second).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '../src/nats/server.ts';
import { ResourceError } from '../src/protocol/errors.ts';
import { ensureNatsServer } from '../src/setup/programs.ts';
import { connectTasks, type TaskClient } from '../src/tasks/client.ts';
import { quantile, root } from './cox-process.ts';

/** Beside us on the same two cores. Colmena 0.7.2 with Redis, over Parsl's HTEX and over a local pool; BullMQ with Redis. */
const peers = {
  colmenaParsl: { p50Ms: 4.2, p99Ms: 8.7, perSecond: '344' },
  colmenaLocal: { p50Ms: 1.15, p99Ms: 2.5, perSecond: '950-1,250' },
  bullMq: { p50Ms: 0.86, p99Ms: null, perSecond: '2,000-2,800' },
};
const roundTrips = 2_000;
const burstTasks = 20_000;
const inFlight = 64;

async function next(tasks: TaskClient, topic: string): Promise<void> {
  const result = await tasks.next({ topic, timeoutMs: 10_000 });
  if (result?.success !== true) throw new ResourceError(`a no-op came to nothing: ${JSON.stringify(result?.failure)}`);
}

/** Round trips of one task at a time, ms. */
async function measureRoundTrips(tasks: TaskClient, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const from = performance.now();
    await tasks.submit('noop', { n }, { topic: 'alone' });
    await next(tasks, 'alone');
    times.push(performance.now() - from);
  }
  return times;
}

/** Tasks a second with so many in flight all the time. */
async function measureBurst(tasks: TaskClient, count: number): Promise<number> {
  let submitted = 0;
  const lanes = Array.from({ length: inFlight }, async () => {
    while (submitted < count) {
      submitted += 1;
      await tasks.submit('noop', { n: submitted }, { topic: 'burst' });
      await next(tasks, 'burst');
    }
  });
  const from = performance.now();
  await Promise.all(lanes);
  return count / ((performance.now() - from) / 1_000);
}

const folder = await mkdtemp(join(tmpdir(), 'cox-bench-'));
const { path: program } = await ensureNatsServer({ onProgress: (line) => console.error(line) });
const server = await startNatsServer({
  program,
  storeDir: join(folder, 'nats'),
  logFile: join(folder, 'nats-server.log'),
});
const environment = { ...process.env, COX_NATS_TOKEN: server.token };
const worker = spawn(
  process.execPath,
  [join(root, 'bin', 'cox.mjs'), 'worker', join(root, 'bench', 'methods'), '--nats', server.url, '--slots', '2'],
  { env: environment, stdio: ['ignore', 'ignore', 'inherit'] },
);
try {
  const tasks = await connectTasks({ url: server.url, environment, workerClass: 'bench' });
  await measureBurst(tasks, 2_000);
  const times = await measureRoundTrips(tasks, roundTrips);
  const perSecond = await measureBurst(tasks, burstTasks);
  await tasks.close();
  const p50Ms = quantile(times, 0.5);
  const p99Ms = quantile(times, 0.99);
  if (process.argv.includes('--json')) {
    const roundTrip = { tasks: roundTrips, p50Ms, p99Ms };
    const burst = { tasks: burstTasks, inFlight, children: 2, perSecond };
    console.log(JSON.stringify({ bench: 'tasks', results: { roundTrip, burst }, peers }));
  } else {
    const [p50, p99] = [p50Ms, p99Ms].map((ms) => ms.toFixed(2));
    console.log(`no-op round trip: ${p50} / ${p99} ms (p50 / p99, ${roundTrips} tasks)`);
    console.log(`no-op tasks: ${Math.round(perSecond)}/s, ${inFlight} in flight on 2 children (${burstTasks} tasks)`);
    for (const [name, peer] of Object.entries(peers)) {
      console.log(`  ${name}: ${peer.p50Ms} / ${peer.p99Ms ?? '?'} ms, ${peer.perSecond}/s`);
    }
  }
} finally {
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  await server.stop();
  await rm(folder, { recursive: true });
}
