/** `cox watch`: what happens in a campaign, a line an event, as it happens. */
import type { NatsConnection } from '@nats-io/nats-core';
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import { endOfLog, followFacts } from '../campaign/facts.ts';
import { readStored } from '../nats/log-reader.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import { connectToCampaign } from './campaign-connection.ts';
import { eventLine } from './event-text.ts';
import { Interruption } from './interruption.ts';
import { printable } from './printable.ts';

interface WatchFlags {
  readonly nats?: string;
  readonly out: string;
  readonly from?: string;
  readonly json?: boolean;
}

export function watchCommand(): Command {
  return new Command('watch')
    .description('what happens in a campaign, a line an event, until it has ended')
    .argument('<id>', 'the campaign, or a run of this folder')
    .option(
      '--from <place>',
      'start: everything from the first event on; or the sequence of an event (default: from now on)',
    )
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--json', 'print each event as one JSON value')
    .addHelpText(
      'after',
      '\nExample:\n  $ cox watch batched-20260101-120000 --nats nats://head:4222 --from start\n' +
        '\nExit codes: 0 when the campaign has ended, 130 when it was interrupted.',
    )
    .action(async (id: string, flags: WatchFlags) => {
      process.exitCode = await watch(id, flags);
    });
}

async function watch(id: string, { nats, out, from, json }: WatchFlags): Promise<number> {
  const place = placeOf(from);
  const connection = await connectToCampaign(id, { nats, out, command: 'watch' });
  const interruption = new Interruption();
  try {
    await findCampaign(connection, id);
    const isStyled = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
    const lineOf = (fact: StoredFact): string =>
      json === true ? printable(JSON.stringify(fact)) : eventLine(fact, isStyled);
    return await Promise.race([
      show(connection, id, place, lineOf).then(() => exitCodes.done),
      interruption.second.then(() => exitCodes.interrupted),
      // Whoever reads our lines has seen enough.
      new Promise<number>((resolve) => process.stdout.on('error', () => resolve(exitCodes.done))),
    ]);
  } finally {
    interruption.close();
    await connection.close();
  }
}

/** Print events from a place on (null: from now on), until the campaign has ended. */
async function show(
  connection: NatsConnection,
  id: string,
  place: number | null,
  lineOf: (fact: StoredFact) => string,
): Promise<void> {
  const end = await endOfLog(connection, id);
  const hadEnded = await hasEnded(connection, id);
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const reader = await followFacts(connection, id, {
    from: place ?? end + 1,
    onFact: (fact) => {
      process.stdout.write(`${lineOf(fact)}\n`);
      if (fact.source === 'campaign' && fact.event.type === 'campaign.ended' && !hadEnded) finish();
    },
    onOther: (sequence, message) =>
      void process.stderr.write(`message ${sequence} is no event: ${printable(message)}\n`),
  });
  if (hadEnded) process.stderr.write(`campaign ${id} has ended\n`);
  await (hadEnded ? reader.caughtUp : finished);
  await reader.close();
}

async function hasEnded(connection: NatsConnection, id: string): Promise<boolean> {
  const filters = [subjects.log(id, 'campaign', 'campaign.ended')];
  return (await readStored(connection, { stream: streams.log(id), filters, from: 1, onMessage: () => undefined })) > 0;
}

/** @throws ConfigError when it is no place of a log. */
function placeOf(from: string | undefined): number | null {
  if (from === undefined) return null;
  const place = from === 'start' ? 1 : Number(from);
  if (Number.isSafeInteger(place) && place > 0) return place;
  throw new ConfigError(`--from: "${from}" is no place of a log; say start, or the sequence of an event`);
}
