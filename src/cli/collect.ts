/** `cox collect`: the results of a campaign whose actors live elsewhere, as the files that a run leaves. */
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import {
  createRunFolder,
  readRunRecord,
  runFolder,
  writeRunRecord,
  type RunFolder,
  type RunRecord,
} from '../campaign/run-folder.ts';
import { connectNats, natsAddress } from '../nats/connection.ts';
import { ConfigError } from '../protocol/errors.ts';
import { isAlive } from '../setup/is-alive.ts';
import { serverUrl } from './campaign-connection.ts';
import { folderFor } from './campaign-folder.ts';
import { totalOf } from './campaign-status.ts';
import { Collection } from './collection.ts';
import { Interruption } from './interruption.ts';
import { plainView, quietView, terminalView, type RunView } from './run-view.ts';

interface CollectFlags {
  readonly nats?: string;
  readonly out: string;
  readonly folder?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function collectCommand(): Command {
  return new Command('collect')
    .description('write the results of a campaign whose actors live elsewhere; again: what has come since')
    .argument('<id>', 'the campaign, as cox start printed it')
    .option('--nats <url>', 'its NATS server (default: $COX_NATS_URL); credentials from COX_NATS_TOKEN and its like')
    .option('--out <dir>', 'folder in which <id>/ is written: campaign.json, results.jsonl, summary.json', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where it was started from)")
    .option('--follow', 'go on until the campaign has ended')
    .option('--json', 'print the summary as one JSON value, and nothing else')
    .addHelpText(
      'after',
      '\nExample:\n  $ cox collect batched-20260101-120000 --nats nats://head:4222 --follow\n' +
        '\nExit codes: 0 when all that there is was written, 130 when it was interrupted.',
    )
    .action(async (id: string, flags: CollectFlags) => {
      process.exitCode = await collect(id, flags);
    });
}

async function collect(id: string, flags: CollectFlags): Promise<number> {
  const connection = await connectNats(natsAddress(serverUrl(flags.nats)), { name: `cox collect ${id}` });
  const interruption = new Interruption();
  try {
    const record = await findCampaign(connection, id);
    const definition = (await loadCampaign(folderFor(record, flags.folder))) as CampaignDefinition;
    const folder = await openFolder(flags.out, record);
    const release = await holdFolder(folder);
    try {
      const collection = new Collection(record, definition, folder, viewOf(flags, record));
      const code = await collection.run(connection, flags.follow === true, interruption);
      await collection.finish(flags.json === true);
      return code;
    } finally {
      await release();
    }
  } finally {
    interruption.close();
    await connection.close();
  }
}

/** @throws ConfigError when the folder is another campaign's, or one that `cox run` writes. */
async function openFolder(out: string, record: RunRecord): Promise<RunFolder> {
  const { id } = record;
  const folder = runFolder(out, id);
  if (!(await isThere(join(folder.path, 'campaign.json')))) {
    await createRunFolder(out, id);
    await writeRunRecord(folder, record);
    return folder;
  }
  const before = await readRunRecord(out, id);
  if (before.instance !== record.instance) {
    throw new ConfigError(`${folder.path} holds another run of this name; say --out DIR`, { code: 'run.exists' });
  }
  if (await isThere(folder.log)) {
    throw new ConfigError(`${folder.path} is written by cox run; to collect the same again, say --out DIR`, {
      code: 'run.exists',
    });
  }
  return folder;
}

/** Two that write one file would write everything twice. @throws ConfigError that names the process that writes it. */
async function holdFolder({ path }: RunFolder): Promise<() => Promise<void>> {
  const file = join(path, 'collecting');
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder > 0 && isAlive(holder)) {
      throw new ConfigError(`process ${holder} collects into ${path} already; stop it first, or say --out DIR`, {
        code: 'run.collected',
      });
    }
    await rm(file, { force: true });
  }
}

function viewOf({ follow, json }: CollectFlags, record: RunRecord): RunView {
  if (follow !== true || json === true) return quietView;
  if (process.stdout.isTTY) return terminalView(process.stdout, totalOf(record) ?? 0);
  return plainView((text) => process.stdout.write(text), Date.now() - process.uptime() * 1_000);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
