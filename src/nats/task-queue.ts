import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { streams, subjects } from '../protocol/subjects.ts';
import { taskSchema, type Task } from '../protocol/task.ts';
import type { TaskQueue } from '../runtime/contracts.ts';
import type { StoredPublisher } from './publisher.ts';

/** The id under which a task is queued once. */
const queueIdOf = (task: Task): string => `${task.campaign}/${task.id}`;

/** The tasks of one campaign in the JetStream work queue that all campaigns share. */
export class NatsTaskQueue implements TaskQueue {
  readonly #connection: NatsConnection;
  readonly #publisher: StoredPublisher;
  readonly #campaign: string;
  readonly #workerClass: string;

  constructor(connection: NatsConnection, publisher: StoredPublisher, campaign: string, workerClass: string) {
    this.#connection = connection;
    this.#publisher = publisher;
    this.#campaign = campaign;
    this.#workerClass = workerClass;
  }

  async enqueue(task: Task): Promise<void> {
    await this.#publisher.publish(subjects.task(this.#workerClass, task.method), JSON.stringify(task), queueIdOf(task));
  }

  /** A work queue keeps a message until it is acknowledged, so what it holds is what waits and what runs. */
  async held(): Promise<ReadonlySet<string>> {
    const manager = await jetstreamManager(this.#connection, { checkAPI: false });
    const held = new Set<string>();
    const filter = subjects.tasksOf(this.#workerClass);
    for (let sequence = 1; ;) {
      const message = await manager.direct.getMessage(streams.tasks, { seq: sequence, next_by_subj: filter });
      if (message === null) return held;
      sequence = message.seq + 1;
      const task = taskSchema.safeParse(message.json());
      if (task.success && task.data.campaign === this.#campaign) held.add(task.data.id);
    }
  }
}
