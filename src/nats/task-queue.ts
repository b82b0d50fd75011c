import { JetStreamError, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { streams, subjects } from '../protocol/subjects.ts';
import { taskSchema, type Task } from '../protocol/task.ts';
import type { TaskQueue, Withdrawal } from '../runtime/contracts.ts';
import { withdrawalMark } from './cancellations.ts';
import { openTaskNotes } from './streams.ts';
import type { StoredPublisher } from './publisher.ts';

const batchSize = 512;

/** The id under which a task is queued once. */
const queueIdOf = (task: Task): string => `${task.campaign}/${task.id}`;

/** The tasks of one campaign in the JetStream work queue that all campaigns share. */
export class NatsTaskQueue implements TaskQueue {
  readonly #connection: NatsConnection;
  readonly #publisher: StoredPublisher;
  readonly #campaign: string;
  readonly #workerClass: string;
  /** That there is a place for marks. */
  #notes: Promise<unknown> | null = null;

  constructor(connection: NatsConnection, publisher: StoredPublisher, campaign: string, workerClass: string) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#campaign = campaign;
    this.#workerClass = workerClass;
  }

  async enqueue(task: Task): Promise<void> {
    await this.#publisher.publish(
      subjects.task(this.#workerClass, task.method),
      JSON.stringify(task),
      queueIdOf(task),
      task.source,
    );
  }

  /**
   * Its message stays in the queue: whether a worker has it, and started it, only that worker knows. So the one that takes it ends
   * it, and there is one result, whatever is lost on the way.
   */
  async withdraw({ task, reason, source }: Withdrawal): Promise<void> {
    this.#notes ??= openTaskNotes(this.#connection, 'cancelled');
    await this.#notes.catch((error: unknown) => {
      this.#notes = null;
      throw error;
    });
    const mark = { campaign: this.#campaign, task, by: source, reason: reason.slice(0, 1_000), at: Date.now() };
    const { subject, message } = withdrawalMark(mark);
    await this.#publisher.publish(subject, message, `${this.#campaign}/${task}/withdrawn`, source);
  }

  /** A work queue keeps a message until it is acknowledged, so what it holds is what waits and what runs. */
  async held(): Promise<ReadonlySet<string>> {
    const held = new Set<string>();
    for (let next: number | null = 1; next !== null;) {
      next = await this.#readBatch(next, (task) => {
        if (task.campaign === this.#campaign) held.add(task.id);
      });
    }
    return held;
  }

  /** Many messages a request, so that a server far away is asked few times. Where the next batch begins; null after the last. */
  async #readBatch(from: number, take: (task: Task) => void): Promise<number | null> {
    const manager = await jetstreamManager(this.#connection, { checkAPI: false });
    const wanted = { seq: from, next_by_subj: subjects.tasksOf(this.#workerClass), batch: batchSize };
    let read = 0;
    let last = from;
    try {
      for await (const message of await manager.direct.getBatch(streams.tasks, wanted)) {
        read += 1;
        last = message.seq;
        const task = readTask(message.string());
        if (task !== null) take(task);
      }
    } catch (error) {
      // None is left.
      if (!(error instanceof JetStreamError && 'code' in error && error.code === 404)) throw error;
    }
    return read < batchSize ? null : last + 1;
  }
}

/** A task of the queue; null for a message that is none, which its worker will refuse. */
function readTask(text: string): Task | null {
  try {
    return taskSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
