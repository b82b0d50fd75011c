/** `cox start`: a campaign on a NATS server, whose actors and workers live anywhere. */
import { join } from 'node:path';
import { Command } from 'commander';
import { createCampaign } from '../campaign/creation.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { sayAsOperator } from '../campaign/operator.ts';
import { parseSettings, settingFlags } from '../campaign/settings.ts';
import { tokenSchema } from '../protocol/task.ts';
import { connectNats, natsAddress } from '../nats/connection.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { ConfigError } from '../protocol/errors.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { serverUrl } from './campaign-connection.ts';
import { addSettingFlags, folderOf, newId } from './campaign-flags.ts';
import { newRecord } from './run-record.ts';

interface StartFlags extends Record<string, string | boolean | undefined> {
  readonly id?: string;
  readonly nats?: string;
}

/** The command with the flags of the campaign that it is called for. */
export async function startCommand(argv: readonly string[]): Promise<Command> {
  const folder = folderOf(argv, []);
  const definition = (await loadCampaign(folder)) as CampaignDefinition;
  const command = new Command('start')
    .description('start a campaign on a NATS server; actors and workers join it from anywhere')
    .argument('[folder]', 'campaign folder (default: molecular-design)')
    .option('--nats <url>', 'the NATS server (default: $COX_NATS_URL); credentials from COX_NATS_TOKEN and its like')
    .option('--id <id>', 'name of the campaign (default: from the policy and the time)');
  return addSettingFlags(command, definition)
    .addHelpText(
      'after',
      '\nPrints the id of the campaign. It goes on while its actors run somewhere and workers are there:\n' +
        '  $ ID=$(cox start campaigns/molecular-design --nats nats://head:4222 --total 256)\n' +
        '  $ cox actor all --campaign $ID --nats nats://head:4222\n' +
        '  $ cox worker campaigns/molecular-design --nats nats://head:4222 --slots 8',
    )
    .action(async (named: string | undefined, flags: StartFlags) => {
      if (named !== undefined && named !== folder)
        throw new ConfigError(`name the campaign folder first: cox start ${named}`);
      await start(folder, definition, flags);
    });
}

async function start(folder: string, definition: CampaignDefinition, flags: StartFlags): Promise<void> {
  const typed = Object.fromEntries(settingFlags(definition).map(({ name }) => [name, flags[name]]));
  const settings = parseSettings(definition, typed);
  const id = flags.id ?? newId(settings.policy);
  if (!tokenSchema.safeParse(id).success) {
    throw new ConfigError(`"${id}" cannot name a campaign: at most 64 letters, digits, "-" and "_"`);
  }
  const url = serverUrl(flags.nats);
  // A server that is not there, or refuses us, is found out before anything is computed.
  const connection = await connectNats(natsAddress(url), { name: `cox start ${id}`, patienceMs: 2_000 });
  try {
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const candidates = await definition.loadCandidates(settings, {
      cacheDir: join(cacheDir(), 'spaces'),
      onProgress: say,
    });
    const record = newRecord({ id, definition, settings, nats: url, folder }, candidates);
    await createCampaign(connection, record, { candidates, cacheDir: cacheDir(), mayBeNew: true });
    const publisher = new StoredPublisher(connection);
    await sayAsOperator(publisher, id, { type: 'run.requested' });
    publisher.close();
    process.stdout.write(`${id}\n`);
    say(
      `${candidates.count.toLocaleString('en')} candidates; it goes on as soon as its actors run: cox actor all --campaign ${id} --nats ${url}`,
    );
  } finally {
    await connection.close();
  }
}
