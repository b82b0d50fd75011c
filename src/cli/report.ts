/** `cox report`: the story of a run as one page that opens anywhere. */
import { basename, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { composePlans } from '../campaign/composition.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { followStory, storyOf } from '../campaign/story-reader.ts';
import { Replay } from '../replay/replay.ts';
import { runReport } from '../report/gather.ts';
import { reportPage } from '../report/run-report.ts';
import { folderFor } from './campaign-folder.ts';
import { newestRun } from './newest-run.ts';
import { openStoredCampaign } from './stored-campaign.ts';
import { writeFiles } from './written-files.ts';

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
  const id = named ?? (await newestRun(runs, 'report'));
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
      await writeFiles(dirname(file), new Map([[basename(file), reportPage(made)]]));
      for (const { files } of made.figures) await writeFiles(join(dirname(file), beside), files);
      process.stdout.write(`${file}\n`);
      process.stderr.write(`wrote ${file}, and its figures as SVG and CSV into ${join(dirname(file), beside)}\n`);
    } finally {
      await reading.close();
    }
  } finally {
    await campaign.close();
  }
}
