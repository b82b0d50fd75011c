/** How long does the reference campaign take (64 molecules of the whole space, xTB for real), and how busy are its slots? */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coxRun } from './cox-process.ts';

/** Colmena 0.7.2 over Redis and Parsl on the same two cores and 7,801 candidates; it leaves out what starts before. */
const colmena = { random: { seconds: 28.3, busy: 0.74 }, batched: { seconds: 30.6, busy: 0.485 } };

const results = [];
for (const policy of ['batched', 'random'] as const) {
  const folder = await mkdtemp(join(tmpdir(), 'cox-bench-'));
  const { summary } = await coxRun(['--policy', policy, '--workers', '2', '--id', policy], folder);
  await rm(folder, { recursive: true });
  results.push({
    policy,
    wallSeconds: summary.wallSeconds,
    simulating: summary.slots.simulating,
    busy: summary.slots.busy,
    found: summary.found.count,
    simulations: summary.simulations,
    updates: summary.updates,
    colmena: colmena[policy],
  });
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'campaign', results }));
} else {
  for (const { policy, wallSeconds, simulating, found, simulations, updates, colmena: peer } of results) {
    const each = updates.meanSeconds === null ? '' : `, ${updates.done} updates of ${updates.meanSeconds.toFixed(2)} s`;
    console.log(
      `${policy}: ${simulations.succeeded} molecules in ${wallSeconds.toFixed(1)} s, slots simulating ${(100 * simulating).toFixed(0)} %` +
        `, ${found} found${each} (Colmena: ${peer.seconds} s, ${(100 * peer.busy).toFixed(0)} %)`,
    );
  }
}
