/** `cox run`: a campaign here, from setup to summary. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { readRunRecord, refuseExistingRun } from '../campaign/run-folder.ts';
import { parseSettings, refuseContradictions, settingFlags } from '../campaign/settings.ts';
import { inspectionPort } from '../inspection/campaign-inspection.ts';
import { natsAddress } from '../nats/connection.ts';
import { ConfigError } from '../protocol/errors.ts';
import { runCampaign } from './campaign-run.ts';
import { addSettingFlags, folderOf, newId } from './campaign-flags.ts';

interface RunFlags extends Record<string, string | boolean | undefined> {
  workers?: string;
  id?: string;
  resume?: string;
  nats?: string;
  metrics?: string;
  out: string;
  dashboard?: boolean;
  inspect?: string | boolean;
  json?: boolean;
  quiet?: boolean;
}

/** The command with the flags of the campaign that it is called for. */
export async function runCommand(argv: readonly string[]): Promise<Command> {
  // Its port may be left out.
  const isBare = !/^\d+$/.test(argv[argv.indexOf('--inspect') + 1] ?? '');
  const folder = folderOf(argv, ['--json', '--quiet', '--no-dashboard', ...(isBare ? ['--inspect'] : [])]);
  const definition = (await loadCampaign(folder)) as CampaignDefinition;
  const command = new Command('run')
    .description('run a campaign here: everything that it needs is started on this machine')
    .argument('[folder]', 'campaign folder (default: molecular-design)')
    .option('--workers <n>', `simulations at a time, one core each (default: ${defaultWorkers()})`)
    .option('--id <id>', 'name of the run (default: from the policy and the time)')
    .option('--resume <id>', 'go on with a run that was stopped')
    .option('--nats <url>', 'use this NATS server (default: a private one); credentials from COX_NATS_TOKEN')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--metrics <[host:]port>', 'serve Prometheus metrics there, and those of the worker at the next port')
    .option('--no-dashboard', 'offer no page that shows the run in a browser')
    .option('--inspect [port]', "show the actors in Stately's inspector: prints a link")
    .option('--json', 'print the summary as one JSON value, and nothing else')
    .option('--quiet', 'print only the summary');
  return addSettingFlags(command, definition)
    .addHelpText(
      'after',
      '\nExamples:\n  $ cox run --total 32 --workers 2\n  $ cox run --policy random --seed 7\n  $ cox run --space my-molecules.csv' +
        '\n  $ cox run --resume batched-20260101-120000',
    )
    .action((named: string | undefined, flags: RunFlags) => {
      // A yes-or-no setting of the campaign's own was taken for one with a value.
      if (named !== undefined && named !== folder)
        throw new ConfigError(`name the campaign folder first: cox run ${named}`);
      return run(folder, definition, flags);
    });
}

async function run(folder: string, definition: CampaignDefinition, flags: RunFlags): Promise<void> {
  const { out } = flags;
  const slots = workersOf(flags.workers);
  const typed = Object.fromEntries(settingFlags(definition).map(({ name }) => [name, flags[name]]));
  const typedNames = Object.keys(typed).filter((name) => typed[name] !== undefined);
  if (flags.resume !== undefined && flags.id !== undefined) {
    throw new ConfigError('--id names a new run and --resume an old one: give one of them');
  }
  let id = flags.resume ?? flags.id;
  let settings = parseSettings(definition, typed);
  let resumed = null;
  if (flags.resume !== undefined) {
    resumed = await readRunRecord(out, flags.resume);
    if (resumed.campaign !== definition.name) {
      throw new ConfigError(
        `run ${resumed.id} is of campaign ${resumed.campaign}; name its folder: cox run ${resumed.folder} --resume ${resumed.id}`,
      );
    }
    const whole = { ...stringsOf(resumed.settings), ...typed };
    for (const name of typedNames) whole[name] = typed[name];
    refuseContradictions(resumed.id, resumed.settings, parseSettings(definition, whole), typedNames);
    settings = definition.settings.parse(resumed.settings);
  }
  id ??= newId(settings.policy);
  if (resumed === null) await refuseExistingRun(out, id);
  if (flags.nats !== undefined) natsAddress(flags.nats);
  process.exitCode = await runCampaign({
    folder,
    definition,
    settings,
    id,
    resumed,
    out,
    slots,
    nats: flags.nats ?? resumed?.server ?? null,
    metrics: flags.metrics ?? null,
    dashboard: flags.dashboard !== false,
    inspect: inspectionPort(flags.inspect),
    output: flags.json === true ? 'json' : flags.quiet === true ? 'quiet' : 'full',
  });
}

const defaultWorkers = (): number => Math.min(4, availableParallelism());

function workersOf(text: string | undefined): number {
  const workers = text === undefined ? defaultWorkers() : Number(text);
  if (!Number.isInteger(workers) || workers < 1 || workers > 1_024) {
    throw new ConfigError(`--workers: "${text ?? ''}" is no number of workers; it takes 1 to 1024`);
  }
  return workers;
}

const stringsOf = (settings: Readonly<Record<string, unknown>>): Record<string, string | boolean | undefined> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]),
  );
