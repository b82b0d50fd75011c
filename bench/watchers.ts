/**
 * What does it cost a campaign to be watched? Nobody, one and ten watchers of the dashboard's live stream, in turns within one run,
 * and how long a slot stood idle between two tasks meanwhile: of naps, which leave the cores to whoever watches, and of real
 * simulations, which do not.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { resultLineSchema, type ResultLine } from '../src/campaign/result-line.ts';
import { MethodError } from '../src/protocol/errors.ts';
import { quantile, root } from './cox-process.ts';

const crowds = [0, 1, 10];
const rounds = Number(process.env['ROUNDS'] ?? 4);
const turnMs = 12_000;
/** What comes with the change itself, such as a process that starts and reads the log, is not counted. */
const settleMs = 3_000;

interface Turn {
  readonly watchers: number;
  readonly from: number;
  readonly to: number;
}

const campaigns = [
  { name: 'naps of 100 ms', args: [join(root, 'bench', 'methods'), '--ms', '100', '--total', '100000'] },
  { name: 'molecules', args: ['--policy', 'random', '--total', '10000'] },
];

const results = [];
for (const { name, args } of campaigns) {
  const folder = await mkdtemp(join(tmpdir(), 'cox-bench-'));
  const { turns, lines, heardBytes } = await watchedRun(args, folder);
  await rm(folder, { recursive: true });
  const gaps = gapsOf(lines);
  for (const watchers of crowds) {
    const mine = turns.filter((turn) => turn.watchers === watchers);
    const found = gaps.filter(({ at }) => mine.some(({ from, to }) => at >= from && at < to)).map(({ ms }) => ms);
    results.push({
      campaign: name,
      watchers,
      gaps: found.length,
      gapP50Ms: quantile(found, 0.5),
      gapP95Ms: quantile(found, 0.95),
      kilobytesPerSecond: (heardBytes.get(watchers) ?? 0) / 1_000 / ((rounds * turnMs) / 1_000),
    });
  }
}

/** A run that is watched by turns, and what it has computed. */
async function watchedRun(
  args: readonly string[],
  folder: string,
): Promise<{ turns: Turn[]; lines: ResultLine[]; heardBytes: Map<number, number> }> {
  const cox = join(root, 'bin', 'cox.mjs');
  const child = spawn(process.execPath, [cox, 'run', ...args, '--workers', '2', '--id', 'watched', '--json'], {
    cwd: folder,
    env: { ...process.env, COX_HOME: join(folder, '.cox') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const link = await linkOf(child.stderr, over);
  await firstResult(join(folder, 'runs', 'watched', 'results.jsonl'));
  const turns: Turn[] = [];
  const heardBytes = new Map<number, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (const watchers of round % 2 === 0 ? crowds : crowds.toReversed()) {
      const began = Date.now();
      const stop = watch(link, watchers, (bytes) => heardBytes.set(watchers, (heardBytes.get(watchers) ?? 0) + bytes));
      await pause(turnMs);
      stop();
      turns.push({ watchers, from: began + settleMs, to: Date.now() });
    }
  }
  child.kill('SIGINT');
  await over;
  const lines: ResultLine[] = [];
  for await (const line of createInterface({
    input: createReadStream(join(folder, 'runs', 'watched', 'results.jsonl')),
  })) {
    lines.push(resultLineSchema.parse(JSON.parse(line)));
  }
  return { turns, lines, heardBytes };
}

async function linkOf(stderr: NodeJS.ReadableStream, over: Promise<void>): Promise<URL> {
  let said = '';
  const found = new Promise<URL>((resolve) => {
    stderr.on('data', (data: Buffer) => {
      said += data.toString();
      const link = /dashboard: (\S+)/.exec(said)?.[1];
      if (link !== undefined) resolve(new URL(link));
    });
  });
  const ended = over.then(() => {
    throw new MethodError(`cox run ended before it said where its dashboard is: ${said}`);
  });
  return Promise.race([found, ended]);
}

async function firstResult(path: string): Promise<void> {
  for (;;) {
    const lines = createInterface({ input: createReadStream(path).on('error', () => undefined) });
    try {
      for await (const line of lines) if (line !== '') return;
    } catch {
      // Not there yet.
    }
    await pause(200);
  }
}

/** So many watch until the returned function is called. */
function watch(link: URL, watchers: number, heard: (bytes: number) => void): () => void {
  const ending = new AbortController();
  const headers = { authorization: `Bearer ${link.searchParams.get('token') ?? ''}` };
  const listen = async (): Promise<void> => {
    const { body } = await fetch(new URL('/api/live', link), { headers, signal: ending.signal });
    for await (const chunk of body ?? []) heard((chunk as Uint8Array).length);
  };
  for (let watcher = 0; watcher < watchers; watcher += 1) listen().catch(() => undefined);
  return () => ending.abort();
}

function gapsOf(lines: readonly ResultLine[]): { at: number; ms: number }[] {
  const bySlot = new Map<number, { start: number; end: number }[]>();
  for (const { success, worker, times } of lines) {
    if (!success) continue;
    const tasks = bySlot.get(worker.child) ?? [];
    tasks.push({ start: times.computeStarted, end: times.computeEnded });
    bySlot.set(worker.child, tasks);
  }
  return [...bySlot.values()].flatMap((tasks) => {
    tasks.sort((a, b) => a.start - b.start);
    return tasks.slice(1).map(({ start }, i) => ({ at: start, ms: start - (tasks[i]?.end ?? start) }));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ bench: 'watchers', results }));
} else {
  for (const { campaign, watchers, gaps, gapP50Ms, gapP95Ms, kilobytesPerSecond } of results) {
    const base = results.find((one) => one.campaign === campaign && one.watchers === 0);
    const ratio = gapP50Ms / (base?.gapP50Ms ?? NaN);
    const told = watchers === 0 ? '' : `, told ${kilobytesPerSecond.toFixed(0)} kB/s in all`;
    console.log(
      `${campaign}, ${watchers} watching: idle gap ${gapP50Ms.toFixed(2)} / ${gapP95Ms.toFixed(2)} ms ` +
        `(p50 / p95 of ${gaps}), ${ratio.toFixed(2)} of unwatched${told}`,
    );
  }
}
