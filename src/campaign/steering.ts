/** This process's part in a campaign: those of its actors that run here, over NATS, and what goes with them. */
import type { NatsConnection } from '@nats-io/nats-core';
import { NatsActorClaims } from '../nats/actor-claims.ts';
import { NatsCampaignLog } from '../nats/campaign-log.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { NatsSnapshotStore } from '../nats/snapshot-store.ts';
import { ensureCampaignLog, ensureTaskStreams, openSnapshots } from '../nats/streams.ts';
import { NatsTaskQueue } from '../nats/task-queue.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { CoxswainError, messageOf } from '../protocol/errors.ts';
import type { Says } from '../protocol/events.ts';
import { subjects, taskClass } from '../protocol/subjects.ts';
import { systemClock, type FactListener, type Inspection } from '../runtime/contracts.ts';
import type { ActorView } from '../runtime/running-actor.ts';
import { Standby } from '../runtime/standby.ts';
import { answerQuestions } from './answers.ts';
import { aside } from './aside.ts';
import { taskMaker } from './composition.ts';
import { watchFleet } from './fleet-watch.ts';
import type { CampaignDefinition } from './definition.ts';
import { LazyStory } from './lazy-story.ts';
import { sayAsOperator } from './operator.ts';
import { questionsAbout } from './questions.ts';
import type { RunRecord } from './run-folder.ts';

export interface SteeringOptions {
  readonly connection: NatsConnection;
  readonly record: RunRecord;
  /** The actors that this process runs or stands by for. */
  readonly plans: readonly ActorPlan[];
  /** Arguments of the simulation of a candidate. */
  readonly argumentsOf: (candidate: number) => unknown;
  /** With it the questions about the campaign are answered, wherever its actor `campaign` runs. */
  readonly definition?: CampaignDefinition;
  /** Told of each event that an actor of this process has taken, a little later. */
  readonly inspected?: (inspection: Inspection) => void;
  /** Called once when the actors cannot go on. */
  readonly fail: (error: unknown) => void;
  /** Shown every fact of the log, from the first on, once the actors that run here have taken it. */
  readonly observe?: FactListener;
  /** Told which actors run here, each time that this changes. */
  readonly changed?: (running: readonly string[]) => void;
  /** Told of an actor that ran here and that another process has now. */
  readonly lost?: (actor: string, owner: string) => void;
  /** Told what people should know: a message that is not ours and is passed over, a server that stores nothing. */
  readonly warn: (message: string) => void;
}

type Closing = { close(): Promise<unknown> };

/** Actors of one campaign, run or stood by for by this process over its log in NATS. */
export class Steering {
  readonly #options: SteeringOptions;
  readonly #claims: NatsActorClaims;
  readonly #publisher: StoredPublisher;
  readonly #log: NatsCampaignLog;
  /** What happened so far, for whoever asks; null without the campaign's definition. */
  readonly story: LazyStory | null;
  #standby: Standby | null = null;
  /** What goes with the fleet actor, and with any actor: there while they run here. */
  #fleetWatch: Promise<Closing> | null = null;
  #answers: Promise<Closing> | null = null;
  /** The actors whose running here has had its consequences. */
  #followed: string | null = null;
  #turn: Promise<void> = Promise.resolve();

  private constructor(options: SteeringOptions) {
    const { connection, record, plans } = options;
    this.#options = options;
    const { definition, argumentsOf } = options;
    const labelOf = (candidate: number): string | null => labelIn(argumentsOf(candidate));
    this.story = definition === undefined ? null : new LazyStory(connection, record, definition, labelOf);
    const names = plans.map(({ actor }) => actor.name);
    this.#claims = new NatsActorClaims(connection, record.id, names);
    // What was sent before this process was frozen or cut off is sent again only while its actors are ours.
    this.#publisher = new StoredPublisher(connection, {
      doubt: () => this.#claims.doubt(),
      speaksFor: (actor) => this.#claims.holds(actor),
      stalled: (reason) => options.warn(`the NATS server has stored nothing for 10 s: ${reason}`),
    });
    this.#log = new NatsCampaignLog(connection, this.#publisher, record.id, (error) => {
      const isNewer = error instanceof CoxswainError && error.code === 'protocol.newer';
      if (isNewer) options.fail(error);
      else options.warn(`passed over: ${messageOf(error)}`);
    });
  }

  /**
   * Take part in a campaign that its server knows: run those actors that nobody else runs, stand by for the others. The campaign
   * begins when it is told to.
   * @throws ConfigError when a snapshot is of another version.
   */
  static async start(options: SteeringOptions): Promise<Steering> {
    const steering = new Steering(options);
    await steering.#start();
    return steering;
  }

  /** Names of the actors that run here. */
  get running(): readonly string[] {
    return this.#standby?.running ?? [];
  }

  /** The actors that run here as they are now, by name. */
  get views(): Readonly<Record<string, ActorView>> {
    return this.#standby?.views ?? {};
  }

  /** Who runs an actor; null when nobody does. */
  ownerOf(actor: string): string | null {
    return this.#claims.ownerOf(actor);
  }

  /** Say something to the campaign as a person; resolves with its place in the log. */
  request(event: Says<'operator'>): Promise<{ sequence: number }> {
    return sayAsOperator(this.#publisher, this.#options.record.id, event);
  }

  /** Let go of the actors: last snapshots, and nobody's any more. What runs at the workers goes on. */
  async close(): Promise<void> {
    await this.#turn;
    await (await this.#answers)?.close();
    await this.story?.close();
    await (await this.#fleetWatch)?.close();
    await this.#standby?.stop();
    this.#publisher.close();
  }

  async #start(): Promise<void> {
    const { connection, record, plans, argumentsOf, observe, inspected, fail, lost, warn } = this.#options;
    const { id } = record;
    const [snapshots] = await Promise.all([
      openSnapshots(connection),
      ensureTaskStreams(connection),
      ensureCampaignLog(connection, id),
    ]);
    this.#standby = await Standby.start({
      plans,
      claims: this.#claims,
      log: this.#log,
      snapshots: new NatsSnapshotStore(snapshots, id),
      queue: new NatsTaskQueue(connection, this.#publisher, id, taskClass(record.campaign, record.methods)),
      clock: systemClock,
      completeTask: taskMaker(id, argumentsOf),
      inspect: aside((inspection) => {
        if (connection.isClosed()) return;
        connection.publish(subjects.inspect(id, inspection.actor), JSON.stringify(inspection));
        inspected?.(inspection);
      }),
      ...(observe === undefined ? {} : { observe: aside(observe) }),
      changed: () => this.#follow(),
      ...(lost === undefined ? {} : { lost }),
      retrying: (error) => warn(`actors cannot be started yet, which is tried again: ${messageOf(error)}`),
      fail,
    });
    this.#follow();
    await this.#turn;
  }

  /** The fleet's watch lives where the fleet does, and answers are given where somebody can give them. */
  #follow(): void {
    this.#turn = this.#turn.then(() => this.#followNow()).catch((error: unknown) => this.#options.fail(error));
  }

  async #followNow(): Promise<void> {
    const { connection, record, fail, warn, changed } = this.#options;
    const standby = this.#standby;
    const running = standby?.running.join(' ') ?? '';
    if (standby === null || running === this.#followed) return;
    this.#followed = running;
    const isFleetHere = standby.running.includes('fleet');
    if (isFleetHere && this.#fleetWatch === null) {
      const refuse = (error: unknown): void => warn(messageOf(error));
      this.#fleetWatch = watchFleet(connection, { log: this.#log, record, fail, refuse });
    } else if (!isFleetHere && this.#fleetWatch !== null) {
      await (await this.#fleetWatch).close();
      this.#fleetWatch = null;
    }
    await this.#fleetWatch;
    await (await this.#answers)?.close();
    this.#answers = answerQuestions({
      connection,
      campaign: record.id,
      actors: standby,
      ownerOf: (actor) => this.#claims.ownerOf(actor),
      questions: this.story === null ? [] : questionsAbout(record, this.story),
    });
    await this.#answers;
    changed?.(standby.running);
  }
}

/** What people call a candidate, by the arguments of its simulation. */
function labelIn(given: unknown): string | null {
  const { smiles } = (given ?? {}) as { smiles?: unknown };
  return typeof smiles === 'string' ? smiles : null;
}
