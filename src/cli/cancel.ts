/** `cox cancel`: one task of a campaign ended, whether it waits, runs or is being tried again. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Command } from 'commander';
import { findCampaign } from '../campaign/creation.ts';
import { sayAsOperator, thisPerson } from '../campaign/operator.ts';
import { markCancelled } from '../nats/cancellations.ts';
import { readLog, readStored } from '../nats/log-reader.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { ConfigError } from '../protocol/errors.ts';
import { eventSchemas } from '../protocol/events.ts';
import { decode, factSchema } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import type { TaskResult } from '../protocol/task.ts';
import { resultId } from '../worker/result-index.ts';
import { connectToCampaign } from './campaign-connection.ts';
import { printable } from './printable.ts';

interface CancelFlags {
  readonly campaign: string;
  readonly nats?: string;
  readonly out: string;
  readonly reason: string;
}

/** How long a task that is told to end is waited for, ms. */
const patienceMs = 4_000;

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
        process.stdout.write(`${printable(task)} ${await cancel(connection, id, task, reason)}\n`);
      } finally {
        await connection.close();
      }
    });
}

/** End a task; resolves with what came of it, in words. @throws ConfigError when the campaign has no such task. */
async function cancel(connection: NatsConnection, campaign: string, task: string, reason: string): Promise<string> {
  const end = await watchEnd(connection, campaign, task);
  try {
    if (end.sequence !== null) {
      return `had finished before: ${wordOf(await resultAt(connection, campaign, end.sequence))}`;
    }
    if (!(await isCreated(connection, campaign, task))) {
      throw new ConfigError(`campaign ${campaign} has no task ${printable(task)}; ids are as in results.jsonl`, {
        code: 'task.unknown',
      });
    }
    const publisher = new StoredPublisher(connection);
    await sayAsOperator(publisher, campaign, { type: 'cancel.requested', task, reason }).finally(() =>
      publisher.close(),
    );
    const began = performance.now();
    await markCancelled(connection, { campaign, task, by: thisPerson(), reason, at: Date.now() });
    const sequence = await end.within(patienceMs);
    if (sequence === null) return 'is queued: it ends when a worker takes it';
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    return `ended after ${seconds} s: ${wordOf(await resultAt(connection, campaign, sequence))}`;
  } finally {
    await end.close();
  }
}

interface End {
  /** Where the task's result is in the log, if it is there already. */
  readonly sequence: number | null;
  /** The same, once it comes; null when it does not within so long. */
  within(ms: number): Promise<number | null>;
  close(): Promise<void>;
}

/** Look out for a task's result by its id: results may be large, and there may be many. */
async function watchEnd(connection: NatsConnection, campaign: string, task: string): Promise<End> {
  const id = resultId(campaign, task);
  let sequence: number | null = null;
  let tell: () => void = () => undefined;
  const came = new Promise<void>((resolve) => (tell = resolve));
  const reader = await readLog(connection, {
    stream: streams.log(campaign),
    filters: [subjects.log(campaign, 'worker', 'task.finished')],
    from: 1,
    headersOnly: true,
    onMessage: (message) => {
      if (message.id !== id) return;
      sequence ??= message.sequence;
      tell();
    },
  });
  await reader.caughtUp;
  return {
    sequence,
    within: async (ms) => {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([came, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
      clearTimeout(timer);
      return sequence;
    },
    close: () => reader.close(),
  };
}

async function isCreated(connection: NatsConnection, campaign: string, task: string): Promise<boolean> {
  let found = false;
  await readStored(connection, {
    stream: streams.log(campaign),
    filters: [subjects.log(campaign, '*', 'task.created')],
    from: 1,
    onMessage: ({ subject, data }) => {
      const { event } = decode(factSchema, data, subject);
      const { id } = (event['task'] ?? {}) as { id?: unknown };
      found ||= id === task;
    },
  });
  return found;
}

async function resultAt(connection: NatsConnection, campaign: string, sequence: number): Promise<TaskResult> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const message = await manager.streams.getMessage(streams.log(campaign), { seq: sequence });
  const where = `${campaign} (${sequence})`;
  const fact = decode(factSchema, message?.data ?? new Uint8Array(), where);
  return eventSchemas.worker.parse(fact.event).result;
}

function wordOf({ failure }: TaskResult): string {
  if (failure === null) return 'succeeded';
  return printable(failure.code === 'task.cancelled' ? failure.message : `failed with ${failure.code}`);
}
