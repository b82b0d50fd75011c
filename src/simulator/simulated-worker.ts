import { protocolVersion, type Task, type TaskFailure, type TaskResult } from '../protocol/task.ts';
import type { MemoryConnection } from './memory-connection.ts';
import type { MemoryDelivery } from './memory-queue.ts';
import type { Fate } from './process-life.ts';
import type { SeededRandom } from '../ml/seeded-random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a task goes: how long it takes, and what comes of it. */
export interface Computation {
  readonly durationMs: number;
  readonly value: unknown;
  readonly failure: TaskFailure | null;
}

/** What a world wants to know of a task at a worker. */
export type WorkerNote = 'started' | 'started-again' | 'computed' | 'given-back' | 'ended';

export interface SimulatedWorkerOptions {
  readonly id: string;
  readonly slots: number;
  readonly connection: MemoryConnection;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** How a task goes. What is really computed may take its time: virtual time stands still meanwhile. */
  readonly compute: (task: Task) => Computation | Promise<Computation>;
  /** `started-again`: although its result was stored; `given-back`: given to others; `ended`: so many ms computed for nothing or not. */
  readonly note: (task: Task, what: WorkerNote) => void;
}

/** After so long without a sign of life a task is given to another worker, ms; signs come every 0.8 s. */
const ackWaitMs = 2_500;
const signMs = 800;
/** So long after the death of a worker the fleet's watch gives its tasks back, ms. */
const missedMs = 300;
/** So long after a worker's last renewal its registration lapses, ms; it renews every 0.5 s. */
const registrationMs = 2_000;
const renewMs = 500;

/** The id under which a task's result is stored: the server drops a second one. */
const resultId = ({ campaign, id }: Task): string => `${campaign}/${id}/finished`;

/**
 * A worker without anything to compute with: takes as many tasks as it has slots, reports results after virtual time has
 * passed, acknowledges a task when its result is stored. What the server does about it (gives its tasks to others, forgets its
 * registration) happens here, too.
 */
export class SimulatedWorker {
  readonly #options: SimulatedWorkerOptions;
  /** What the server has given out to it and not heard the end of. */
  readonly #held = new Set<MemoryDelivery>();
  /** How each slot's request for a task is called off. */
  readonly #pulls: ((() => void) | null)[] = [];
  /** Since when it is connected, by the server's clock: what was queued before may have been finished before. */
  #boundAt: number;
  /** The life of the server that this worker has taken up the queue of. */
  #boundTo: number;
  #outages = 0;
  #computing = 0;

  constructor(options: SimulatedWorkerOptions) {
    this.#options = options;
    const { connection } = options;
    this.#boundAt = connection.server.now();
    this.#boundTo = connection.server.lives;
    void connection.request(() => this.#register());
    connection.onBack(() => this.#rebind());
    for (let slot = 0; slot < options.slots; slot += 1) this.#pull(slot);
  }

  get id(): string {
    return this.#options.id;
  }

  get slots(): number {
    return this.#options.slots;
  }

  get connection(): MemoryConnection {
    return this.#options.connection;
  }

  /** Whether it computes anything, be it for a second time and for nothing. */
  get isComputing(): boolean {
    return this.#computing > 0;
  }

  /** It is gone at once; what it held is given to others soon after. @param fate of its last requests. */
  die(fate: () => Fate): void {
    const { connection, random } = this.#options;
    connection.die(fate);
    this.#callOffPulls();
    // By the fleet's watch, unless nobody runs it at this moment.
    this.#giveBackAfter(random.chance(0.8) ? missedMs : ackWaitMs);
    this.#forgetAfter(missedMs, () => true);
  }

  /** From now on it gives no sign of life: it was frozen, or its link cut. Call `isSilent` until it does again. */
  silence(): void {
    const { random } = this.#options;
    const outage = (this.#outages += 1);
    const isSilent = (): boolean => this.#outages === outage;
    this.#giveBackAfter(ackWaitMs - signMs * random.next(), isSilent);
    this.#forgetAfter(registrationMs - renewMs * random.next(), isSilent);
  }

  /** It gives signs of life again. */
  recover(): void {
    this.#outages += 1;
    void this.connection.request(() => this.#register());
  }

  #register(): void {
    const { id, slots, connection } = this.#options;
    if (connection.isConnected) connection.server.workers.put({ worker: id, host: 'simulated', slots });
  }

  get #isSilent(): boolean {
    return !this.connection.isConnected || this.connection.life.isFrozen;
  }

  /** The server, or the way to it, was away: nothing that was asked for can be relied upon. */
  #rebind(): void {
    const { connection, slots } = this.#options;
    this.#boundAt = connection.server.now();
    this.#boundTo = connection.server.lives;
    this.#register();
    for (let slot = 0; slot < slots; slot += 1) {
      const pull = this.#pulls[slot] ?? null;
      if (pull === null) continue;
      pull();
      this.#pull(slot);
    }
  }

  #callOffPulls(): void {
    for (const callOff of this.#pulls) callOff?.();
  }

  #giveBackAfter(afterMs: number, isStill: () => boolean = () => true): void {
    const { time, connection } = this.#options;
    time.after(afterMs, () => {
      if (!isStill()) return;
      if (connection.server.isDown) this.#giveBackAfter(ackWaitMs, isStill);
      else for (const delivery of this.#held) this.#giveBack(delivery);
    });
  }

  #giveBack(delivery: MemoryDelivery): void {
    this.#held.delete(delivery);
    if (delivery.giveBack()) this.#options.note(delivery.task, 'given-back');
  }

  #forgetAfter(afterMs: number, isStill: () => boolean): void {
    const { time, connection } = this.#options;
    time.after(afterMs, () => {
      if (!isStill()) return;
      if (connection.server.isDown) this.#forgetAfter(registrationMs, isStill);
      else connection.server.workers.remove(this.id, 'lost');
    });
  }

  #pull(slot: number): void {
    const { connection } = this.#options;
    if (connection.server.lives !== this.#boundTo) {
      // The server was away: it is asked when the queue was taken up again.
      this.#pulls[slot] = () => undefined;
      return;
    }
    this.#pulls[slot] = connection.server.queue.pull((delivery) => {
      this.#pulls[slot] = null;
      this.#held.add(delivery);
      connection.receive(
        () => void this.#work(delivery, slot),
        // It went astray: to nobody's knowledge but the server's, which waits for a sign of life.
        () => this.#strand(delivery, slot),
      );
      if (this.#isSilent) this.#options.time.after(ackWaitMs, () => this.#isSilent && this.#giveBack(delivery));
    });
  }

  /** A delivery, or its acknowledgement, that did not arrive: it is given out again. */
  #strand(delivery: MemoryDelivery, slot: number | null): void {
    const { time, connection } = this.#options;
    time.after(ackWaitMs, () => this.#giveBack(delivery));
    if (slot === null || connection.life.isDead) return;
    // Asked for again with the next pull.
    connection.clock.after(ackWaitMs, () => this.#pulls[slot] === null && this.#pull(slot));
  }

  async #work(delivery: MemoryDelivery, slot: number): Promise<void> {
    const { connection, note, compute, time } = this.#options;
    const { task } = delivery;
    const pickedUp = connection.clock.now();
    // A task that comes again, or has waited long on its way, may have been finished before.
    const mayBeDone = delivery.delivery > 1 || delivery.queuedAt < this.#boundAt || !this.#held.has(delivery);
    const isDone = mayBeDone && (await connection.request(() => connection.server.finished.has(task)));
    const withdrawal = isDone ? null : this.#withdrawalOf(task);
    if (withdrawal !== null) {
      await this.#report(delivery, { durationMs: 0, value: null, failure: withdrawal }, pickedUp);
    } else if (!isDone) {
      note(task, !mayBeDone && connection.server.finished.has(task) ? 'started-again' : 'started');
      this.#computing += 1;
      const computed = compute(task);
      const computation = computed instanceof Promise ? await time.hold(computed) : computed;
      await new Promise<void>((resolve) => connection.clock.after(computation.durationMs, resolve));
      this.#computing -= 1;
      note(task, 'computed');
      await this.#report(delivery, computation, pickedUp);
    }
    note(task, 'ended');
    connection.tell(
      () => {
        this.#held.delete(delivery);
        delivery.ack();
      },
      () => this.#strand(delivery, null),
    );
    this.#pull(slot);
  }

  /** Why a task is not run, if word has come here that it is withdrawn. */
  #withdrawalOf(task: Task): TaskFailure | null {
    const { connection } = this.#options;
    const mark = connection.server.queue.withdrawalOf(task);
    if (mark === null || !connection.hasHeardOf(mark.at)) return null;
    const { by, reason } = mark;
    return { code: 'task.withdrawn', message: `withdrawn by ${by}: ${reason}`, retry: 'never', details: { ...mark } };
  }

  async #report(delivery: MemoryDelivery, computation: Computation, pickedUp: number): Promise<void> {
    const { connection, id } = this.#options;
    const { task, queuedAt: queued } = delivery;
    const { durationMs, value, failure } = computation;
    const now = connection.clock.now();
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
    await connection.append('worker', fact, resultId(task), () => connection.server.finished.note(task));
  }
}
