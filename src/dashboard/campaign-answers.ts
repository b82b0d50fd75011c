/** What a dashboard answers about its campaign, from one reader of its log. */
import type { ServerResponse } from 'node:http';
import type { NatsConnection } from '@nats-io/nats-core';
import { chartOf } from '../charts/chart-model.ts';
import { chartSvg } from '../charts/svg.ts';
import { systemOf } from '../charts/system-model.ts';
import { systemSvg } from '../charts/system-svg.ts';
import { spaceOf } from '../campaign/candidate-names.ts';
import { composePlans } from '../campaign/composition.ts';
import { directionOf, type CampaignDefinition, type Candidates } from '../campaign/definition.ts';
import { handsOn } from '../campaign/hands-on.ts';
import { thisPerson } from '../campaign/operator.ts';
import type { RunRecord } from '../campaign/run-folder.ts';
import { artifactText, storyOf, taskDetail } from '../campaign/story-reader.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { CoxswainError } from '../protocol/errors.ts';
import type { Story } from '../story/story.ts';
import { taskStates } from '../story/task-table.ts';
import type { TaskState } from '../story/views.ts';
import type { CampaignInfo, EventDetail, EventPage, Past, SteerAnswer, TaskPage, TaskStory } from './api.ts';
import type { Answers, TaskQuery } from './app.ts';
import { SharedBodies, type Body } from './bodies.ts';
import { CampaignReader } from './campaign-reader.ts';
import { Drawings } from './drawings.ts';
import { EventLog, type EventQuery } from './event-log.ts';
import { History } from './history.ts';
import type { Role } from './keys.ts';
import { LiveFeed } from './live-feed.ts';
import { pastOf } from './past.ts';
import { RequestError } from './query.ts';

export interface AnswersOptions {
  readonly connection: NatsConnection;
  readonly record: RunRecord;
  readonly definition: CampaignDefinition;
}

/** So long a question waits for the log to be read; then it is to be asked again, ms. */
const patienceMs = 20_000;

export class CampaignAnswers implements Answers {
  readonly #options: AnswersOptions;
  readonly #plans: readonly ActorPlan[];
  readonly #story: Story;
  readonly #feed: LiveFeed;
  readonly #reader: CampaignReader;
  readonly #history: History;
  readonly #log: EventLog;
  readonly #shared = new SharedBodies();
  readonly #drawings: Drawings;
  readonly #charts = new Map<string, Promise<string>>();
  /** For the names of candidates that nobody has computed: read when somebody looks, where it can be read. */
  #space: Candidates | null = null;
  #isNaming = false;

  constructor(options: AnswersOptions) {
    const { connection, record, definition } = options;
    this.#options = options;
    this.#drawings = new Drawings(definition);
    this.#plans = composePlans(definition, record);
    const actors = this.#plans.map(({ actor }) => actor.name);
    this.#story = storyOf(record, definition, (candidate) => this.#space?.labelOf(candidate) ?? null);
    this.#feed = new LiveFeed((watchers) => this.#reader.watched(watchers));
    this.#history = new History(this.#plans, (from, to) => this.#log.facts(from, to));
    const [story, feed, history] = [this.#story, this.#feed, this.#history];
    this.#reader = new CampaignReader({ connection, campaign: record.id, story, history, feed, actors });
    this.#log = new EventLog(connection, record.id, {
      end: () => this.#reader.end,
      placesOf: (task) => story.placesOf(task),
    });
    // Whoever comes first finds a long log read, or being read.
    this.#reader.current().catch(() => undefined);
  }

  /** How many look at this moment. */
  get watchers(): number {
    return this.#feed.watchers;
  }

  campaign(role: Role): CampaignInfo {
    this.#history.giveWay();
    const { record, definition } = this.#options;
    const { topic, label, unit, also } = definition.objective;
    const settings = definition.settings.parse(record.settings);
    return {
      id: record.id,
      campaign: record.campaign,
      policy: settings.policy,
      settings: record.settings,
      versions: record.versions,
      candidates: record.candidates.count,
      objective: { topic, label, unit, also, threshold: settings.threshold, seek: directionOf(settings) },
      draws: definition.draw !== undefined,
      actors: this.#plans.map(({ actor }) => actor.name),
      pools: poolsOf(this.#plans),
      role,
    };
  }

  live(response: ServerResponse): void {
    this.#feed.open(response);
    if (!this.#isNaming) void this.#nameCandidates();
  }

  /** After the log, which people wait for. Without the space's file candidates are shown by their numbers. */
  async #nameCandidates(): Promise<void> {
    this.#isNaming = true;
    try {
      await this.#reader.current();
      this.#space = await spaceOf(this.#options);
    } catch (error) {
      if (!(error instanceof CoxswainError)) this.#isNaming = false;
    }
  }

  timeline(): Promise<Body> {
    return this.#bodyOf('timeline', () => this.#story.timeline());
  }

  ledger(): Promise<Body> {
    return this.#bodyOf('ledger', () => this.#story.ledger());
  }

  science(): Promise<Body> {
    return this.#bodyOf('science', () => this.#story.science());
  }

  idle(from: number | null, to: number | null): Promise<Body> {
    const name = `idle ${from ?? ''} ${to ?? ''}`;
    return this.#bodyOf(name, () => this.#story.idle(from ?? undefined, to ?? undefined));
  }

  async tasks(query: TaskQuery): Promise<TaskPage> {
    await this.#current();
    const { state, topic, ...rest } = query;
    return this.#story.tasks({ ...rest, state: stateNamed(state), topic: topic === '' ? undefined : topic });
  }

  async task(id: string): Promise<TaskStory | null> {
    await this.#current();
    return taskDetail(this.#options.connection, this.#options.record.id, this.#story, id);
  }

  async events(query: EventQuery): Promise<EventPage> {
    await this.#current();
    return this.#log.page(query);
  }

  async event(at: number): Promise<EventDetail | null> {
    await this.#current();
    return this.#log.detail(at);
  }

  steer(request: unknown): Promise<SteerAnswer> {
    return handsOn(this.#options, request, thisPerson());
  }

  async close(reason: string, flushMs: number): Promise<void> {
    await this.#reader.flush(flushMs);
    await this.#feed.end(reason);
    await this.#reader.close();
  }
  async artifact(id: string, name: string): Promise<string | null> {
    const task = await this.task(id);
    return task === null ? null : artifactText(this.#options.connection, task, name);
  }

  async past(at: number): Promise<Past | null> {
    await this.#current();
    return pastOf(at, this.#story, this.#history, this.#log);
  }

  async chart(actor: string): Promise<string | null> {
    const plan = this.#plans.find((one) => one.actor.name === actor);
    return plan === undefined ? null : this.#chart(actor, () => chartSvg(chartOf(plan.actor.machine)));
  }

  system(): Promise<string> {
    return this.#chart('', () => systemSvg(systemOf(this.#plans)));
  }

  drawing(label: string, theme: 'light' | 'dark'): Promise<string | null> {
    return this.#drawings.draw(label, theme);
  }

  /** Charts are drawn once: an actor's machine stays what it is. */
  #chart(name: string, draw: () => Promise<string>): Promise<string> {
    const known = this.#charts.get(name) ?? draw();
    this.#charts.set(name, known);
    known.catch(() => this.#charts.delete(name));
    return known;
  }

  async #bodyOf(name: string, make: () => unknown): Promise<Body> {
    await this.#current();
    return this.#shared.get(name, String(this.#story.position), make);
  }

  /** @throws RequestError when the log could not be read to its end in time. */
  async #current(): Promise<void> {
    this.#history.giveWay();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new RequestError('the log is still being read; ask again in a moment', 503);
      timer = setTimeout(() => reject(error), patienceMs);
    });
    await Promise.race([this.#reader.current(), late]).finally(() => clearTimeout(timer));
  }
}

/** The pools that a campaign's ledger is given. */
function poolsOf(plans: readonly ActorPlan[]): readonly string[] {
  const ledger = plans.find(({ actor }) => actor.name === 'resource-ledger');
  return (ledger?.input as { pools?: readonly string[] } | undefined)?.pools ?? [];
}

/** @throws RequestError when no task can be in it. */
function stateNamed(state: string): TaskState | undefined {
  if (state === '') return undefined;
  const known = taskStates.find((one) => one === state);
  if (known !== undefined) return known;
  throw new RequestError(`state: a task is ${taskStates.join(', ')}, and never "${state}"`);
}
