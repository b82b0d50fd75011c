/**
 * One reader of a campaign for all who watch it: its log taken into a {@link Story}, what its workers' beats say, who runs its
 * actors, and whether the server is heard. What changes is told to the feed at most four times a second.
 *
 * While nobody watches nothing is read; when somebody comes again, it goes on where it was.
 */
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { endOfLog } from '../campaign/facts.ts';
import { followStory, hearBeat } from '../campaign/story-reader.ts';
import { watchConnection } from '../nats/connection.ts';
import type { LogReader } from '../nats/log-reader.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { subjects } from '../protocol/subjects.ts';
import type { Story } from '../story/story.ts';
import { rowOf } from './event-log.ts';
import type { History } from './history.ts';
import type { LiveFeed } from './live-feed.ts';
import { ActorOwners } from './actor-owners.ts';

const tickMs = 250;
/** The time since something happened is told at least so often. */
const refreshMs = 1_000;
const restAfterMs = 30_000;
const mostRows = 200;

export interface ReaderParts {
  readonly connection: NatsConnection;
  readonly campaign: string;
  readonly story: Story;
  readonly history: History;
  readonly feed: LiveFeed;
  readonly actors: readonly string[];
}

export class CampaignReader {
  readonly #parts: ReaderParts;
  readonly #owners: ActorOwners;
  readonly #stopWatching: () => void;
  #reader: LogReader | null = null;
  #beats: Subscription | null = null;
  #waking: Promise<void> | null = null;
  /** Resolves once everything that was stored when somebody came has been read. */
  #caughtUp: Promise<void> | null = null;
  #isCurrent = false;
  #end = 0;
  #link: { readonly state: 'there' | 'lost'; readonly since: number } = { state: 'there', since: Date.now() };
  /** The last facts that were not told yet, and how many there were of them. */
  #fresh: StoredFact[] = [];
  #freshCount = 0;
  #timer: NodeJS.Timeout | null = null;
  #restTimer: NodeJS.Timeout | null = null;
  #tellTimer: NodeJS.Timeout | null = null;
  #toldAt = 0;
  #isClosed = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    const { connection, campaign, actors } = parts;
    this.#owners = new ActorOwners(connection, campaign, actors);
    this.#stopWatching = watchConnection(connection, {
      lost: () => this.#setLink('lost'),
      back: () => this.#setLink('there'),
    });
    parts.feed.show('link', this.#link);
  }

  /** Sequence of the last event that is known to be stored. */
  get end(): number {
    return Math.max(this.#end, this.#parts.story.position);
  }

  /** Begin or go on reading; resolves when all that is stored now has been read. */
  async current(): Promise<void> {
    this.#stayAwake();
    await this.#wake();
    await this.#caughtUp;
  }

  /** Told how many watch. */
  watched(watchers: number): void {
    if (watchers === 0) {
      this.#stayAwake();
      return;
    }
    if (this.#restTimer !== null) clearTimeout(this.#restTimer);
    this.#restTimer = null;
    // What cannot be read now is tried again when the connection is back, and the page is told that it is lost.
    this.#wake().catch(() => undefined);
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#restTimer !== null) clearTimeout(this.#restTimer);
    this.#stopWatching();
    await this.#rest();
  }

  /** Read what is stored at this moment, and tell it. */
  async flush(patienceMs: number): Promise<void> {
    if (this.#reader === null) return;
    const deadline = Date.now() + patienceMs;
    const end = await endOfLog(this.#parts.connection, this.#parts.campaign).catch(() => 0);
    while (this.#parts.story.position < end && Date.now() < deadline) await pause(10);
    this.#tell();
  }

  #wake(): Promise<void> {
    if (this.#reader !== null || this.#isClosed) return Promise.resolve();
    this.#waking ??= this.#follow().finally(() => (this.#waking = null));
    return this.#waking;
  }

  async #follow(): Promise<void> {
    const { connection, campaign, story, feed } = this.#parts;
    this.#end = await endOfLog(connection, campaign);
    this.#isCurrent = story.position >= this.#end;
    const reader = await followStory(connection, campaign, story, { told: (fact) => this.#take(fact) });
    this.#reader = reader;
    this.#caughtUp = reader.caughtUp.then(() => {
      this.#isCurrent = true;
      this.#schedule();
    });
    this.#beats = connection.subscribe(subjects.allBeats, {
      callback: (error, { subject, data }) => {
        if (error === null) hearBeat(story, campaign, subject, data);
      },
    });
    this.#owners.start(() => this.#schedule());
    this.#timer = setInterval(() => feed.watchers > 0 && this.#isDue() && this.#tell(), refreshMs);
    this.#schedule();
  }

  async #rest(): Promise<void> {
    await this.#waking?.catch(() => undefined);
    // Somebody has come meanwhile.
    if (!this.#isClosed && this.#parts.feed.watchers > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#beats?.unsubscribe();
    this.#beats = null;
    this.#owners.stop();
    this.#parts.history.rest();
    const reader = this.#reader;
    this.#reader = null;
    this.#isCurrent = false;
    await reader?.close();
  }

  #stayAwake(): void {
    if (this.#restTimer !== null) clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      if (this.#parts.feed.watchers === 0) void this.#rest();
    }, restAfterMs);
    this.#restTimer.unref();
  }

  #take(fact: StoredFact): void {
    this.#parts.history.take(fact);
    this.#freshCount += 1;
    this.#fresh.push(fact);
    if (this.#fresh.length >= 2 * mostRows) this.#fresh = this.#fresh.slice(-mostRows);
    this.#schedule();
  }

  #setLink(state: 'there' | 'lost'): void {
    if (this.#link.state === state) return;
    this.#link = { state, since: Date.now() };
    this.#parts.feed.show('link', this.#link);
    this.#parts.feed.send();
  }

  /** Tell what changed soon, and not more often than people can see. */
  #schedule(): void {
    if (this.#tellTimer !== null || this.#isClosed) return;
    const wait = Math.max(30, this.#toldAt + tickMs - Date.now());
    this.#tellTimer = setTimeout(() => {
      this.#tellTimer = null;
      this.#tell();
    }, wait);
  }

  #isDue(): boolean {
    return Date.now() - this.#toldAt >= refreshMs;
  }

  #tell(): void {
    this.#toldAt = Date.now();
    const { feed, story, history } = this.#parts;
    const rows = this.#fresh.slice(-mostRows).map(rowOf);
    feed.add(rows, this.#freshCount);
    this.#fresh = [];
    this.#freshCount = 0;
    const position = story.position;
    this.#end = Math.max(this.#end, position);
    feed.show('reading', { position, end: this.#isCurrent ? position : this.#end, history: history.position });
    if (this.#isCurrent && history.catchUp()) this.#schedule();
    if (feed.watchers === 0) return;
    // While a long log is read, as far as that has come.
    feed.show('overview', this.#isCurrent ? story.overview(Date.now()) : story.overview());
    for (const actor of history.actors(this.#owners)) feed.show('actors', [actor], actor.actor);
    feed.send();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
