/**
 * How long does a slot stand idle between two tasks when the whole actor loop decides what is next, and how busy does that
 * keep it? Naps of 10 ms and 100 ms on two slots. Without lookahead a result is stored, the ledger grants, the submitter chooses,
 * and the queue hands out; with two tasks that wait ahead the queue hands out at once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coxRun, quantile, root } from './cox-process.ts';

/** Beside us on the same two cores: Colmena 0.7.2 with Redis, over a local process pool and over Parsl's HTEX. */
const peers = [
  { ms: 100, local: { p50: 3.1, p95: 4.1, busy: 0.969 }, parsl: { p50: 8.0, p95: 9.6, busy: 0.926 } },
  { ms: 10, local: { p50: 2.0, p95: 2.5, busy: 0.835 }, parsl: { p50: 4.8, p95: 6.5, busy: 0.664 } },
];

const results = [];
for (const { ms, local, parsl, lookahead } of peers.flatMap((peer) =>
  [0, 2].map((lookahead) => ({ ...peer, lookahead })),
)) {
  const folder = await mkdtemp(join(tmpdir(), 'cox-bench-'));
  const total = ms === 10 ? 1_000 : 200;
  const settings = { ms, total, lookahead, workers: 2, id: 'naps' };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { lines: all } = await coxRun([join(root, 'bench', 'methods'), ...flags], folder);
  // What still waited at the end was withdrawn, and not run.
  const lines = all.filter(({ success }) => success);
  await rm(folder, { recursive: true });
  const bySlot = group(lines);
  const gaps: number[] = [];
  let busyMs = 0;
  for (const tasks of bySlot.values()) {
    const times = tasks.map(({ times: { computeStarted, computeEnded } }) => ({ computeStarted, computeEnded }));
    times.sort((a, b) => a.computeStarted - b.computeStarted);
    // The first tasks of a slot run while the others still start.
    for (let i = 5; i < times.length; i += 1) {
      const [before, after] = [times[i - 1], times[i]];
      if (before === undefined || after === undefined) continue;
      gaps.push(after.computeStarted - before.computeEnded);
      busyMs += after.computeEnded - after.computeStarted;
    }
  }
  const idleMs = gaps.reduce((sum, gap) => sum + gap, 0);
  results.push({
    taskMs: ms,
    lookahead,
    tasks: lines.length,
    gapP50Ms: quantile(gaps, 0.5),
    gapP95Ms: quantile(gaps, 0.95),
    busy: busyMs / (busyMs + idleMs),
    colmenaLocal: local,
    colmenaParsl: parsl,
  });
}

function group<T extends { worker: { child: number } }>(lines: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const line of lines) groups.set(line.worker.child, [...(groups.get(line.worker.child) ?? []), line]);
  return groups;
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'idle-gap', results }));
} else {
  for (const { taskMs, lookahead, tasks, gapP50Ms, gapP95Ms, busy, colmenaLocal, colmenaParsl } of results) {
    const gap = `${gapP50Ms.toFixed(2)} / ${gapP95Ms.toFixed(2)} ms (p50 / p95)`;
    console.log(
      `${tasks} tasks of ${taskMs} ms on 2 slots, ${lookahead} ahead: idle gap ${gap}, busy ${(100 * busy).toFixed(1)} %`,
    );
    if (lookahead > 0) continue;
    console.log(
      `  Colmena, local pool: ${colmenaLocal.p50} / ${colmenaLocal.p95} ms, busy ${(100 * colmenaLocal.busy).toFixed(1)} %`,
    );
    console.log(
      `  Colmena, Parsl HTEX: ${colmenaParsl.p50} / ${colmenaParsl.p95} ms, busy ${(100 * colmenaParsl.busy).toFixed(1)} %`,
    );
  }
}
