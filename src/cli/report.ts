/** `cox report`: the story of a run as one page that opens anywhere. */
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { composePlans } from '../campaign/composition.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { makeFolder } from '../campaign/make-folder.ts';
import { listRuns } from '../campaign/run-folder.ts';
import { followStory, storyOf } from '../campaign/story-reader.ts';
import { ConfigError, messageOf, ResourceError } from '../protocol/errors.ts';
import { Replay } from '../replay/replay.ts';
import { runReport } from '../report/gather.ts';
import { reportPage } from '../report/run-report.ts';
import { folderFor } from './campaign-folder.ts';
import { openStoredCampaign } from './stored-campaign.ts';

interface ReportFlags {
  readonly nats?: string;
  readonly runs: string;
  readonly folder?: string;
  readonly out?: string;
}

/** The command. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'write the story of a run as one HTML file: figures, tables, settings, statecharts; of one under way as of now',
    )
    .argument('[id]', 'the campaign, or a run of this folder (default: the newest run)')
    .option(
      '--out <file>',
      'the HTML file (default: report.html in the folder of the run); figures are written beside it',
    )
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--runs <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where it was started from)")
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox report batched-20260101-120000\n  $ cox report far-away --nats nats://head:4222 --out far-away.html',
    )
    .action(report);
}

async function report(named: string | undefined, { nats, runs, folder, out }: ReportFlags): Promise<void> {
  const id = named ?? (await newest(runs));
  const campaign = await openStoredCampaign(id, { nats, out: runs, command: 'report' });
  try {
    const { connection, record } = campaign;
    const definition = (await loadCampaign(folderFor(record, folder))) as CampaignDefinition;
    const file = out ?? (existsSync(join(runs, id)) ? join(runs, id, 'report.html') : `${id}-report.html`);
    const plans = composePlans(definition, record);
    const [story, replay] = [storyOf(record, definition), new Replay(plans)];
    const reading = await followStory(connection, id, story, { told: (fact) => replay.take(fact) });
    try {
      await reading.caughtUp;
      const beside = `${basename(file).replace(/\.html?$/i, '')}-figures`;
      const made = await runReport({
        story,
        record,
        definition,
        plans,
        history: replay.actors(),
        folder: beside,
        now: Date.now(),
      });
      await write(file, reportPage(made));
      for (const { files } of made.figures) {
        for (const [name, text] of files) await write(join(dirname(file), beside, name), text);
      }
      process.stdout.write(`${file}\n`);
      process.stderr.write(`wrote ${file}, and its figures as SVG and CSV into ${join(dirname(file), beside)}\n`);
    } finally {
      await reading.close();
    }
  } finally {
    await campaign.close();
  }
}

async function newest(runs: string): Promise<string> {
  const id = (await listRuns(runs)).at(-1);
  if (id === undefined) throw new ConfigError(`there are no runs in ${runs}; name a campaign, or the folder by --runs`);
  return id;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await writeFile(file, text);
  } catch (cause) {
    throw new ResourceError(`${file} cannot be written: ${messageOf(cause)}; choose another --out`, { cause });
  }
}
