/** `cox actor`: host actors of a campaign on this machine, or stand by for them. */
import type { NatsConnection } from '@nats-io/nats-core';
import { Command } from 'commander';
import { readCandidateTable } from '../campaign/candidate-table.ts';
import { composePlans } from '../campaign/composition.ts';
import { findCampaign } from '../campaign/creation.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { refuseOtherMethods } from '../campaign/digest.ts';
import { loadCampaign } from '../campaign/load.ts';
import type { RunRecord } from '../campaign/run-folder.ts';
import { Steering } from '../campaign/steering.ts';
import { connectNats, natsAddress } from '../nats/connection.ts';
import { readLog } from '../nats/log-reader.ts';
import { ObjectCache } from '../nats/objects.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { serverUrl } from './campaign-connection.ts';
import { folderFor } from './campaign-folder.ts';
import { Interruption } from './interruption.ts';
import { metricsFor } from './metrics.ts';
import { printable } from './printable.ts';

interface ActorFlags {
  readonly campaign: string;
  readonly nats?: string;
  readonly folder?: string;
  readonly metrics?: string;
}

export function actorCommand(): Command {
  return new Command('actor')
    .description('host actors of a campaign here; those that another process runs are stood by for')
    .argument('<name...>', 'actors such as resource-ledger and submitter, or all')
    .requiredOption('--campaign <id>', 'the campaign, as cox start printed it')
    .option('--nats <url>', 'the NATS server (default: $COX_NATS_URL); credentials from COX_NATS_TOKEN and its like')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where the campaign was started from)")
    .option('--metrics <[host:]port>', 'serve Prometheus metrics of these actors there (default: none)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox actor all --campaign batched-20260101-120000 --nats nats://head:4222\n' +
        '  $ cox actor resource-ledger submitter --campaign batched-20260101-120000 --nats nats://head:4222\n' +
        '\nThe same again on another host makes standbys. SIGTERM hands the actors over and exits 0; it ends by itself with the campaign.',
    )
    .action(async (names: string[], flags: ActorFlags) => {
      process.exitCode = await hostActors(names, flags);
    });
}

const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 23)}  ${line}\n`);

/** While the server is away nothing can be handed over, and what runs here falls free by itself. */
const handOverMs = 5_000;
const answerMs = 500;

/** Run, or stand by for, actors until the campaign has ended or somebody ends this process; resolves with the exit code. */
async function hostActors(names: readonly string[], flags: ActorFlags): Promise<number> {
  const interruption = new Interruption();
  try {
    // A second signal ends it whatever it waits for: the server may be away.
    return await Promise.race([
      hostUntilEnded(names, flags, interruption),
      interruption.second.then(() => exitCodes.interrupted),
    ]);
  } finally {
    interruption.close();
  }
}

async function hostUntilEnded(
  names: readonly string[],
  flags: ActorFlags,
  interruption: Interruption,
): Promise<number> {
  const { campaign: id } = flags;
  const metrics = await metricsFor(flags.metrics);
  if (metrics !== null) say(`metrics: ${metrics.url}`);
  const connection = await connectNats(natsAddress(serverUrl(flags.nats)), { name: `cox actor ${id}` });
  try {
    const record = await findCampaign(connection, id);
    const folder = folderFor(record, flags.folder);
    refuseOtherMethods(record, folder);
    const definition = (await loadCampaign(folder)) as CampaignDefinition;
    const plans = chosen(composePlans(definition, record), names, id);
    const argumentsOf = await tableOf(connection, record);
    let end: () => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const over = new Promise<void>((resolve, reject) => ([end, fail] = [resolve, reject]));
    // It may fail while the actors are being started, when nobody waits for it yet.
    over.catch(() => undefined);
    const steering = await Steering.start({
      connection,
      record,
      definition,
      plans,
      argumentsOf,
      inspected: (inspection) => metrics?.inspected(inspection),
      fail,
      changed: (running) => say(describe(plans, running)),
      lost: (actor, owner) => say(`${actor} is run by ${owner} now; standing by for it`),
      warn: (message) => say(printable(message)),
    });
    metrics?.follow(connection, id, steering);
    interruption.onFirst(() => {
      say('handing the actors over');
      end();
    });
    const watching = untilEnded(connection, id, () => {
      say(`campaign ${id} has ended`);
      end();
    });
    watching.catch(fail);
    await over;
    await metrics?.close();
    await handOver(connection, [steering.close(), watching.then((watch) => watch.close())]);
    return exitCodes.done;
  } finally {
    await connection.close();
  }
}

/** Everything is given up, so that others go on at once; or, where nobody hears of it, falls free by itself. */
async function handOver(connection: NatsConnection, closing: readonly Promise<void>[]): Promise<void> {
  const isClosed = await inTime(Promise.all(closing), handOverMs);
  if (!isClosed || !(await inTime(connection.flush(), answerMs)))
    say('the NATS server does not answer; what ran here falls free by itself, and nothing is lost');
}

/** Whether this was done, and done within so many ms. */
function inTime(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms));
  return Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    late,
  ]);
}

/** @throws ConfigError that names the actors that there are. */
function chosen(plans: readonly ActorPlan[], names: readonly string[], id: string): readonly ActorPlan[] {
  if (names.includes('all')) return plans;
  const known = plans.map(({ actor }) => actor.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(`campaign ${id} has no actor "${unknown}"; it has ${known.join(', ')}, or say all`);
  }
  return plans.filter(({ actor }) => names.includes(actor.name));
}

async function tableOf(connection: NatsConnection, record: RunRecord): Promise<(candidate: number) => unknown> {
  const { table } = record.candidates;
  if (table === null) {
    throw new ConfigError(`campaign ${record.id} keeps its candidates to itself: it was started without --nats`);
  }
  const bytes = await new ObjectCache(connection, `${cacheDir()}/objects`).read(table);
  return readCandidateTable(bytes);
}

function describe(plans: readonly ActorPlan[], running: readonly string[]): string {
  const names = plans.map(({ actor }) => actor.name);
  const here = names.filter((name) => running.includes(name));
  const others = names.filter((name) => !running.includes(name));
  const standing = others.length === 0 ? '' : `standing by for ${others.join(', ')}`;
  if (here.length === 0) return standing;
  return `running ${here.join(', ')}${standing === '' ? '' : `; ${standing}`}`;
}

/** Tell when the campaign has ended, or had before. */
function untilEnded(connection: NatsConnection, id: string, over: () => void): Promise<{ close(): Promise<void> }> {
  const filters = [subjects.log(id, 'campaign', 'campaign.ended')];
  return readLog(connection, { stream: streams.log(id), filters, from: 1, onMessage: over });
}
