/** A campaign's story from its log, and what of a task only the log and the objects have. */
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { NatsConnection } from '@nats-io/nats-core';
import { toStoredFact } from '../nats/campaign-log.ts';
import { readPage } from '../nats/log-pages.ts';
import { readLog, type LogReader, type StoredMessage } from '../nats/log-reader.ts';
import { ObjectCache } from '../nats/objects.ts';
import { CoxswainError, InputError, messageOf } from '../protocol/errors.ts';
import type { Says } from '../protocol/events.ts';
import { decode, type StoredFact } from '../protocol/fact.ts';
import { objectRefSchema } from '../protocol/object-ref.ts';
import { beatSchema } from '../protocol/registration.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import type { Task } from '../protocol/task.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { Story } from '../story/story.ts';
import type { TaskStory } from '../story/views.ts';
import { directionOf, type CampaignDefinition } from './definition.ts';
import type { RunRecord } from './run-folder.ts';
import { storyFact } from './story-fact.ts';

/** A story without facts, for a campaign. @param nextLabel what people call a candidate, where the space is loaded. */
export function storyOf(
  record: Pick<RunRecord, 'settings'>,
  definition: Pick<CampaignDefinition, 'settings' | 'objective'>,
  nextLabel?: (candidate: number) => string | null,
): Story {
  const settings = definition.settings.parse(record.settings);
  return new Story({
    objective: definition.objective,
    threshold: settings.threshold,
    seek: directionOf(settings),
    total: settings.total,
    labelOf: taskLabel,
    ...(nextLabel === undefined ? {} : { nextLabel }),
  });
}

/** What people call what a task is about, without the search space: its SMILES, else its id. */
export function taskLabel({ id, candidate, arguments: given }: Pick<Task, 'id' | 'candidate' | 'arguments'>): string {
  const { smiles } = (given ?? {}) as { smiles?: unknown };
  return candidate !== null && typeof smiles === 'string' ? smiles : id;
}

/**
 * Read a campaign's log into a story, from where the story stands, and follow it until closed. Messages that are no facts of ours are
 * passed over.
 * @param told told of each fact after the story has taken it.
 */
export function followStory(
  connection: NatsConnection,
  campaign: string,
  story: Story,
  {
    told,
    passedOver,
  }: { told?: (fact: StoredFact) => void; passedOver?: (sequence: number, why: string) => void } = {},
): Promise<LogReader> {
  const onMessage = (message: StoredMessage): void => {
    let fact: StoredFact;
    try {
      fact = storyFact(message);
    } catch (error) {
      passedOver?.(message.sequence, messageOf(error));
      return;
    }
    story.take(fact);
    told?.(fact);
  };
  return readLog(connection, {
    stream: streams.log(campaign),
    filters: [subjects.logOf(campaign)],
    from: story.position + 1,
    onMessage,
  });
}

/** A story that is being followed. */
export interface OpenStory {
  readonly story: Story;
  /** Resolves when everything that was stored at the start has been taken. */
  readonly caughtUp: Promise<void>;
  /** Everything about a task by its id or label, its output included; null when there is none. */
  detail(task: string): Promise<TaskStory | null>;
  close(): Promise<void>;
}

/** Follow a campaign's log, and what its workers say of themselves, into a story. */
export async function openStory(
  connection: NatsConnection,
  record: Pick<RunRecord, 'id' | 'settings'>,
  definition: CampaignDefinition,
  nextLabel?: (candidate: number) => string | null,
): Promise<OpenStory> {
  const story = storyOf(record, definition, nextLabel);
  const beats = connection.subscribe(subjects.allBeats, {
    callback: (error, { subject, data }) => {
      if (error === null) hearBeat(story, record.id, subject, data);
    },
  });
  const reader = await followStory(connection, record.id, story);
  return {
    story,
    caughtUp: reader.caughtUp,
    detail: (task) => taskDetail(connection, record.id, story, task),
    close: async () => {
      beats.unsubscribe();
      await reader.close();
    },
  };
}

/**
 * Let a story hear what a worker says of itself, of other campaigns' tasks nothing: those have the same ids. A worker of another version is
 * shown without its load.
 */
export function hearBeat(story: Story, campaign: string, subject: string, data: Uint8Array): void {
  try {
    const beat = decode(beatSchema, data, subject);
    story.hear({ ...beat, held: beat.held.filter((one) => one.campaign === campaign) }, Date.now());
  } catch (error) {
    if (!(error instanceof CoxswainError)) throw error;
  }
}

/** Everything about a task by its id or label, with what is only in the log: arguments, attempts, output; null when there is none. */
export async function taskDetail(
  connection: NatsConnection,
  campaign: string,
  story: Story,
  idOrLabel: string,
): Promise<TaskStory | null> {
  const known = story.task(idOrLabel);
  const places = known === null ? null : story.placesOf(known.task);
  if (known === null || places === null) return null;
  const [created, finished] = await Promise.all([
    factAt(connection, campaign, places.created),
    factAt(connection, campaign, places.finished),
  ]);
  const end = finished?.event as Says<'worker'> | undefined;
  const { arguments: given } = (end?.result.task ?? created?.event['task'] ?? {}) as Partial<Task>;
  if (end === undefined) return { ...known, arguments: given ?? null };
  const { attempts, resources, value } = end.result;
  return {
    ...known,
    arguments: given ?? null,
    attempts: attempts.map(({ at, host, code, message }) => ({ at, host, code, message })),
    resources,
    output: value ?? null,
  };
}

async function factAt(connection: NatsConnection, campaign: string, at: number | null): Promise<StoredFact | null> {
  if (at === null) return null;
  const [message] = await readPage(connection, streams.log(campaign), { from: at, count: 1 });
  return message?.sequence === at ? toStoredFact(message) : null;
}

/** No text that people read is larger unpacked, bytes. */
const mostUnpacked = 16 * 1024 * 1024;

/** The names of the texts that a task's output keeps as objects, such as `xtbOutput`. */
export const artifactsOf = ({ output }: Pick<TaskStory, 'output'>): string[] =>
  typeof output !== 'object' || output === null
    ? []
    : Object.entries(output)
        .filter(([, value]) => objectRefSchema.safeParse(value).success)
        .map(([name]) => name);

/**
 * A text that a task's output keeps as a gzipped object; null when it has none of that name.
 * @throws InputError when the object is gone, or holds no text.
 */
export async function artifactText(
  connection: NatsConnection,
  { output, task }: Pick<TaskStory, 'output' | 'task'>,
  name: string,
): Promise<string | null> {
  if (!artifactsOf({ output }).includes(name)) return null;
  const ref = objectRefSchema.parse((output as Readonly<Record<string, unknown>>)[name]);
  const bytes = await new ObjectCache(connection, join(cacheDir(), 'objects')).read(ref);
  try {
    return new TextDecoder().decode(await promisify(gunzip)(bytes, { maxOutputLength: mostUnpacked }));
  } catch (cause) {
    throw new InputError(`"${name}" of ${task} is no text that can be shown (${messageOf(cause)})`, {
      code: 'artifact.unreadable',
      cause,
    });
  }
}
