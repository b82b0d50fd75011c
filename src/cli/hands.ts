/** `cox pin`, `unpin`, `veto`, `allow`, `move` and `add`: what people do to a campaign by hand, from any host that has its folder. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import type { CampaignDefinition } from '../campaign/definition.ts';
import { refuseOtherMethods } from '../campaign/digest.ts';
import { handsOn } from '../campaign/hands-on.ts';
import { loadCampaign } from '../campaign/load.ts';
import type { SteerRequest } from '../dashboard/api.ts';
import { ConfigError, InputError, messageOf } from '../protocol/errors.ts';
import { connectToCampaign } from './campaign-connection.ts';
import { folderFor } from './campaign-folder.ts';
import { printable } from './printable.ts';

interface HandFlags {
  readonly nats?: string;
  readonly out: string;
  readonly folder?: string;
  readonly reason?: string;
}

const candidateActions = {
  pin: 'simulate a candidate before all others',
  unpin: 'simulate a pinned candidate in its turn',
  veto: 'never choose a candidate; one that runs already runs on',
  allow: 'let a vetoed candidate be chosen again',
} as const;

/** The command that says one of these of a candidate. */
export function candidateCommand(action: keyof typeof candidateActions): Command {
  const command = new Command(action)
    .description(candidateActions[action])
    .argument('<id>', 'the campaign')
    .argument('<candidate>', 'its number, or what people call it: a SMILES');
  return common(command, [`cox ${action} batched-20260101-120000 C1CCNCC1 --reason "a close analogue"`]).action(
    (id: string, candidate: string, flags: HandFlags) => steer(id, flags, { action, candidate }),
  );
}

export function moveCommand(): Command {
  const command = new Command('move')
    .description('move slots from one pool to another, those that compute as they fall free')
    .argument('<id>', 'the campaign')
    .requiredOption('--from <pool>', 'the pool that gives them')
    .requiredOption('--to <pool>', 'the pool that gets them')
    .requiredOption('--slots <n>', 'how many, or all');
  return common(command, ['cox move batched-20260101-120000 --from simulate --to train --slots 2']).action(
    (id: string, { from, to, slots, ...flags }: HandFlags & { from: string; to: string; slots: string }) => {
      const count = slots === 'all' ? slots : Number(slots);
      if (count !== 'all' && !(Number.isSafeInteger(count) && count > 0)) {
        throw new ConfigError(`--slots: "${slots}" is no number of slots; say 1 or more, or all`);
      }
      return steer(id, flags, { action: 'move', from, to, slots: count });
    },
  );
}

export function addCommand(): Command {
  const command = new Command('add')
    .description('add candidates to a campaign: the model ranks them with its next update')
    .argument('<id>', 'the campaign')
    .argument(
      '<file>',
      'a candidate a line, as a SMILES; - for standard input. Empty lines and # comments are passed over',
    );
  return common(command, [
    'cox add batched-20260101-120000 ideas.smi --reason "from the group meeting"',
    'echo "C1CCNCC1" | cox add batched-20260101-120000 -',
  ]).action(async (id: string, file: string, flags: HandFlags) =>
    steer(id, flags, { action: 'add', candidates: await linesOf(file) }),
  );
}

function common(command: Command, examples: readonly string[]): Command {
  return command
    .option('--reason <text>', 'why, for the log')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--folder <dir>', "the campaign's folder on this machine (default: where the campaign was started from)")
    .addHelpText(
      'after',
      `\nExample${examples.length === 1 ? '' : 's'}:\n${examples.map((example) => `  $ ${example}\n`).join('')}` +
        '\nExit codes: 0 done, 2 for what cannot be, and then nothing was changed.',
    );
}

async function steer(id: string, { nats, out, folder, reason }: HandFlags, request: SteerRequest): Promise<void> {
  const connection = await connectToCampaign(id, { nats, out, command: request.action });
  try {
    const record = await findCampaign(connection, id);
    const own = folderFor(record, folder);
    // What another version makes of the lines may not be what the models of this one read.
    if (request.action === 'add') refuseOtherMethods(record, own);
    const definition = (await loadCampaign(own)) as CampaignDefinition;
    const asked = reason === undefined ? request : { ...request, reason };
    const { told } = await handsOn({ connection, record, definition }, asked);
    process.stdout.write(`${printable(told)}\n`);
  } finally {
    await connection.close();
  }
}

/** Lines that say something. @throws InputError when the file cannot be read, or there are none. */
async function linesOf(file: string): Promise<string[]> {
  let whole: string;
  try {
    whole = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new InputError(`${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const lines = whole.split('\n').map((line) => line.trim());
  const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (found.length > 0) return found;
  throw new InputError(`${file === '-' ? 'standard input' : file} holds no candidate; it takes a SMILES a line`);
}
