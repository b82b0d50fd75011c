/** A whole campaign in memory and virtual time whose host dies again and again: what the crash tests run, and what they check. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder } from '../../../src/campaign/recorder.ts';
import { resultLineSchema } from '../../../src/campaign/result-line.ts';
import type { ActorPlan } from '../../../src/protocol/actor.ts';
import { LeaseError, messageOf } from '../../../src/protocol/errors.ts';
import type { Says } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { protocolVersion, type Task } from '../../../src/protocol/task.ts';
import { ActorHost } from '../../../src/runtime/actor-host.ts';
import type { CampaignLog, SnapshotStore, TaskQueue } from '../../../src/runtime/contracts.ts';
import { MemoryConnection, type Fate } from '../../../src/simulator/memory-connection.ts';
import { MemoryServer } from '../../../src/simulator/memory-server.ts';
import { SeededRandom } from '../../../src/simulator/seeded-random.ts';
import { SimulatedWorker, type Computation } from '../../../src/simulator/simulated-worker.ts';
import { VirtualTime } from '../../../src/simulator/virtual-time.ts';
import { checkLog, expectSame } from './log-checks.ts';
import { completeTaskOf, plansOf, valueOf } from './simulated-campaign.ts';

/** What the host reaches the world through; a planted fault replaces one of them. */
export interface Ports {
  readonly log: CampaignLog;
  readonly snapshots: SnapshotStore;
  readonly queue: TaskQueue;
}

export interface CrashOptions {
  readonly seed: number;
  readonly policy: 'batched' | 'random';
  /** A fault between the host and the world, to see that the checks find it. */
  readonly plant?: (ports: Ports) => Ports;
}

export interface CrashOutcome {
  /** What should not have happened; empty when all is well. */
  readonly violations: readonly string[];
  /** Every message of the log. */
  readonly facts: readonly StoredFact[];
  readonly plans: readonly ActorPlan[];
  readonly lives: number;
  readonly steps: number;
}

const campaign = 'crash';
const maxSteps = 60_000;

/** How one host ends: dead with the server's memory of ids gone, dead with requests still on their way, or alive unawares. */
type Ending = 'dead' | 'late' | 'zombie';

interface Life {
  readonly connection: MemoryConnection;
  host: ActorHost | null;
  recorder: Recorder | null;
  failure: unknown;
  /** Whether its fleet was told of, so that changes follow. */
  isWatching: boolean;
}

/** Run one campaign from its start to its end, through as many deaths as its seed has for it, and check all that was promised. */
export async function runCrashCampaign(options: CrashOptions): Promise<CrashOutcome> {
  const world = new CrashWorld(options);
  try {
    return await world.run();
  } finally {
    world.close();
  }
}

class CrashWorld {
  readonly #options: CrashOptions;
  readonly #random: SeededRandom;
  readonly #time = new VirtualTime();
  readonly #server = new MemoryServer(this.#time);
  readonly #folder = mkdtempSync(join(tmpdir(), 'cox-crash-'));
  readonly #results = join(this.#folder, 'results.jsonl');
  readonly #plans: readonly ActorPlan[];
  readonly #weather: { latencyMs: () => number; lost: number; unanswered: number };
  readonly #pace: { taskMs: number; failing: number; killSteps: number };
  readonly #workers = new Map<string, SimulatedWorker>();
  readonly #computed = new Map<string, { started: number; computed: number; diedWith: number }>();
  readonly #violations: string[] = [];
  #life: Life | null = null;
  /** The last place in the bucket of workers. */
  #place = 0;
  #zombie: Life | null = null;
  #lives = 0;
  #steps = 0;
  #killsLeft: number;
  #killAt = Infinity;
  #workersMade = 0;
  #watched = 0;
  #asked = 0;
  /** Once the campaign has ended, everything gets some time to come to rest. */
  #restUntil = Infinity;
  /** Until then requests of a dead process may still arrive. */
  #lateUntil = -Infinity;

  constructor(options: CrashOptions) {
    this.#options = options;
    const random = (this.#random = new SeededRandom(options.seed));
    const initial = 1 + random.below(3);
    const total = initial + random.below(5);
    const numbers = { total, initial, batch: 1 + random.below(2), seed: options.seed };
    this.#plans = plansOf(options.policy, 3 + random.below(20), numbers);
    const latencyMs = random.spread(0.1, random.chance(0.3) ? 400 : 20);
    const astray = random.chance(0.4) ? 0.04 : 0;
    this.#weather = {
      latencyMs: () => latencyMs * (0.2 + 1.6 * random.next()),
      lost: astray,
      unanswered: astray,
    };
    this.#pace = {
      taskMs: random.spread(2, 5_000),
      failing: random.chance(0.5) ? 0.15 : 0,
      killSteps: random.spread(20, 600),
    };
    this.#killsLeft = random.below(7);
  }

  async run(): Promise<CrashOutcome> {
    for (let n = 0; n <= this.#random.below(3); n += 1) this.#addWorker();
    this.#begin();
    while (this.#restUntil > this.#time.now() && this.#violations.length === 0) {
      if (!(await this.#time.step())) this.#violations.push('nothing is due any more, and the campaign has not ended');
      this.#steps += 1;
      if (this.#steps > maxSteps) this.#violations.push('the campaign goes on and on');
      this.#live();
    }
    const facts = await this.#finish();
    if (this.#violations.length === 0) this.#check(facts);
    const { seed, policy } = this.#options;
    const violations = this.#violations.map((violation) => `${policy}, seed ${seed}: ${violation}`);
    return { violations, facts, plans: this.#plans, lives: this.#lives, steps: this.#steps };
  }

  close(): void {
    this.#life?.recorder?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** After every step: does somebody die now? */
  #live(): void {
    const { failure } = this.#life ?? {};
    if (failure !== undefined) {
      // Whom a predecessor's last write, or a successor, has fenced: it is started again.
      if (failure instanceof LeaseError) this.#end('late');
      else this.#violations.push(`the host failed: ${messageOf(failure)}`);
    }
    if (this.#zombie?.failure !== undefined) this.#bury();
    if (this.#steps >= this.#killAt && this.#life !== null) {
      this.#end((['dead', 'dead', 'late', 'zombie'] as const)[this.#random.below(4)] ?? 'dead');
    }
    if (this.#killsLeft > 0 && this.#random.chance(0.002)) this.#loseWorker();
    if (this.#killsLeft > 0 && this.#random.chance(0.001)) this.#ask({ type: 'drain.requested', reason: 'asked' });
  }

  /** Start the host, as `cox run` does; it may die at any point of it. */
  #begin(): void {
    this.#lives += 1;
    this.#killAt = this.#killsLeft > 0 ? this.#steps + 1 + this.#random.below(this.#pace.killSteps) : Infinity;
    const life: Life = {
      connection: this.#connect(),
      host: null,
      recorder: null,
      failure: undefined,
      isWatching: false,
    };
    this.#life = life;
    const fail = (error: unknown): void => {
      life.failure ??= error;
    };
    this.#start(life, fail).catch(fail);
  }

  async #start(life: Life, fail: (error: unknown) => void): Promise<void> {
    const { connection } = life;
    const { log, snapshots, queue } = (this.#options.plant ?? ((same) => same))(connection);
    life.recorder = new Recorder(this.#results);
    life.host = await ActorHost.start({
      plans: this.#plans,
      log,
      snapshots,
      queue,
      clock: connection.clock,
      completeTask: completeTaskOf(campaign),
      fail,
    });
    life.isWatching = true;
    const asOf = ++this.#place;
    const workers = [...this.#workers.values()].map(({ id, slots }) => ({
      worker: id,
      host: 'simulated',
      slots,
      asOf,
    }));
    await this.#say('host', { type: 'workers.listed', workers, asOf });
    await this.#say('operator', { type: 'run.requested' });
    await connection.log.follow(1, (fact) => {
      try {
        if (life === this.#life) life.recorder?.take(fact);
      } catch (error) {
        fail(error);
      }
      if (fact.source !== 'campaign') return;
      if (fact.event.type === 'campaign.ended') this.#rest();
      if (fact.event.type === 'campaign.paused' && fact.sequence > this.#watched) {
        this.#watched = fact.sequence;
        this.#ask({ type: 'run.requested' });
      }
    });
  }

  /** The campaign has ended: nobody dies any more. */
  #rest(): void {
    if (this.#restUntil < Infinity) return;
    this.#restUntil = this.#time.now() + 20_000;
    this.#time.after(20_000, () => undefined);
    this.#killsLeft = 0;
    this.#killAt = Infinity;
  }

  #end(ending: Ending): void {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    this.#killsLeft -= 1;
    this.#killAt = Infinity;
    life.recorder?.close();
    if (this.#random.chance(0.3)) this.#tearLastLine();
    // No server forgets an id within the two minutes in which a message that was sent with it may still arrive.
    const forgets = ending === 'dead' && this.#zombie === null && this.#time.now() > this.#lateUntil;
    this.#bury();
    if (ending === 'zombie') this.#zombie = life;
    else this.#kill(life.connection, forgets ? 'dead' : 'late');
    if (forgets) this.#forgetIds();
    if (this.#random.chance(0.3)) this.#loseWorker();
    this.#time.after(this.#random.spread(1, 5_000), () => this.#begin());
  }

  /** The last zombie ends, at the latest when the next one comes. */
  #bury(): void {
    if (this.#zombie !== null) this.#kill(this.#zombie.connection, 'late');
    this.#zombie = null;
  }

  #kill(connection: MemoryConnection, ending: 'dead' | 'late'): void {
    if (ending === 'late') this.#lateUntil = this.#time.now() + 5_000;
    connection.cut((): Fate => (this.#random.chance(0.5) ? 'lost' : ending === 'dead' ? 'done' : 'late'));
  }

  #forgetIds(): void {
    this.#server.log(campaign).ids.forget();
    this.#server.queue.ids.forget();
  }

  /** What a death in the middle of a write leaves behind. */
  #tearLastLine(): void {
    const text = readFileSync(this.#results, 'utf8');
    const lastLine = text.length - (text.lastIndexOf('\n', text.length - 2) + 1);
    if (lastLine > 0) truncateSync(this.#results, statSync(this.#results).size - this.#random.below(lastLine + 1));
    else appendFileSync(this.#results, '{"id":"simu');
  }

  #connect(): MemoryConnection {
    return new MemoryConnection(this.#server, {
      campaign,
      time: this.#time,
      random: this.#random,
      weather: this.#weather,
    });
  }

  #addWorker(): void {
    this.#workersMade += 1;
    const worker = new SimulatedWorker({
      id: `worker-${this.#workersMade}`,
      campaign,
      slots: 1 + this.#random.below(2),
      server: this.#server,
      connection: this.#connect(),
      time: this.#time,
      compute: (task) => this.#compute(task),
      note: (task, what) => {
        const counts = this.#computed.get(task) ?? { started: 0, computed: 0, diedWith: 0 };
        this.#computed.set(task, counts);
        counts[what === 'died-with' ? 'diedWith' : what] += 1;
      },
    });
    const { id, slots } = worker;
    this.#workers.set(id, worker);
    if (this.#life?.isWatching === true)
      void this.#say('host', { type: 'worker.seen', worker: id, host: 'simulated', slots, asOf: ++this.#place });
  }

  /** A worker dies; it is missed two seconds later, and another one comes. */
  #loseWorker(): void {
    const ids = [...this.#workers.keys()];
    const id = ids[this.#random.below(ids.length)];
    if (id === undefined) return;
    this.#workers.get(id)?.die(() => (this.#random.chance(0.5) ? 'lost' : 'late'));
    this.#workers.delete(id);
    this.#time.after(2_000, () => {
      const gone = { type: 'worker.gone', worker: id, reason: 'lost', asOf: ++this.#place } as const;
      if (this.#life?.isWatching === true) void this.#say('host', gone);
    });
    this.#time.after(this.#random.spread(10, 4_000), () => this.#addWorker());
  }

  #ask(event: Says<'operator'>): void {
    if (this.#life?.isWatching === true) void this.#say('operator', event);
  }

  async #say(source: 'host' | 'operator', event: Says<'host'> | Says<'operator'>): Promise<void> {
    const saidAt = this.#time.now();
    const id = `${source}/${(this.#asked += 1)}`;
    const fact = { v: protocolVersion, id, number: null, cause: null, heardAt: null, saidAt, event } as const;
    await this.#life?.connection.log.append(source, fact);
  }

  #compute(task: Task): Computation {
    const durationMs = this.#pace.taskMs * (0.3 + 1.4 * this.#random.next());
    if (this.#random.chance(this.#pace.failing)) {
      return { durationMs, value: null, failure: { code: 'x', message: 'failed', retry: 'never', details: {} } };
    }
    return { durationMs, value: valueOf(task), failure: null };
  }

  /** Let the host stop; every message of the log. */
  async #finish(): Promise<StoredFact[]> {
    const { host } = this.#life ?? {};
    if (this.#violations.length === 0 && host) await this.#time.drive(host.stop());
    const log = this.#server.log(campaign);
    const facts: StoredFact[] = [];
    for (let sequence = 1; sequence <= log.size; sequence += 1) {
      const fact = log.at(sequence);
      if (fact !== null) facts.push(fact);
    }
    return facts;
  }

  #check(facts: readonly StoredFact[]): void {
    const wrong = this.#violations;
    const { created, recorded, violations } = checkLog(this.#plans, facts);
    wrong.push(...violations);
    for (const { id } of created) {
      const { started, computed, diedWith } = this.#computed.get(id) ?? { started: 0, computed: 0, diedWith: 0 };
      if (started === 0) wrong.push(`${id} was never computed`);
      if (started > 1 + diedWith || computed > 1 + diedWith)
        wrong.push(`${id} was computed ${started} times, and ${diedWith} workers died with it`);
    }
    const lines = readFileSync(this.#results, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '');
    const written = lines.map((line) => resultLineSchema.parse(JSON.parse(line)).id);
    const tasks = recorded.map(({ event }) => String(event['task']));
    expectSame(wrong, 'tasks in results.jsonl, of those recorded', written, tasks);
    const left = [...this.#server.queue.held(campaign)];
    if (left.length > 0) wrong.push(`the queue still holds ${left.join(', ')}`);
    const views = this.#life?.host?.views ?? {};
    const counted = views['result-processor']?.context as { successes: number; failures: number } | undefined;
    const simulations = recorded.filter(({ event }) => event['topic'] === 'simulate');
    if (counted === undefined || counted.successes + counted.failures !== simulations.length)
      wrong.push(`counted ${JSON.stringify(counted)} of ${simulations.length} simulations`);
  }
}
