import type { NatsConnection } from '@nats-io/nats-core';
import type { Beat } from '../protocol/registration.ts';
import type { HeldTask } from './held-task.ts';
import { acknowledge, renewMs, type Acknowledgement } from './task-source.ts';

/** The tasks that a worker has taken, until it has answered the queue for them. */
export class HeldTasks {
  readonly #connection: NatsConnection;
  readonly #changed: () => void;
  readonly #byId = new Map<string, HeldTask>();
  readonly #byRun = new Map<number, HeldTask>();
  /** What is to be said to the queue at the end of this turn. */
  readonly #answers: [reply: string, how: Acknowledgement][] = [];

  /** @param changed called when a task came or went, or there is something to say. */
  constructor(connection: NatsConnection, changed: () => void) {
    this.#connection = connection;
    this.#changed = changed;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Those whose end is not known. */
  get open(): HeldTask[] {
    return [...this.#byId.values()].filter(({ ended }) => !ended);
  }

  /** By the id that its result is stored under. */
  withId(id: string): HeldTask | undefined {
    return this.#byId.get(id);
  }

  ofRun(run: number): HeldTask | undefined {
    return this.#byRun.get(run);
  }

  hold(held: HeldTask): void {
    this.#byId.set(held.id, held);
    this.#byRun.set(held.run, held);
    this.#changed();
  }

  /** Let go of a task, and say so to the queue. */
  settle(held: HeldTask, how: Acknowledgement): void {
    this.drop(held);
    this.answer(held.delivery.reply, how);
  }

  /** Let go of a task that another may have by now, and say nothing: to give it back would take it from that one. */
  drop(held: HeldTask): void {
    this.#byId.delete(held.id);
    this.#byRun.delete(held.run);
    this.#changed();
  }

  /** Say something to the queue of a delivery that is not held. */
  answer(reply: string, how: Acknowledgement): void {
    this.#answers.push([reply, how]);
    this.#changed();
  }

  /** Say what there is to say. */
  speak(): void {
    for (const [reply, how] of this.#answers.splice(0)) acknowledge(this.#connection, reply, how);
  }

  /** Tell the queue what is still worked on, before it takes us for dead. */
  renew(): void {
    const now = Date.now();
    for (const held of this.#byId.values()) {
      if (now - held.touchedAt < renewMs * 0.9) continue;
      held.touchedAt = now;
      acknowledge(this.#connection, held.delivery.reply, 'working');
    }
  }

  /**
   * What the heartbeat says is held: with their newest deliveries, and since when those that run compute.
   * @param running the runs that compute now, and since when, ms since 1970.
   */
  holdings(running: readonly { run: number; since: number }[]): Beat['held'] {
    const since = new Map(running.map((one) => [one.run, one.since]));
    return [...this.#byId.values()].map(({ run, ended, task, delivery }) => ({
      campaign: task.campaign,
      task: task.id,
      reply: delivery.reply,
      runningSince: ended ? null : (since.get(run) ?? null),
    }));
  }
}
