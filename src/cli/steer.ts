/** `cox pause`, `cox resume` and `cox stop`: what people ask of a campaign, from any host. */
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import { wishOfCampaign, type RunWishName } from '../campaign/run-wishes.ts';
import { connectToCampaign } from './campaign-connection.ts';

interface SteerFlags {
  readonly nats?: string;
  readonly out: string;
  readonly reason?: string;
  readonly wait?: boolean;
}

const descriptions: Readonly<Record<RunWishName, string>> = {
  pause: 'submit nothing more; what runs may finish',
  resume: 'go on with a campaign that is paused',
  stop: 'end a campaign for good; what runs may finish',
};

/** The command that says one of these to a campaign. */
export function steerCommand(name: RunWishName): Command {
  const command = new Command(name)
    .description(descriptions[name])
    .argument('<id>', 'the campaign')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs');
  command.option('--reason <text>', 'why, for the log');
  if (name !== 'resume') command.option('--wait', 'wait until nothing runs any more');
  return command
    .addHelpText('after', `\nExample:\n  $ cox ${name} batched-20260101-120000 --nats nats://head:4222`)
    .action((id: string, flags: SteerFlags) => steer(name, id, flags));
}

async function steer(name: RunWishName, id: string, { nats, out, reason, wait }: SteerFlags): Promise<void> {
  const connection = await connectToCampaign(id, { nats, out, command: name });
  try {
    await findCampaign(connection, id);
    const answer = await wishOfCampaign(connection, id, name, reason === undefined ? {} : { reason });
    process.stdout.write(`${id} ${answer.told}\n`);
    if (wait === true && answer.finished !== null) process.stdout.write(`${id} ${await answer.finished}\n`);
    await answer.close();
  } finally {
    await connection.close();
  }
}
