import type { NatsConnection } from '@nats-io/nats-core';
import { TransportError } from '../protocol/errors.ts';
import type { Story } from '../story/story.ts';
import type { TaskStory } from '../story/views.ts';
import type { CampaignDefinition } from './definition.ts';
import type { RunRecord } from './run-folder.ts';
import type { OpenStory } from './story-reader.ts';

/** Nobody has asked for so long: what was read is let go of. */
const unaskedMs = 5 * 60_000;
/** Whoever asks waits for a long log no longer than this: `nats req` gives up after 5 s. */
const patienceMs = 4_000;

/** The story of a campaign for whoever asks now and then: read from the log at the first question, and followed while there are any. */
export class LazyStory {
  readonly #connection: NatsConnection;
  readonly #record: RunRecord;
  readonly #definition: CampaignDefinition;
  readonly #labelOf: (candidate: number) => string | null;
  #open: Promise<OpenStory> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param labelOf what people call a candidate; null where nobody knows. */
  constructor(
    connection: NatsConnection,
    record: RunRecord,
    definition: CampaignDefinition,
    labelOf: (candidate: number) => string | null,
  ) {
    this.#labelOf = labelOf;
    this.#connection = connection;
    this.#record = record;
    this.#definition = definition;
  }

  /** The topic whose results count. */
  get topic(): string {
    return this.#definition.objective.topic;
  }

  /** The story up to now. @throws TransportError when the log is so long that it is still being read. */
  async get(): Promise<Story> {
    return (await this.#current()).story;
  }

  /** Everything about a task, its output included; null when there is none of that id or label. */
  async detail(task: string): Promise<TaskStory | null> {
    return (await this.#current()).detail(task);
  }

  /** Let go of it; the next question reads anew. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const open = this.#open;
    this.#open = null;
    await open?.then((story) => story.close()).catch(() => undefined);
  }

  async #current(): Promise<OpenStory> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.close(), unaskedMs);
    this.#timer.unref();
    this.#open ??= this.#begin();
    const open = await this.#open.catch((error: unknown) => {
      this.#open = null;
      throw error;
    });
    const isLate = await Promise.race([open.caughtUp.then(() => false), pause(patienceMs).then(() => true)]);
    if (isLate) {
      const read = open.story.position.toLocaleString('en');
      throw new TransportError(`the log is being read, ${read} events so far; ask again in a few seconds`, {
        code: 'story.reading',
      });
    }
    return open;
  }

  /** What reads it is loaded for the first question, too. */
  async #begin(): Promise<OpenStory> {
    const { openStory } = await import('./story-reader.ts');
    return openStory(this.#connection, this.#record, this.#definition, this.#labelOf);
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
