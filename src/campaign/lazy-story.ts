import type { NatsConnection } from '@nats-io/nats-core';
import type { LogReader } from '../nats/log-reader.ts';
import { TransportError } from '../protocol/errors.ts';
import { decode } from '../protocol/fact.ts';
import { beatSchema } from '../protocol/registration.ts';
import { subjects } from '../protocol/subjects.ts';
import type { Story } from '../story/story.ts';
import type { TaskStory } from '../story/views.ts';
import type { CampaignDefinition } from './definition.ts';
import type { RunRecord } from './run-folder.ts';

/** Nobody has asked for so long: what was read is let go of. */
const unaskedMs = 5 * 60_000;
/** Whoever asks waits for a long log no longer than this: `nats req` gives up after 5 s. */
const patienceMs = 4_000;

interface OpenStory {
  readonly story: Story;
  readonly reader: LogReader;
  close(): Promise<void>;
}

/** The story of a campaign for whoever asks now and then: read from the log at the first question, and followed while there are any. */
export class LazyStory {
  readonly #connection: NatsConnection;
  readonly #record: RunRecord;
  readonly #definition: CampaignDefinition;
  #open: Promise<OpenStory> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(connection: NatsConnection, record: RunRecord, definition: CampaignDefinition) {
    this.#connection = connection;
    this.#record = record;
    this.#definition = definition;
  }

  /** The story up to now. @throws TransportError when the log is so long that it is still being read. */
  async get(): Promise<Story> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.close(), unaskedMs);
    this.#timer.unref();
    this.#open ??= this.#begin();
    const { story, reader } = await this.#open.catch((error: unknown) => {
      this.#open = null;
      throw error;
    });
    const isLate = await Promise.race([reader.caughtUp.then(() => false), pause(patienceMs).then(() => true)]);
    if (isLate) {
      const read = story.position.toLocaleString('en');
      throw new TransportError(`the log is being read, ${read} events so far; ask again in a few seconds`, {
        code: 'story.reading',
      });
    }
    return story;
  }

  /** Everything about a task, its output included; null when there is none of that id or label. */
  async detail(task: string): Promise<TaskStory | null> {
    const { taskDetail } = await import('./story-reader.ts');
    return taskDetail(this.#connection, this.#record.id, await this.get(), task);
  }

  /** Let go of it; the next question reads anew. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const open = this.#open;
    this.#open = null;
    await open?.then((story) => story.close()).catch(() => undefined);
  }

  async #begin(): Promise<OpenStory> {
    const { id } = this.#record;
    const { followStory, storyOf } = await import('./story-reader.ts');
    const story = storyOf(this.#record, this.#definition);
    const reader = await followStory(this.#connection, id, story, {});
    const beats = this.#connection.subscribe(subjects.allBeats, {
      callback: (error, { subject, data }) => {
        if (error === null) hear(story, subject, data);
      },
    });
    return {
      story,
      reader,
      close: async () => {
        beats.unsubscribe();
        await reader.close();
      },
    };
  }
}

function hear(story: Story, subject: string, data: Uint8Array): void {
  try {
    story.hear(decode(beatSchema, data, subject), Date.now());
  } catch {
    // Of another version: its worker is shown without its load.
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
