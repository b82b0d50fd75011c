/** A whole campaign in one process and in virtual time: the real actors and runtime, simulated workers, and the faults of a scenario. */
import { createHash } from 'node:crypto';
import { Auditor, type AuditReport } from '../audit/auditor.ts';
import { taskMaker } from '../campaign/composition.ts';
import type { ActorPlan } from '../protocol/actor.ts';
import { messageOf } from '../protocol/errors.ts';
import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { isWithdrawn, protocolVersion, type Task, type TaskResult, toTaskFailure } from '../protocol/task.ts';
import { ActorProcess, type Ports } from './actor-process.ts';
import { ComputingChecks } from './computing-checks.ts';
import type { Fault, Silence } from './faults.ts';
import { RunMeasures, type Measures } from './measures.ts';
import { MemoryConnection } from './memory-connection.ts';
import { MemoryServer } from './memory-server.ts';
import type { Fate } from './process-life.ts';
import type { Scenario } from './scenario.ts';
import { SeededRandom } from '../ml/seeded-random.ts';
import type { SimulatedCampaign } from './simulated-campaign.ts';
import { computationOf } from './simulated-results.ts';
import { SimulatedHands } from './simulated-hands.ts';
import { SimulatedWorker, type Computation } from './simulated-worker.ts';
import { VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  readonly scenario: Scenario;
  readonly campaign: SimulatedCampaign;
  /** Faults of a program that looks right, to see that they are found: between a process and the world, and in the server. */
  readonly plant?: { readonly ports?: (ports: Ports) => Ports; readonly server?: (server: MemoryServer) => void };
  /** What comes of a task, where that is not to follow from the seed. What it throws is a violation, and ends the run. */
  readonly compute?: (task: Task) => Promise<Computation>;
  /** Shown every fact as it is stored. */
  readonly observe?: (fact: StoredFact) => void;
  /** Told now and then how far the run is. */
  readonly progress?: (done: { recorded: number; facts: number }) => void;
}

/** What came of a run. */
export interface Outcome {
  /** What should not be, the first of it first; empty when all is well. */
  readonly violations: readonly { readonly sequence: number; readonly message: string }[];
  /** The last facts of the log, up to some thousand. */
  readonly lastFacts: readonly StoredFact[];
  readonly audit: AuditReport;
  readonly measures: Measures;
  /** SHA-256 of every message of the log: of the same history the same. */
  readonly history: string;
  /** Lives of processes that host actors, and computations beyond the first of a task. */
  readonly lives: number;
  readonly startedAgain: number;
  /** Of all snapshots that were written; a server takes 1 MB. */
  readonly largestSnapshotBytes: number;
  readonly virtualMs: number;
  readonly steps: number;
}

/** The campaign's id on the server of every world. */
export const campaignId = 'simulated';
const restMs = 15_000;
const keptFacts = 2_000;
const factsPerTidying = 4_096;

/** Run a scenario to its end and check all that must hold. */
export async function runScenario(options: WorldOptions): Promise<Outcome> {
  return new World(options).run();
}

class World {
  readonly #scenario: Scenario;
  readonly #options: WorldOptions;
  readonly #plans: readonly ActorPlan[];
  readonly #time = new VirtualTime();
  readonly #server = new MemoryServer(this.#time);
  readonly #random: SeededRandom;
  readonly #audit: Auditor;
  readonly #measures: RunMeasures;
  readonly #checks = new ComputingChecks();
  readonly #violations: { sequence: number; message: string }[] = [];
  readonly #hash = createHash('sha256');
  readonly #startedAt = this.#time.now();
  readonly #hosts: (ActorProcess | null)[] = [];
  readonly #workers: (SimulatedWorker | null)[] = [];
  readonly #operator: MemoryConnection;
  /** Faults whose time has come, and after how many steps they happen. */
  readonly #due: { fault: Fault; inSteps: number }[] = [];
  #lastFacts: StoredFact[] = [];
  /** The last results as they came. */
  readonly #results: string[] = [];
  #lives = 0;
  #workersMade = 0;
  readonly #hands: SimulatedHands;
  #asked = 0;
  #recorded = 0;
  #steps = 0;
  #endedAt: number | null = null;
  /** Everything that was broken is mended by then. */
  #mendedAt = 0;

  constructor(options: WorldOptions) {
    const { scenario, campaign } = options;
    this.#options = options;
    this.#scenario = scenario;
    this.#plans = campaign.plansOf(scenario);
    this.#random = SeededRandom.of(scenario.seed, 'world');
    this.#audit = new Auditor(this.#plans);
    this.#measures = new RunMeasures(scenario.workers * scenario.slots);
    this.#operator = this.#connect('operator');
    this.#hands = new SimulatedHands(scenario.candidates);
    options.plant?.server?.(this.#server);
  }

  async run(): Promise<Outcome> {
    const { hosts, workers, faults } = this.#scenario;
    const log = this.#server.log(campaignId);
    log.onStored((sequence) => this.#hear(sequence));
    for (let index = 0; index < workers; index += 1) this.#startWorker(index);
    for (let index = 0; index < hosts; index += 1) this.#startHost(index);
    for (const fault of faults) {
      const { after, steps } = fault;
      if ('facts' in after) continue;
      this.#time.after(after.ms, () => this.#due.push({ fault, inSteps: steps }));
      this.#mendedAt = Math.max(this.#mendedAt, this.#startedAt + after.ms);
    }
    this.#ask({ type: 'run.requested' });
    await this.#live();
    if (this.#violations.length === 0) await this.#close();
    return this.#judge();
  }

  /** Let time pass until the campaign has ended and come to rest, or something is wrong. */
  async #live(): Promise<void> {
    const { total, workers, faults, tasks } = this.#scenario;
    const limitMs = 300_000 + 60 * (tasks.medianMs + 2_000) * (1 + total / workers);
    const mostSteps = 300_000 + 1_500 * (total + workers) + 10_000 * faults.length;
    while (this.#violations.length === 0) {
      if (!(await this.#time.step())) this.#wrong('nothing is due any more, and the campaign has not ended');
      this.#steps += 1;
      this.#strike();
      const now = this.#time.now();
      if (this.#endedAt !== null) {
        // A second computation of a task may go on, and the queue holds its task for as long.
        if (this.#workers.some((worker) => worker?.isComputing === true))
          this.#mendedAt = Math.max(this.#mendedAt, now);
        if (now > Math.max(this.#endedAt, this.#mendedAt) + restMs) return;
      } else if (now > Math.max(this.#startedAt, this.#mendedAt) + limitMs) {
        this.#wrong(`the campaign has not ended ${Math.round(limitMs / 1_000)} s after the last fault`);
      }
      if (this.#steps > mostSteps) this.#wrong('the campaign goes on and on');
    }
  }

  /** Let the faults happen whose moment has come. */
  #strike(): void {
    if (this.#due.length === 0) return;
    for (const due of this.#due.splice(0)) {
      if (this.#endedAt !== null) continue;
      if (due.inSteps > 0) this.#due.push({ ...due, inSteps: due.inSteps - 1 });
      else this.#happen(due.fault);
    }
  }

  #happen(fault: Fault): void {
    switch (fault.what) {
      case 'crash':
        if (fault.of === 'actors') this.#killHost(fault.index, fault.forMs);
        else this.#killWorker(fault.index, fault.forMs);
        break;
      case 'freeze':
      case 'cut':
        this.#silence(fault);
        break;
      case 'clock':
        this.#connectionOf(fault)?.life.jump(fault.byMs);
        break;
      case 'server-killed':
        if (this.#server.isDown) break;
        this.#server.kill(() => this.#random.chance(0.4));
        this.#mend(fault.forMs, () => this.#server.revive());
        break;
      case 'server-clock':
        this.#server.jump(fault.byMs);
        break;
      case 'blackout':
        for (let index = 0; index < this.#hosts.length; index += 1) this.#killHost(index, fault.forMs);
        break;
      case 'late-result': {
        const json = this.#results.at(-fault.back);
        if (json === undefined || this.#server.isDown) break;
        this.#asked += 1;
        this.#server.log(campaignId).store('worker', json, `late/${this.#asked}`);
        break;
      }
      case 'drain':
        this.#ask({ type: 'drain.requested', reason: 'asked' });
        break;
      case 'hands':
        this.#ask(this.#hands.event(fault.wish));
        if (fault.wish.do !== 'move') break;
        this.#mend(fault.forMs, () => {
          for (const event of this.#hands.takeBack()) this.#ask(event);
        });
        break;
    }
  }

  #mend(afterMs: number, mend: () => void): void {
    this.#mendedAt = Math.max(this.#mendedAt, this.#time.now() + afterMs);
    this.#time.after(afterMs, mend);
  }

  #connectionOf({ of, index }: { of: 'actors' | 'worker'; index: number }): MemoryConnection | null {
    const all = of === 'actors' ? this.#hosts : this.#workers;
    return all[index % all.length]?.connection ?? null;
  }

  #silence(fault: Silence): void {
    const connection = this.#connectionOf(fault);
    if (connection === null) return;
    const worker = this.#workers.find((one) => one?.connection === connection);
    if (fault.what === 'freeze') connection.life.freeze();
    else connection.cut();
    worker?.silence();
    this.#mend(fault.forMs, () => {
      if (fault.what === 'freeze') connection.life.thaw();
      else connection.heal();
      worker?.recover();
    });
  }

  #fate = (): Fate => this.#random.pick(['lost', 'lost', 'done', 'late']);

  #killHost(place: number, forMs: number): void {
    const index = place % this.#hosts.length;
    const host = this.#hosts[index] ?? null;
    if (host === null) return;
    this.#hosts[index] = null;
    host.connection.die(this.#fate);
    host.noticeDeath((delayMs, callback) => this.#time.after(delayMs, callback));
    this.#mend(forMs, () => this.#startHost(index));
  }

  #killWorker(place: number, forMs: number): void {
    const index = place % this.#workers.length;
    const worker = this.#workers[index] ?? null;
    if (worker === null) return;
    this.#workers[index] = null;
    worker.die(this.#fate);
    this.#mend(forMs, () => this.#startWorker(index));
  }

  #startHost(index: number): void {
    this.#lives += 1;
    const name = `actor host ${index + 1}, life ${this.#lives}`;
    this.#hosts[index] = new ActorProcess({
      name,
      plans: this.#plans,
      connection: this.#connect(name),
      completeTask: taskMaker(campaignId, (candidate) => ({ candidate })),
      plant: this.#options.plant?.ports ?? ((ports) => ports),
      fail: (error) => this.#wrong(`${name} failed: ${messageOf(error)}`),
    });
  }

  #startWorker(index: number): void {
    const { seed, slots, tasks } = this.#scenario;
    this.#workersMade += 1;
    const id = `worker-${this.#workersMade}`;
    const { campaign, compute } = this.#options;
    const { objective } = campaign;
    this.#workers[index] = new SimulatedWorker({
      id,
      slots,
      connection: this.#connect(id),
      time: this.#time,
      random: SeededRandom.of(seed, `${id}/silence`),
      compute: (task) => {
        if (compute !== undefined) return this.#compute(task, compute);
        const computation = computationOf(task, { seed, model: tasks, objective });
        this.#measures.noteComputed(computation.durationMs);
        return computation;
      },
      note: (task, what) => this.#checks.note(task, what),
    });
  }

  async #compute(task: Task, compute: (task: Task) => Promise<Computation>): Promise<Computation> {
    try {
      const computation = await compute(task);
      this.#measures.noteComputed(computation.durationMs);
      return computation;
    } catch (error) {
      this.#wrong(`task ${task.id} cannot be computed: ${messageOf(error)}`);
      return { durationMs: 0, value: null, failure: toTaskFailure(error) };
    }
  }

  #connect(name: string): MemoryConnection {
    const { seed, weather } = this.#scenario;
    const random = SeededRandom.of(seed, name);
    const latencyMs = (): number => weather.latencyMs * (0.2 + 1.6 * random.next());
    // Once the campaign has ended it comes to rest.
    const share = (astray: number): number => (this.#endedAt === null ? astray : 0);
    return new MemoryConnection(this.#server, {
      campaign: campaignId,
      time: this.#time,
      random,
      weather: { latencyMs, lost: () => share(weather.lost), unanswered: () => share(weather.unanswered) },
    });
  }

  #ask(event: Says<'operator'>): void {
    this.#asked += 1;
    const saidAt = this.#time.now();
    const id = `operator/${this.#asked}`;
    const fact = { v: protocolVersion, id, number: null, cause: null, heardAt: null, saidAt, event } as const;
    void this.#operator.log.append('operator', fact);
  }

  /** A fact was stored. */
  #hear(sequence: number): void {
    const log = this.#server.log(campaignId);
    let fact: StoredFact | null;
    try {
      fact = log.at(sequence);
    } catch (error) {
      this.#wrong(`a message that is no fact: ${messageOf(error)}`);
      return;
    }
    if (fact === null) return;
    const json = log.textAt(sequence) ?? '';
    this.#hash.update(`${fact.source} ${fact.storedAt} ${json}\n`);
    this.#audit.take(fact);
    this.#measures.take(fact);
    this.#options.observe?.(fact);
    this.#lastFacts.push(fact);
    if (fact.source === 'worker') {
      const { task, failure } = fact.event['result'] as TaskResult;
      if (isWithdrawn(failure)) this.#checks.noteUnrun(task);
      this.#results.push(json);
      if (this.#results.length > 8) this.#results.shift();
    }
    if (fact.event.type === 'result.recorded') this.#recorded += 1;
    if (fact.source === 'campaign' && fact.event.type === 'campaign.ended') this.#endedAt ??= this.#time.now();
    if (fact.source === 'campaign' && fact.event.type === 'campaign.paused') this.#ask({ type: 'run.requested' });
    for (const fault of this.#scenario.faults) {
      if ('facts' in fault.after && fault.after.facts === sequence) this.#due.push({ fault, inSteps: fault.steps });
    }
    if (sequence % factsPerTidying === 0) this.#tidy();
  }

  /** Forget what everybody has passed. */
  #tidy(): void {
    const positions = this.#plans.map(({ actor }) => this.#server.snapshotPosition(`${campaignId}.${actor.name}`));
    const log = this.#server.log(campaignId);
    log.dropPassed(Math.min(...positions));
    this.#lastFacts = this.#lastFacts.slice(-keptFacts);
    this.#options.progress?.({ recorded: this.#recorded, facts: log.size });
  }

  #wrong(message: string): void {
    this.#violations.push({ sequence: this.#server.log(campaignId).size, message });
  }

  /** At rest every actor runs, in one place; then each process hands over to those that are left. */
  async #close(): Promise<void> {
    this.#checkRest();
    for (const host of this.#hosts) if (host !== null) await this.#time.drive(host.stop());
  }

  #checkRest(): void {
    const running = this.#hosts.flatMap((host) => Object.keys(host?.views ?? {}));
    for (const { actor } of this.#plans) {
      const places = running.filter((name) => name === actor.name).length;
      if (places !== 1) this.#wrong(`actor ${actor.name} runs in ${places} places`);
    }
    const left = [...this.#server.queue.held(campaignId)];
    if (left.length > 0) this.#wrong(`the queue still holds ${left.slice(0, 10).join(', ')}`);
  }

  #judge(): Outcome {
    const audit = this.#audit.finish({ isOver: this.#endedAt !== null });
    const size = this.#server.log(campaignId).size;
    const computed = this.#checks.violations.map((message) => ({ sequence: size, message }));
    return {
      violations: [...audit.violations, ...this.#violations, ...computed],
      lastFacts: this.#lastFacts,
      audit,
      measures: this.#measures.finish(this.#endedAt),
      history: this.#hash.digest('hex'),
      lives: this.#lives,
      startedAgain: this.#checks.startedAgain,
      largestSnapshotBytes: this.#server.largestSnapshot,
      virtualMs: (this.#endedAt ?? this.#time.now()) - this.#startedAt,
      steps: this.#steps,
    };
  }
}
