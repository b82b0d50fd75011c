import { protocolVersion, type Task, type TaskFailure, type TaskResult } from '../protocol/task.ts';
import type { Clock } from '../runtime/contracts.ts';
import type { Fate, MemoryConnection } from './memory-connection.ts';
import type { MemoryDelivery } from './memory-queue.ts';
import type { MemoryServer } from './memory-server.ts';

/** How a task goes: how long it takes, and what comes of it. */
export interface Computation {
  readonly durationMs: number;
  readonly value: unknown;
  readonly failure: TaskFailure | null;
}

export interface SimulatedWorkerOptions {
  readonly id: string;
  readonly campaign: string;
  readonly slots: number;
  readonly server: MemoryServer;
  readonly connection: MemoryConnection;
  readonly time: Clock;
  readonly compute: (task: Task) => Computation;
  /** Told when a task's computation starts and ends, and when it was taken and dropped by the worker's death. */
  readonly note: (task: string, what: 'started' | 'computed' | 'died-with') => void;
}

/** After so long without a sign of life a task is given to another worker, ms. */
const ackWaitMs = 3_000;

/** The id under which a task's result is stored: the server drops a second one. */
const resultId = ({ campaign, id }: Task): string => `${campaign}/${id}/finished`;

/**
 * A worker without anything to compute with: takes as many tasks as it has slots, reports results after virtual time has
 * passed, acknowledges a task when its result is stored.
 */
export class SimulatedWorker {
  readonly #options: SimulatedWorkerOptions;
  readonly #held = new Set<MemoryDelivery>();
  /** How each slot's request for a task is called off. */
  readonly #pulls: (() => void)[] = [];

  constructor(options: SimulatedWorkerOptions) {
    this.#options = options;
    for (let slot = 0; slot < options.slots; slot += 1) this.#pull(slot);
  }

  get id(): string {
    return this.#options.id;
  }

  get slots(): number {
    return this.#options.slots;
  }

  /** It is gone at once; what it held is given to others when its silence is noticed. @param fate of its last requests. */
  die(fate: () => Fate): void {
    this.#options.connection.cut(fate);
    for (const callOff of this.#pulls) callOff();
    for (const delivery of this.#held) {
      this.#options.note(delivery.task.id, 'died-with');
      this.#options.time.after(ackWaitMs, () => delivery.giveBack());
    }
  }

  #pull(slot: number): void {
    this.#pulls[slot] = this.#options.server.queue.pull((delivery) => void this.#work(delivery, slot));
  }

  async #work(delivery: MemoryDelivery, slot: number): Promise<void> {
    const { server, campaign, connection, note, compute, time } = this.#options;
    this.#held.add(delivery);
    const { task } = delivery;
    // On its way; and so that a slot is free again only after this call has returned.
    await new Promise<void>((resolve) => connection.clock.after(0, resolve));
    const pickedUp = time.now();
    // A task that comes again may have been finished before.
    if (delivery.delivery === 1 || !server.log(campaign).has(resultId(task))) {
      note(task.id, 'started');
      const computation = compute(task);
      await new Promise<void>((resolve) => connection.clock.after(computation.durationMs, resolve));
      note(task.id, 'computed');
      await this.#report(delivery, computation, pickedUp);
    }
    this.#held.delete(delivery);
    delivery.ack();
    this.#pull(slot);
  }

  async #report(delivery: MemoryDelivery, computation: Computation, pickedUp: number): Promise<void> {
    const { connection, id, time } = this.#options;
    const { task, queuedAt: queued } = delivery;
    const { durationMs, value, failure } = computation;
    const now = time.now();
    const result: TaskResult = {
      v: protocolVersion,
      task,
      success: failure === null,
      value,
      failure,
      attempts: [],
      worker: { id, host: 'simulated', child: 0 },
      resources: { wallMs: durationMs, cpuMs: durationMs },
      times: { created: task.createdAt, queued, pickedUp, computeStarted: now - durationMs, computeEnded: now },
      serialisationMs: { arguments: 0, value: 0 },
    };
    const fact = {
      v: protocolVersion,
      id: `${task.id}/finished/${id}/${delivery.delivery}`,
      number: null,
      cause: null,
      heardAt: null,
      saidAt: now,
      event: { type: 'task.finished', result },
    } as const;
    await connection.append('worker', fact, resultId(task));
  }
}
