/** `cox cancel`: one task of a campaign ended, whether it waits, runs or is being tried again. */
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import { endTask } from '../campaign/end-task.ts';
import { connectToCampaign } from './campaign-connection.ts';
import { printable } from './printable.ts';

interface CancelFlags {
  readonly campaign: string;
  readonly nats?: string;
  readonly out: string;
  readonly reason: string;
}

export function cancelCommand(): Command {
  return new Command('cancel')
    .description('end one task of a campaign')
    .argument('<task>', 'its id, as in results.jsonl: simulate-17')
    .requiredOption('--campaign <id>', 'the campaign that it belongs to')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs')
    .option('--reason <text>', 'why, for the log', '')
    .addHelpText(
      'after',
      '\nExample:\n  $ cox cancel simulate-17 --campaign batched-20260101-120000 --nats nats://head:4222\n' +
        '\nExit codes: 0 done, 2 for a campaign or a task that is not known.\n',
    )
    .action(async (task: string, flags: CancelFlags) => {
      const { campaign: id, nats, out, reason } = flags;
      const connection = await connectToCampaign(id, { nats, out, command: 'cancel' });
      try {
        await findCampaign(connection, id);
        const { told } = await endTask(connection, { campaign: id, task, reason });
        process.stdout.write(`${printable(task)} ${printable(told)}\n`);
      } finally {
        await connection.close();
      }
    });
}
