/** `cox status`: what runs, what ran, and how far it got. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import { listRuns, readRunRecord, readSummary, runFolder, type RunRecord } from '../campaign/run-folder.ts';
import { connectNats, natsAddress, type NatsAddress } from '../nats/connection.ts';
import { openCampaigns } from '../nats/streams.ts';
import { ConfigError, CoxswainError, messageOf, TransportError } from '../protocol/errors.ts';
import { livingWorkers } from '../worker/registration.ts';
import { stateText, statusOf, totalOf, type CampaignStatus } from './campaign-status.ts';
import { printable } from './printable.ts';
import { serverNote } from './private-server.ts';

interface StatusFlags {
  readonly out: string;
  readonly nats?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, what ran, and how far it got')
    .argument('[id]', 'one run or campaign (default: all)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--nats <url>', 'only campaigns on this NATS server (default: runs of this folder, and $COX_NATS_URL)')
    .option('--json', 'print one JSON value')
    .addHelpText('after', '\nExamples:\n  $ cox status\n  $ cox status batched-20260101-120000 --json')
    .action(async (id: string | undefined, flags: StatusFlags) => {
      const found = id === undefined ? await all(flags) : [await one(id, flags)];
      if (flags.json === true) process.stdout.write(`${JSON.stringify(id === undefined ? found : found[0])}\n`);
      else
        process.stdout.write(
          id === undefined ? table(found, flags.nats ?? otherServer()) : found.map(details).join(''),
        );
    });
}

/** The server that the environment names, if any. */
function otherServer(): string | null {
  const url = process.env['COX_NATS_URL'];
  return url === undefined || url === '' ? null : url;
}

async function all({ nats, out }: StatusFlags): Promise<CampaignStatus[]> {
  if (nats !== undefined) return campaignsOn(natsAddress(nats));
  const local = await Promise.all((await listRuns(out)).map((id) => localRun(out, id)));
  const url = otherServer();
  if (url === null) return local;
  try {
    const seen = new Set(local.map(({ id }) => id));
    return [...local, ...(await campaignsOn(natsAddress(url))).filter(({ id }) => !seen.has(id))];
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    // What is here is shown all the same.
    process.stderr.write(`cox: ${messageOf(error)}\n`);
    process.exitCode = error.exitCode;
    return local;
  }
}

async function one(id: string, { nats, out }: StatusFlags): Promise<CampaignStatus> {
  const url = nats ?? ((await listRuns(out)).includes(id) ? null : otherServer());
  return url === null ? localRun(out, id) : campaignOn(natsAddress(url), id, 2_000);
}

async function localRun(out: string, id: string): Promise<CampaignStatus> {
  const record = await readRunRecord(out, id);
  const server = record.server === null ? await readNote(record) : natsAddress(record.server);
  if (server !== null) {
    try {
      return await campaignOn(server, id, 500);
    } catch (error) {
      // Nobody answers: the note is what a killed run left; or the server was renewed since.
      if (!(error instanceof CoxswainError)) throw error;
    }
  }
  const summary = await readSummary(runFolder(out, id));
  const { succeeded = null, failed = null } = summary?.simulations ?? {};
  const state = summary?.state ?? `interrupted (cox run --resume ${id})`;
  return { ...unknown, id, state, succeeded, failed, total: totalOf(record) };
}

/** What is not known of a campaign whose server does not answer. */
const unknown = { succeeded: null, failed: null, total: null, pools: null, actors: {}, runBy: {}, workers: [] };

async function campaignOn(address: NatsAddress, id: string, patienceMs: number): Promise<CampaignStatus> {
  const connection = await connectNats(address, { name: 'cox status', patienceMs });
  try {
    return await statusOf(connection, await findCampaign(connection, id), await livingWorkers(connection));
  } finally {
    await connection.close();
  }
}

async function campaignsOn(address: NatsAddress): Promise<CampaignStatus[]> {
  const connection = await connectNats(address, { name: 'cox status', patienceMs: 2_000 });
  try {
    const living = await livingWorkers(connection);
    const ids: string[] = [];
    for await (const id of await (await openCampaigns(connection)).keys()) ids.push(id);
    const found: CampaignStatus[] = [];
    for (const id of ids.sort()) {
      try {
        found.push(await statusOf(connection, await findCampaign(connection, id), living));
      } catch (error) {
        // Started by another version: it is there, and more cannot be said of it.
        if (!(error instanceof ConfigError)) throw error;
        found.push({ ...unknown, id, state: messageOf(error) });
      }
    }
    return found;
  } finally {
    await connection.close();
  }
}

async function readNote(record: RunRecord): Promise<NatsAddress | null> {
  try {
    return JSON.parse(await readFile(serverNote(record), 'utf8')) as NatsAddress;
  } catch {
    return null;
  }
}

const progressOf = ({ succeeded, total }: CampaignStatus): string => `${succeeded ?? '?'}/${total ?? '?'}`;

function table(found: readonly CampaignStatus[], server: string | null): string {
  if (found.length === 0) {
    return server === null
      ? 'no runs here yet; start one with: cox run\n'
      : `no campaigns on ${server} yet; start one with: cox start\n`;
  }
  const width = Math.max(...found.map(({ id }) => id.length));
  return found
    .map((status) => {
      const { id, state, workers } = status;
      return `${id.padEnd(width)}  ${progressOf(status).padStart(9)}  ${printable(state)}${workersText(workers)}\n`;
    })
    .join('');
}

function details(status: CampaignStatus): string {
  const { id, state, failed, pools, actors, runBy, workers } = status;
  const failures = (failed ?? 0) > 0 ? `, ${failed ?? 0} failed` : '';
  const lines = [`${id}: ${printable(state)}, ${progressOf(status)} successful${failures}`];
  for (const [pool, { allocated, free }] of Object.entries(pools ?? {}))
    lines.push(`  pool ${pool.padEnd(16)} ${allocated} in use, ${free} free`);
  for (const [actor, value] of Object.entries(actors)) {
    const text = stateText(value);
    const owner = runBy[actor] ?? null;
    lines.push(`  ${actor.padEnd(21)} ${owner === null ? text : `${text.padEnd(22)} ${printable(owner)}`}`);
  }
  for (const { id: worker, host, pid, slots, draining } of workers) {
    const what = `${slots} slot${slots === 1 ? '' : 's'}, process ${pid} on ${host}${draining ? ', draining' : ''}`;
    lines.push(`  worker ${printable(`${worker.padEnd(14)} ${what}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

function workersText(workers: CampaignStatus['workers']): string {
  if (workers.length === 0) return '';
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const hosts = new Set(workers.map(({ host }) => host)).size;
  return `, ${slots} slot${slots === 1 ? '' : 's'} on ${hosts} host${hosts === 1 ? '' : 's'}`;
}
