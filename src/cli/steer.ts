/** `cox pause`, `cox resume` and `cox stop`: what people ask of a campaign, from any host. */
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import { sayAsOperator } from '../campaign/operator.ts';
import { readLog } from '../nats/log-reader.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import type { Says } from '../protocol/events.ts';
import { parseLogSubject, streams, subjects } from '../protocol/subjects.ts';
import { connectToCampaign } from './campaign-connection.ts';

interface SteerFlags {
  readonly nats?: string;
  readonly out: string;
  readonly reason?: string;
  readonly wait?: boolean;
}

interface Wish {
  readonly description: string;
  readonly event: (reason: string | undefined) => Says<'operator'>;
  /** What the campaign says once it has heard, as people read it, and once it is done. */
  readonly heard: Readonly<Record<string, string>>;
  readonly done: readonly string[];
}

const wishes: Readonly<Record<'pause' | 'resume' | 'stop', Wish>> = {
  pause: {
    description: 'submit nothing more; what runs may finish',
    event: (reason = 'paused by hand') => ({ type: 'drain.requested', reason }),
    heard: { 'drain.started': 'is draining', 'campaign.paused': 'is paused', 'campaign.ended': 'has ended' },
    done: ['campaign.paused', 'campaign.ended'],
  },
  resume: {
    description: 'go on with a campaign that is paused',
    event: () => ({ type: 'run.requested' }),
    heard: { 'campaign.resumed': 'goes on', 'campaign.started': 'goes on', 'campaign.ended': 'has ended' },
    done: ['campaign.resumed', 'campaign.started', 'campaign.ended'],
  },
  stop: {
    description: 'end a campaign for good; what runs may finish',
    event: (reason = 'stopped by hand') => ({ type: 'stop.requested', reason }),
    heard: { 'drain.started': 'is draining, then it ends', 'campaign.ended': 'has ended' },
    done: ['campaign.ended'],
  },
};

/** The command that says one of these to a campaign. */
export function steerCommand(name: keyof typeof wishes): Command {
  const wish = wishes[name];
  const command = new Command(name)
    .description(wish.description)
    .argument('<id>', 'the campaign')
    .option('--nats <url>', 'its NATS server (default: that of the run in this folder, else $COX_NATS_URL)')
    .option('--out <dir>', 'folder that holds the runs', 'runs');
  if (name !== 'resume') command.option('--reason <text>', 'why, for the log');
  if (name !== 'resume') command.option('--wait', 'wait until nothing runs any more');
  return command
    .addHelpText('after', `\nExample:\n  $ cox ${name} batched-20260101-120000 --nats nats://head:4222`)
    .action((id: string, flags: SteerFlags) => steer(name, id, flags));
}

const answerMs = 3_000;

async function steer(name: keyof typeof wishes, id: string, flags: SteerFlags): Promise<void> {
  const wish = wishes[name];
  const connection = await connectToCampaign(id, { nats: flags.nats, out: flags.out, command: name });
  try {
    await findCampaign(connection, id);
    const publisher = new StoredPublisher(connection);
    const { sequence } = await sayAsOperator(publisher, id, wish.event(flags.reason));
    publisher.close();
    let state = '';
    let hear: (event: string) => void = () => undefined;
    let finish: () => void = () => undefined;
    const heard = new Promise<string>((resolve) => (hear = resolve));
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const reader = await readLog(connection, {
      stream: streams.log(id),
      filters: [subjects.log(id, 'campaign', '>')],
      from: 1,
      headersOnly: true,
      onMessage: ({ subject, sequence: at }) => {
        state = parseLogSubject(subject)?.event ?? '';
        if (at <= sequence && state !== 'campaign.ended') return;
        if (wish.heard[state] !== undefined) hear(state);
        if (wish.done.includes(state)) finish();
      },
    });
    await reader.caughtUp;
    const answer = await Promise.race([heard, after(answerMs)]);
    // One that is paused, or has ended, has nothing to say to being asked for it once more.
    const event = answer ?? (name !== 'resume' && wish.done.includes(state) ? state : null);
    process.stdout.write(`${id} ${event === null ? unheard(name, state) : (wish.heard[event] ?? '')}\n`);
    if (flags.wait === true && (event === null || !wish.done.includes(event))) {
      await finished;
      process.stdout.write(`${id} ${wish.heard[state] ?? ''}\n`);
    }
    await reader.close();
  } finally {
    await connection.close();
  }
}

const unheard = (name: string, state: string): string =>
  state === 'drain.started'
    ? `is draining, and has been told to ${name}: it says what comes of that when it has drained (cox status)`
    : `has been told to ${name}, and says nothing to that: it is in that state already, or its actors run nowhere (cox status)`;

const after = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), ms));
