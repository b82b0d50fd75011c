/** `cox status`: what runs, what ran, and how far it got. */
import { readFile } from 'node:fs/promises';
import type { NatsConnection } from '@nats-io/nats-core';
import { Command } from 'commander';
import { listRuns, readRunRecord, readSummary, runFolder } from '../campaign/run-folder.ts';
import { connectNats, natsAddress, type NatsAddress } from '../nats/connection.ts';
import { openCampaigns } from '../nats/streams.ts';
import { ConfigError } from '../protocol/errors.ts';
import { subjects } from '../protocol/subjects.ts';
import { serverNote } from './private-server.ts';

interface StatusFlags {
  readonly out: string;
  readonly nats?: string;
  readonly json?: boolean;
}

/** One campaign as `cox status` shows it. */
interface CampaignStatus {
  readonly id: string;
  readonly state: string;
  readonly succeeded: number | null;
  readonly failed: number | null;
  readonly total: number | null;
  readonly pools: Readonly<Record<string, { allocated: number; free: number }>> | null;
  /** State of each actor, where they answer. */
  readonly actors: Readonly<Record<string, unknown>>;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('what runs, what ran, and how far it got')
    .argument('[id]', 'one run or campaign (default: all)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--nats <url>', 'campaigns on this NATS server instead; credentials from COX_NATS_TOKEN')
    .option('--json', 'print one JSON value')
    .addHelpText('after', '\nExamples:\n  $ cox status\n  $ cox status batched-20260101-120000 --json')
    .action(async (id: string | undefined, flags: StatusFlags) => {
      const found =
        flags.nats === undefined ? await localRuns(flags.out, id) : await campaignsOn(natsAddress(flags.nats), id);
      if (flags.json === true) process.stdout.write(`${JSON.stringify(id === undefined ? found : found[0])}\n`);
      else process.stdout.write(id === undefined ? table(found) : found.map(details).join(''));
    });
}

async function localRuns(out: string, id: string | undefined): Promise<CampaignStatus[]> {
  const ids = id === undefined ? await listRuns(out) : [id];
  return Promise.all(ids.map((one) => localRun(out, one)));
}

async function localRun(out: string, id: string): Promise<CampaignStatus> {
  const record = await readRunRecord(out, id);
  const total = typeof record.settings['total'] === 'number' ? record.settings['total'] : null;
  const server = await readJson<{ url: string; token: string }>(serverNote(record));
  if (server !== null) {
    try {
      const connection = await connectNats(server, { name: 'cox status', patienceMs: 500 });
      try {
        return await ask(connection, id, total);
      } finally {
        await connection.close();
      }
    } catch {
      // Nobody answers: the note is what a killed run left.
    }
  }
  const summary = await readSummary(runFolder(out, id));
  const { succeeded = null, failed = null } = summary?.simulations ?? {};
  const state = summary?.state ?? `interrupted (cox run --resume ${id})`;
  return { id, state, succeeded, failed, total, pools: null, actors: {} };
}

async function campaignsOn(address: NatsAddress, id: string | undefined): Promise<CampaignStatus[]> {
  const connection = await connectNats(address, { name: 'cox status', patienceMs: 2_000 });
  try {
    const bucket = await openCampaigns(connection);
    const found: CampaignStatus[] = [];
    for await (const key of await bucket.keys()) {
      if (id !== undefined && key !== id) continue;
      const settings = (await bucket.get(key))?.json<{ settings?: { total?: number } }>().settings;
      found.push(await ask(connection, key, settings?.total ?? null));
    }
    if (id !== undefined && found.length === 0) throw new ConfigError(`there is no campaign ${id} on ${address.url}`);
    return found;
  } finally {
    await connection.close();
  }
}

/** Ask the actors of a campaign for their states. */
async function ask(connection: NatsConnection, id: string, total: number | null): Promise<CampaignStatus> {
  const names = [
    'campaign',
    'result-processor',
    'resource-ledger',
    'submitter',
    'trainer',
    'inference-runner',
    'fleet',
  ];
  const answers = await Promise.all(
    names.map(async (actor) => {
      const question = subjects.ask(id, actor, 'status');
      const answer = await connection.request(question, '', { timeout: 1_000 }).catch(() => null);
      return [actor, answer?.json<{ state: unknown; context: Record<string, unknown> }>() ?? null] as const;
    }),
  );
  const actors = new Map(answers);
  const counts = actors.get('result-processor')?.context as { successes?: number; failures?: number } | undefined;
  const books = actors.get('resource-ledger')?.context as { pools?: CampaignStatus['pools'] } | undefined;
  const campaign = actors.get('campaign');
  return {
    id,
    state: campaign === null || campaign === undefined ? 'not running (no actor answers)' : stateText(campaign.state),
    succeeded: counts?.successes ?? null,
    failed: counts?.failures ?? null,
    total,
    pools: books?.pools ?? null,
    actors: Object.fromEntries(answers.flatMap(([actor, answer]) => (answer === null ? [] : [[actor, answer.state]]))),
  };
}

/** A state value as people write it: `draining.toEnd`. */
function stateText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([state, inner]) => `${state}.${stateText(inner)}`)
    .join(' ');
}

const progressOf = ({ succeeded, total }: CampaignStatus): string => `${succeeded ?? '?'}/${total ?? '?'}`;

function table(found: readonly CampaignStatus[]): string {
  if (found.length === 0) return 'no runs here yet; start one with: cox run\n';
  const width = Math.max(...found.map(({ id }) => id.length));
  return found.map((one) => `${one.id.padEnd(width)}  ${progressOf(one).padStart(9)}  ${one.state}\n`).join('');
}

function details(one: CampaignStatus): string {
  const failed = (one.failed ?? 0) > 0 ? `, ${one.failed ?? 0} failed` : '';
  const lines = [`${one.id}: ${one.state}, ${progressOf(one)} successful${failed}`];
  for (const [pool, { allocated, free }] of Object.entries(one.pools ?? {})) {
    lines.push(`  pool ${pool.padEnd(16)} ${allocated} in use, ${free} free`);
  }
  for (const [actor, state] of Object.entries(one.actors)) lines.push(`  ${actor.padEnd(21)} ${stateText(state)}`);
  return `${lines.join('\n')}\n`;
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return null;
  }
}
