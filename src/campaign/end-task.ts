/** One task of a campaign ended by hand, whether it waits, runs or is being tried again. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { markCancelled } from '../nats/cancellations.ts';
import { readLog, readStored } from '../nats/log-reader.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { ConfigError } from '../protocol/errors.ts';
import { eventSchemas } from '../protocol/events.ts';
import { decode, factSchema } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import type { TaskResult } from '../protocol/task.ts';
import { resultId } from '../worker/result-index.ts';
import { sayAsOperator, thisPerson, type Wisher } from './operator.ts';

interface EndTask extends Wisher {
  readonly campaign: string;
  readonly task: string;
}

/** What came of ending a task, in words, and where the wish, or the result that came before it, is in the log. */
export interface EndedTask {
  readonly sequence: number;
  readonly told: string;
}

/** How long a task that is told to end is waited for, ms. */
const patienceMs = 4_000;

/** End a task; resolves with what came of it. @throws ConfigError when the campaign has no such task. */
export async function endTask(
  connection: NatsConnection,
  { campaign, task, reason = '', by = thisPerson() }: EndTask,
): Promise<EndedTask> {
  const end = await watchEnd(connection, campaign, task);
  try {
    if (end.sequence !== null) {
      const word = wordOf(await resultAt(connection, campaign, end.sequence));
      return { sequence: end.sequence, told: `had finished before: ${word}` };
    }
    if (!(await isCreated(connection, campaign, task))) {
      throw new ConfigError(`campaign ${campaign} has no task ${JSON.stringify(task)}; ids are as in results.jsonl`, {
        code: 'task.unknown',
      });
    }
    const publisher = new StoredPublisher(connection);
    const event = { type: 'cancel.requested' as const, task, reason, by };
    const { sequence: said } = await sayAsOperator(publisher, campaign, event).finally(() => publisher.close());
    const began = performance.now();
    await markCancelled(connection, { campaign, task, by, reason, at: Date.now() });
    const sequence = await end.within(patienceMs);
    if (sequence === null) return { sequence: said, told: 'is queued: it ends when a worker takes it' };
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    return {
      sequence: said,
      told: `ended after ${seconds} s: ${wordOf(await resultAt(connection, campaign, sequence))}`,
    };
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
  return failure.code === 'task.cancelled' ? failure.message : `failed with ${failure.code}`;
}
