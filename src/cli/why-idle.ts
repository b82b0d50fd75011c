/** `cox why-idle`: where the time of the slots went, and why they stood still. */
import { Command } from 'commander';
import { exitCodes } from '../protocol/errors.ts';
import { momentOf } from './event-filter.ts';
import { idleText } from './idle-text.ts';
import { newestRun } from './newest-run.ts';
import { printable } from './printable.ts';
import { writeOut } from './standard-output.ts';
import { askStory, type WhereFlags } from './told-story.ts';

interface WhyIdleFlags extends WhereFlags {
  readonly since?: string;
  readonly json?: boolean;
}

export function whyIdleCommand(): Command {
  return new Command('why-idle')
    .description('where the time of the slots went: what they computed, and why they stood still')
    .argument('[id]', 'the campaign (default: the newest run of this folder)')
    .option('--since <time>', 'only the last 60s, 10m or 2h, or since a time such as 2026-01-31T12:00Z')
    .option('--json', 'print one JSON value')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where it was started from)")
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox why-idle\n  $ cox why-idle batched-20260101-120000 --since 60s --nats nats://head:4222\n' +
        '\nExit codes: 0, or 2 for an unknown campaign.',
    )
    .action(async (id: string | undefined, flags: WhyIdleFlags) => {
      process.exitCode = await whyIdle(id ?? (await newestRun(flags.out, 'why-idle')), flags);
    });
}

async function whyIdle(id: string, flags: WhyIdleFlags): Promise<number> {
  const { since } = flags;
  // What is no time is refused before anything is opened.
  if (since !== undefined) momentOf('--since', since, 0);
  const answer = await askStory(id, { ...flags, command: 'why-idle', hears: true }, ({ told: { story }, campaign }) => {
    const { state, endedAt } = story.overview();
    const isOn = campaign.isLive && (state === 'running' || state === 'draining');
    const now = isOn ? Math.max(Date.now(), story.at) : (endedAt ?? story.at);
    const report = since === undefined ? story.idle(undefined, now) : story.idle(momentOf('--since', since, now), now);
    const slots = isOn ? story.overview(now).slots : [];
    if (flags.json === true) return `${printable(JSON.stringify({ id, ...report, slots }))}\n`;
    return idleText(id, report, slots, now);
  });
  if (answer === null) return exitCodes.interrupted;
  await writeOut([answer]);
  return exitCodes.done;
}
