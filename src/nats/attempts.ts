/** What was tried at a task and did not end it, known to every worker: in the bucket `cox-attempts`, by task. */
import { z } from 'zod';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { ProtocolError, TransportError } from '../protocol/errors.ts';
import { decode } from '../protocol/fact.ts';
import { buckets, taskKey } from '../protocol/subjects.ts';
import { attemptSchema, protocolVersion, type Attempt } from '../protocol/task.ts';
import { openTaskNotes } from './streams.ts';

/** Which task: its id in its campaign, or in the session of a task client. */
export interface TaskName {
  readonly campaign: string;
  readonly task: string;
}

const noteSchema = z.object({ v: z.literal(protocolVersion), attempts: z.array(attemptSchema) });
const opened = new WeakMap<NatsConnection, Promise<KV>>();
const mostCollisions = 20;

/** What was tried at a task so far, oldest first. */
export async function attemptsAt(connection: NatsConnection, name: TaskName): Promise<Attempt[]> {
  return (await read(connection, name)).attempts;
}

/**
 * Note an attempt, once: a worker dies only once with a task, whoever tells of it.
 * @returns every attempt at this task so far, this one included.
 * @throws TransportError when others write all the time, and what the server answers when it cannot store it.
 */
export async function recordAttempt(connection: NatsConnection, name: TaskName, attempt: Attempt): Promise<Attempt[]> {
  const key = taskKey(name.campaign, name.task);
  for (let turn = 1; ; turn++) {
    const { bucket, revision, attempts } = await read(connection, name);
    if (attempts.some((known) => isSame(known, attempt))) return attempts;
    const all = [...attempts, attempt];
    const note = JSON.stringify({ v: protocolVersion, attempts: all });
    try {
      if (revision === 0) await bucket.create(key, note);
      else await bucket.update(key, note, revision);
      return all;
    } catch (cause) {
      // Somebody wrote meanwhile, or the answer to our own write was lost: what is there now tells.
      if (turn < mostCollisions && isCollision(cause)) continue;
      throw new TransportError(`an attempt at ${name.campaign}/${name.task} could not be noted`, { cause });
    }
  }
}

async function read(
  connection: NatsConnection,
  { campaign, task }: TaskName,
): Promise<{ bucket: KV; revision: number; attempts: Attempt[] }> {
  const key = taskKey(campaign, task);
  const bucket = await open(connection);
  try {
    const entry = await bucket.get(key);
    if (entry?.operation !== 'PUT') return { bucket, revision: entry?.revision ?? 0, attempts: [] };
    return { bucket, revision: entry.revision, attempts: attemptsIn(entry.value, `${buckets.attempts} ${key}`) };
  } catch (error) {
    // The server may have come back without its store: the bucket is made again next time.
    opened.delete(connection);
    throw error;
  }
}

/** What a note says. One that cannot be read tells of no attempt, and the next one that is noted takes its place. */
function attemptsIn(note: Uint8Array, where: string): Attempt[] {
  try {
    return decode(noteSchema, note, where).attempts;
  } catch (error) {
    if (error instanceof ProtocolError) return [];
    throw error;
  }
}

function open(connection: NatsConnection): Promise<KV> {
  let bucket = opened.get(connection);
  if (bucket === undefined) {
    bucket = openTaskNotes(connection, 'attempts');
    opened.set(connection, bucket);
    bucket.catch(() => opened.delete(connection));
  }
  return bucket;
}

function isSame(known: Attempt, { worker, code, at }: Attempt): boolean {
  return known.worker === worker && known.code === code && (code === 'worker.died-with' || known.at === at);
}

function isCollision(error: unknown): boolean {
  return error instanceof Error && /wrong last sequence|timeout/i.test(error.message);
}
