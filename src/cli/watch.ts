/** `cox watch`: what happens in a campaign, a line an event, as it happens. */
import { Command } from 'commander';
import { composePlans } from '../campaign/composition.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { endOfLog, followFacts } from '../campaign/facts.ts';
import { loadCampaign } from '../campaign/load.ts';
import { inspectCampaign, inspectionPort } from '../inspection/campaign-inspection.ts';
import type { InspectionServer } from '../inspection/inspection-server.ts';
import { readStored, type ReadFrom } from '../nats/log-reader.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import { folderFor } from './campaign-folder.ts';
import { eventFilter, momentOf, type EventFlags } from './event-filter.ts';
import { eventLine } from './event-text.ts';
import { Interruption } from './interruption.ts';
import { printable } from './printable.ts';
import { openStoredCampaign, type StoredCampaign } from './stored-campaign.ts';

interface WatchFlags extends EventFlags {
  readonly nats?: string;
  readonly out: string;
  readonly from?: string;
  readonly since?: string;
  readonly json?: boolean;
  readonly inspect?: string | boolean;
  readonly folder?: string;
}

export function watchCommand(): Command {
  return new Command('watch')
    .description('what happens in a campaign, a line an event, until it has ended')
    .argument('<id>', 'the campaign, or a run of this folder')
    .option(
      '--from <place>',
      'start: everything from the first event on; or the sequence of an event (default: from now on)',
    )
    .option('--since <time>', 'everything of the last 90s, 10m, 2h or 1d, or since a time such as 2026-01-31T12:00Z')
    .option('--source <names>', 'only what these say: actors, worker, host, operator; several with commas', several)
    .option('--type <types>', 'only such events: result.recorded, or task.* for all that begin so', several)
    .option('--task <id>', 'only what is about this task; from its first event on')
    .option('--grep <text>', 'only events that hold this text, as --json shows them: a SMILES, a host, an error')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--json', 'print each event as one JSON value')
    .option('--inspect [port]', "show the actors in Stately's inspector, until Ctrl-C: prints a link")
    .option('--folder <dir>', "with --inspect: the campaign's folder here (default: where it was started from)")
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox watch batched-20260101-120000 --nats nats://head:4222 --from start\n' +
        '  $ cox watch batched-20260101-120000 --since 10m --source resource-ledger,allocator\n' +
        '  $ cox watch batched-20260101-120000 --task simulate-17\n' +
        '  $ cox watch batched-20260101-120000 --inspect\n' +
        '\nExit codes: 0 when the campaign has ended or is not under way, 130 when it was interrupted.',
    )
    .action(async (id: string, flags: WatchFlags) => {
      process.exitCode = await watch(id, flags);
    });
}

/** A list with commas; the flag may be given again. */
const several = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text.split(',').map((name) => name.trim()),
];

async function watch(id: string, flags: WatchFlags): Promise<number> {
  const place = placeOf(flags);
  const fits = eventFilter(flags);
  const port = inspectionPort(flags.inspect);
  const interruption = new Interruption();
  try {
    const { nats, out } = flags;
    const campaign = await openStoredCampaign(id, { nats, out, command: 'watch' });
    const isStyled = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
    const lineOf = (fact: StoredFact): string =>
      flags.json === true ? printable(JSON.stringify(fact)) : eventLine(fact, isStyled);
    let inspection: InspectionServer | null = null;
    try {
      inspection = port === null ? null : await inspect(campaign, port, flags.folder);
      const isInspected = inspection !== null;
      return await Promise.race([
        show(campaign, place, (fact) => (fits(fact) ? lineOf(fact) : null)).then(() =>
          isInspected ? interruption.second.then(() => exitCodes.done) : exitCodes.done,
        ),
        interruption.second.then(() => exitCodes.interrupted),
        // Whoever reads our lines has seen enough.
        new Promise<number>((resolve) => process.stdout.on('error', () => resolve(exitCodes.done))),
      ]);
    } finally {
      await inspection?.close();
      await campaign.close();
    }
  } finally {
    interruption.close();
  }
}

/** Serve the actors to Stately's tools, and say where. */
async function inspect(
  { connection, record }: StoredCampaign,
  port: number,
  folder: string | undefined,
): Promise<InspectionServer> {
  const definition = (await loadCampaign(folderFor(record, folder))) as CampaignDefinition;
  const warn = (message: string): void => void process.stderr.write(`${printable(message)}\n`);
  const server = await inspectCampaign(connection, record.id, composePlans(definition, record), { port, warn });
  process.stderr.write(`inspector: ${server.link}\n`);
  return server;
}

/** Print events from a place on (null: from now on), until the campaign has ended; of one that is not under way, what there is. */
async function show(
  campaign: StoredCampaign,
  place: ReadFrom | null,
  lineOf: (fact: StoredFact) => string | null,
): Promise<void> {
  const { connection, isLive } = campaign;
  const { id } = campaign.record;
  const end = await endOfLog(connection, id);
  const hadEnded = await hasEnded(campaign);
  const isOver = hadEnded || !isLive;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const reader = await followFacts(connection, id, {
    from: place ?? end + 1,
    onFact: (fact) => {
      const line = lineOf(fact);
      if (line !== null) process.stdout.write(`${line}\n`);
      if (fact.source === 'campaign' && fact.event.type === 'campaign.ended' && !hadEnded) finish();
    },
    onOther: (sequence, message) =>
      void process.stderr.write(`message ${sequence} is no event: ${printable(message)}\n`),
  });
  const hint = place === null ? '; what happened is shown by --from start' : '';
  if (hadEnded) process.stderr.write(`campaign ${id} has ended${hint}\n`);
  else if (isOver)
    process.stderr.write(`run ${id} is not under way${hint}; go on with it by: cox run --resume ${id}\n`);
  await (isOver ? reader.caughtUp : finished);
  await reader.close();
}

async function hasEnded({ connection, record: { id } }: StoredCampaign): Promise<boolean> {
  const filters = [subjects.log(id, 'campaign', 'campaign.ended')];
  return (await readStored(connection, { stream: streams.log(id), filters, from: 1, onMessage: () => undefined })) > 0;
}

/** @throws ConfigError when it is no place of a log. */
function placeOf({ from, since, task }: WatchFlags): ReadFrom | null {
  if (from !== undefined && since !== undefined)
    throw new ConfigError('--from and --since both say where to begin: give one');
  if (since !== undefined) return { time: momentOf('--since', since, Date.now()) };
  if (from === undefined) return task === undefined ? null : 1;
  const place = from === 'start' ? 1 : Number(from);
  if (Number.isSafeInteger(place) && place > 0) return place;
  throw new ConfigError(`--from: "${from}" is no place of a log; say start, or the sequence of an event`);
}
