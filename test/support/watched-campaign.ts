/** The log and the tasks of a campaign, with the watch over its fleet and without any actors. */
import type { NatsConnection } from '@nats-io/nats-core';
import { watchFleet } from '../../src/campaign/fleet-watch.ts';
import { methodsDigest } from '../../src/campaign/digest.ts';
import { NatsCampaignLog } from '../../src/nats/campaign-log.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { ensureCampaignLog } from '../../src/nats/streams.ts';
import { NatsTaskQueue } from '../../src/nats/task-queue.ts';
import type { Says } from '../../src/protocol/events.ts';
import type { StoredFact } from '../../src/protocol/fact.ts';
import { subjects, taskClass } from '../../src/protocol/subjects.ts';
import { protocolVersion, type TaskResult } from '../../src/protocol/task.ts';
import { campaignFolder } from './scene.ts';

export class WatchedCampaign {
  readonly id = 'watched';
  readonly record = { id: this.id, campaign: 'odd', methods: methodsDigest(campaignFolder('odd')) };
  /** Everything in its log. */
  readonly facts: StoredFact[] = [];
  readonly failures: unknown[] = [];
  readonly #queue: NatsTaskQueue;
  readonly #closers: (() => unknown)[] = [];
  #number = 0;

  private constructor(connection: NatsConnection, publisher: StoredPublisher) {
    const { campaign, methods } = this.record;
    this.#queue = new NatsTaskQueue(connection, publisher, this.id, taskClass(campaign, methods));
  }

  static async open(connection: NatsConnection): Promise<WatchedCampaign> {
    const publisher = new StoredPublisher(connection);
    const watched = new WatchedCampaign(connection, publisher);
    const note = (error: unknown): void => void watched.failures.push(error);
    await ensureCampaignLog(connection, watched.id);
    const log = new NatsCampaignLog(connection, publisher, watched.id, note);
    const reader = await log.follow(1, (fact) => watched.facts.push(fact));
    const watch = await watchFleet(connection, { log, record: watched.record, fail: note, refuse: note });
    watched.#closers.push(
      () => watch.close(),
      () => reader.close(),
      () => publisher.close(),
    );
    return watched;
  }

  /** Queue a task as an actor would. */
  async task(method: string, args: unknown): Promise<string> {
    this.#number += 1;
    const id = `${method}-${this.#number}`;
    await this.#queue.enqueue({
      v: protocolVersion,
      id,
      campaign: this.id,
      method,
      topic: 'simulate',
      source: 'submitter',
      number: this.#number,
      arguments: args,
      pool: 'simulate',
      slots: 1,
      grant: `grant-${this.#number}`,
      candidate: null,
      choice: null,
      timeoutMs: null,
      memoryMb: null,
      report: subjects.log(this.id, 'worker', 'task.finished'),
      createdAt: Date.now(),
    });
    return id;
  }

  /** Withdraw a task as an actor would. */
  withdraw(task: string, reason: string): Promise<void> {
    return this.#queue.withdraw({ task, reason, source: 'submitter' });
  }

  /** Ids of the tasks that wait or run. */
  held(): Promise<ReadonlySet<string>> {
    return this.#queue.held();
  }

  /** Everything that the host said of one kind. */
  said<T extends Says<'host'>['type']>(type: T): Extract<Says<'host'>, { type: T }>[] {
    return this.facts.flatMap(({ source, event }) =>
      source === 'host' && event.type === type ? [event as unknown as Extract<Says<'host'>, { type: T }>] : [],
    );
  }

  /** Every result in the log, of one task or of all. */
  results(task?: string): TaskResult[] {
    const finished = this.facts.filter(({ event }) => event.type === 'task.finished');
    const results = finished.map(({ event }) => (event as unknown as { result: TaskResult }).result);
    return results.filter((result) => task === undefined || result.task.id === task);
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}
