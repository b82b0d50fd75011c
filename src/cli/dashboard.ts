/** `cox dashboard`: a campaign in the browser, running or finished, from any host that reaches its NATS server. */
import { networkInterfaces } from 'node:os';
import { Command } from 'commander';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { loadCampaign } from '../campaign/load.ts';
import { linkTo } from '../dashboard/address.ts';
import { Dashboard } from '../dashboard/dashboard.ts';
import { newKeys } from '../dashboard/keys.ts';
import { ConfigError, exitCodes } from '../protocol/errors.ts';
import { folderFor } from './campaign-folder.ts';
import { Interruption } from './interruption.ts';
import { newestRun } from './newest-run.ts';
import { openStoredCampaign } from './stored-campaign.ts';

interface DashboardFlags {
  readonly nats?: string;
  readonly out: string;
  readonly folder?: string;
  readonly port?: string;
  readonly host: string;
}

export function dashboardCommand(): Command {
  return new Command('dashboard')
    .description('see a campaign in the browser, running or finished')
    .argument('[id]', 'the campaign (default: the newest run of this folder)')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where it was started from)")
    .option('--port <n>', 'port to listen on (default: a free one)')
    .option('--host <name>', 'address to listen on; others than this machine reach it at 0.0.0.0', '127.0.0.1')
    .addHelpText(
      'after',
      '\nPrints two links: whoever has the first may steer, whoever has the second sees the same and changes nothing.\n' +
        'On a machine without a browser, forward the port: ssh -L 8080:127.0.0.1:8080 HOST, with --port 8080 here.\n' +
        '\nExample:\n  $ cox dashboard batched-20260101-120000 --nats nats://head:4222',
    )
    .action(async (id: string | undefined, flags: DashboardFlags) => {
      process.exitCode = await dashboard(id, flags);
    });
}

async function dashboard(named: string | undefined, flags: DashboardFlags): Promise<number> {
  const { nats, out, host } = flags;
  const wanted = portOf(flags.port);
  const id = named ?? (await newestRun(out, 'dashboard'));
  const interruption = new Interruption();
  const campaign = await openStoredCampaign(id, { nats, out, command: 'dashboard' });
  try {
    const { connection, record } = campaign;
    const definition = (await loadCampaign(folderFor(record, flags.folder))) as CampaignDefinition;
    const keys = newKeys();
    const shown = new Dashboard({ connection, record, definition, keys, hosts: [host.toLowerCase()] });
    const port = await shown.listen(wanted, host);
    const name = reachedAs(host);
    process.stdout.write(
      `dashboard of ${id}\n  to steer: ${linkTo(name, port, keys.steer)}\n  to watch: ${linkTo(name, port, keys.watch)}\n`,
    );
    if (!isLoopback(host)) {
      process.stderr.write(
        'everybody who has a link is let in, and it goes over the network unencrypted: use a network that you trust, or forward the port by ssh\n',
      );
    }
    await interruption.second;
    await shown.close(`cox dashboard was ended; open it again with: cox dashboard ${id}`);
    return exitCodes.interrupted;
  } finally {
    interruption.close();
    await campaign.close();
  }
}

/** @throws ConfigError when it is no port. */
function portOf(text: string | undefined): number {
  const port = text === undefined ? 0 : Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new ConfigError(`--port: "${text ?? ''}" is no port; it takes 1 to 65535`);
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** How others reach what listens on this address: on all of them, by the first that is not this machine's own. */
function reachedAs(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
