import type { ActorPlan } from '../protocol/actor.ts';
import type { Says } from '../protocol/events.ts';
import { protocolVersion, type Task } from '../protocol/task.ts';
import type { CampaignLog, SnapshotStore, TaskQueue } from '../runtime/contracts.ts';
import { Standby } from '../runtime/standby.ts';
import { MemoryClaims } from './memory-claims.ts';
import type { MemoryConnection } from './memory-connection.ts';
import type { WorkerChange } from './worker-table.ts';

/** What a process that runs actors reaches the world through; a planted fault replaces one of them. */
export interface Ports {
  readonly log: CampaignLog;
  readonly snapshots: SnapshotStore;
  readonly queue: TaskQueue;
}

export interface ActorProcessOptions {
  /** Unique among all processes and all their lives. */
  readonly name: string;
  readonly plans: readonly ActorPlan[];
  readonly connection: MemoryConnection;
  readonly completeTask: (request: unknown, source: string, createdAt: number) => Task;
  readonly plant: (ports: Ports) => Ports;
  readonly fail: (error: unknown) => void;
}

/** After its death others notice that a process is gone, ms. */
const missedMs = 300;

/** One life of a process that runs the actors that nobody else runs, and watches the fleet while it runs its actor. */
export class ActorProcess {
  readonly connection: MemoryConnection;
  readonly #options: ActorProcessOptions;
  readonly #claims: MemoryClaims;
  #standby: Standby | null = null;
  #watch: { close(): Promise<void> } | null = null;
  #told = 0;

  constructor(options: ActorProcessOptions) {
    this.#options = options;
    this.connection = options.connection;
    const names = options.plans.map(({ actor }) => actor.name);
    this.#claims = new MemoryClaims(options.connection, options.name, names);
    this.#start().catch(options.fail);
  }

  /** State and context of the actors that run here, by name. */
  get views(): Readonly<Record<string, { value: unknown; context: unknown }>> {
    return this.#standby?.views ?? {};
  }

  /** Others notice it a moment later. */
  noticeDeath(after: (delayMs: number, callback: () => void) => void): void {
    const { server, campaign } = this.connection;
    after(missedMs, () => {
      if (server.isDown) this.noticeDeath(after);
      else server.claims(campaign).end(this.#claims.session);
    });
  }

  async stop(): Promise<void> {
    await this.#watch?.close();
    await this.#standby?.stop();
  }

  async #start(): Promise<void> {
    const { plans, connection, completeTask, fail } = this.#options;
    this.#standby = await Standby.start({
      plans,
      ...this.#options.plant(connection),
      claims: this.#claims,
      clock: connection.clock,
      completeTask,
      changed: (running) => this.#watchFleet(running.includes('fleet')),
      fail,
    });
  }

  #watchFleet(isOurs: boolean): void {
    if (isOurs === (this.#watch !== null)) return;
    if (!isOurs) {
      void this.#watch?.close();
      this.#watch = null;
      return;
    }
    const { connection } = this.#options;
    const { workers } = connection.server;
    let isOver = false;
    let following: { close(): Promise<void> } | null = null;
    this.#watch = {
      close: async () => {
        isOver = true;
        await following?.close();
      },
    };
    void connection
      .request(() => ({ all: workers.all, asOf: workers.size }))
      .then(({ all, asOf }) => {
        if (isOver) return;
        this.#told += 1;
        this.#tell(`listed/${this.#options.name}/${this.#told}`, { type: 'workers.listed', workers: all, asOf });
        let place = asOf;
        following = connection.follow(workers, asOf + 1, (change) => this.#tellChange(change, (place += 1)));
      });
  }

  #tellChange(change: WorkerChange, asOf: number): void {
    const event: Says<'host'> =
      change.what === 'seen'
        ? { type: 'worker.seen', ...change.worker, asOf }
        : { type: 'worker.gone', worker: change.worker, reason: change.reason, asOf };
    this.#tell(`workers/${asOf}`, event);
  }

  #tell(id: string, event: Says<'host'>): void {
    const saidAt = this.connection.clock.now();
    const fact = { v: protocolVersion, id, number: null, cause: null, heardAt: null, saidAt, event } as const;
    this.connection.log.append('host', fact).catch(this.#options.fail);
  }
}
