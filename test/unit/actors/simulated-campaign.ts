import type { ActorDefinition, ActorPlan } from '../../../src/protocol/actor.ts';
import { eventSchemas, isSource, type Says } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { mergeBest, type Ranked } from '../../../src/protocol/ranking.ts';
import type { Task } from '../../../src/protocol/task.ts';
import { beginActor, recordOf, restoreActor, takeFact, type ActorState, type Step } from '../../../src/runtime/step.ts';
import { finished } from './sample-facts.ts';
import { SeededDice } from './seeded-dice.ts';

/** What happens to a campaign from outside, and how often; rates are per chance that there is. */
export interface Weather {
  readonly seed: number;
  /** Slots of the workers that are there at the start. */
  readonly workers: readonly number[];
  /** Of 100 moves, so many let an actor hear a fact if one waits: the fewer, the further actors lag behind. */
  readonly hearing: number;
  readonly simulationFails: number;
  readonly trainingFails: number;
  readonly scoringFails: number;
  /** A result that arrives a second time, later. */
  readonly duplicates: number;
  /** At most so many workers that join or go, and requests to drain or to go on, before the weather clears up. */
  readonly fleetChanges: number;
  readonly drains: number;
  /** An actor's process dies: it goes on from an older record, and says again what it had said since. */
  readonly restarts: number;
  /** One actor hears nothing for so many moves at a time. */
  readonly stalls: number;
  /** A fact that is stored after those that were said later: the connection broke, and it was sent again. */
  readonly reorders: number;
}

/** Nothing goes wrong. */
const calm: Weather = {
  seed: 1,
  workers: [2],
  hearing: 90,
  simulationFails: 0,
  trainingFails: 0,
  scoringFails: 0,
  duplicates: 0,
  fleetChanges: 0,
  drains: 0,
  restarts: 0,
  stalls: 0,
  reorders: 0,
};

interface RunningActor {
  readonly definition: ActorDefinition;
  state: ActorState;
  /** Every fact that it hears, in the order of the log, and how many of them it has heard. */
  readonly mailbox: StoredFact[];
  heard: number;
  /** An older record to go on from after a restart, and where it stood. */
  saved: { record: unknown; heard: number };
  /** All that it said, by id: what is said again after a restart is the same, and stored once. */
  readonly stored: Map<string, string>;
  stalledFor: number;
}

interface Worker {
  readonly slots: number;
  readonly running: Task[];
}

/** A whole campaign in one process, without time, sockets or runtime: a log, its actors, and workers that only pretend. */
export class SimulatedCampaign {
  readonly log: StoredFact[] = [];
  readonly actors: ReadonlyMap<string, RunningActor>;
  readonly #weather: Weather;
  readonly #dice: SeededDice;
  readonly #workers = new Map<string, Worker>();
  readonly #queue: Task[] = [];
  /** Ids of tasks that are withdrawn: those that wait in the queue end. */
  readonly #withdrawn = new Set<string>();
  readonly #candidates: number;
  /** Ids of tasks whose end was told. */
  readonly #finished = new Set<string>();
  readonly #duplicates: Says<'worker'>[] = [];
  /** Facts that are on their way to the log. */
  readonly #unstored: (() => void)[] = [];
  #hired = 0;
  #fleetChanges: number;
  #drains: number;
  #moves = 0;

  constructor(plans: readonly ActorPlan[], weather: Partial<Weather>) {
    this.#weather = { ...calm, ...weather };
    this.#dice = new SeededDice(this.#weather.seed);
    this.#fleetChanges = this.#weather.fleetChanges;
    this.#drains = this.#weather.drains;
    const [submitting] = plans.filter(({ actor }) => actor.name === 'submitter');
    this.#candidates = (submitting?.input as { candidates: number }).candidates;
    const actors = plans.map(({ actor, input }): [string, RunningActor, Step] => {
      const first = beginActor(actor, input, 0);
      const saved = { record: JSON.parse(JSON.stringify(recordOf(actor, first))) as unknown, heard: 0 };
      const running = {
        definition: actor,
        state: first,
        mailbox: [],
        heard: 0,
        saved,
        stored: new Map<string, string>(),
        stalledFor: 0,
      };
      return [actor.name, running, first];
    });
    this.actors = new Map(actors.map(([name, actor]) => [name, actor]));
    for (const [, actor, first] of actors) this.#perform(actor, first);
    for (const slots of this.#weather.workers) this.#hire(slots);
    this.#tell('operator', { type: 'run.requested' });
  }

  /** State value of an actor. */
  stateOf(name: string): unknown {
    return (this.actors.get(name)?.state.snapshot as { value: unknown } | undefined)?.value;
  }

  contextOf(name: string): unknown {
    return (this.actors.get(name)?.state.snapshot as { context: unknown } | undefined)?.context;
  }

  /** Tasks that wait for a worker, or to be withdrawn, or run; not the copies of those that had finished at a worker that was lost. */
  get outstanding(): number {
    const tasks = [...this.#queue, ...[...this.#workers.values()].flatMap(({ running }) => running)];
    return tasks.filter(({ id }) => !this.#finished.has(id)).length;
  }

  /** Slots of the workers that live. */
  get slots(): number {
    return [...this.#workers.values()].reduce((total, worker) => total + worker.slots, 0);
  }

  /** Whether every actor has heard everything that was said to it. */
  get isQuiet(): boolean {
    if (this.#unstored.length > 0) return false;
    return [...this.actors.values()].every((actor) => actor.heard === actor.mailbox.length);
  }

  get #isOver(): boolean {
    return this.stateOf('campaign') === 'ended' || this.stateOf('campaign') === 'paused';
  }

  /** Ask for a drain. */
  drain(reason: string): void {
    this.#tell('operator', { type: 'drain.requested', reason });
  }

  /** Ask to go on. */
  resume(): void {
    this.#tell('operator', { type: 'run.requested' });
  }

  /**
   * Run until nothing moves any more: the campaign has ended, is paused, or waits for something that never comes. `whenQuiet`
   * looks at it each time that all facts were heard.
   */
  run(whenQuiet: () => void = () => undefined, mostMoves = 60_000): void {
    while (this.#move()) {
      this.#moves += 1;
      if (this.#moves > mostMoves) throw new Error(`not over after ${mostMoves} moves: ${this.describe()}`);
      if (this.isQuiet) whenQuiet();
    }
  }

  /** Where everything stands, for a message. */
  describe(): string {
    const states = [...this.actors.keys()].map((name) => `${name} ${JSON.stringify(this.stateOf(name))}`);
    const tail = this.log
      .slice(-12)
      .map((fact) => `${fact.sequence} ${fact.source}.${JSON.stringify(fact.event).slice(0, 160)}`);
    return [`${this.slots} slots, ${this.outstanding} tasks outstanding`, ...states, ...tail].join('\n');
  }

  /** One thing happens; false when nothing can. */
  #move(): boolean {
    const lagging = [...this.actors.values()].filter((actor) => actor.heard < actor.mailbox.length);
    const awake = lagging.filter((actor) => (actor.stalledFor -= 1) <= 0);
    if (awake.length > 0 && this.#dice.chance(this.#weather.hearing)) {
      const actor = this.#dice.pick(awake);
      this.#hear(actor);
      if (this.#dice.chance(this.#weather.stalls)) actor.stalledFor = this.#dice.below(400);
      if (this.#dice.chance(this.#weather.restarts)) this.#restart(this.#dice.pick([...this.actors.values()]));
      return true;
    }
    if (this.#unstored.length > 0 && (lagging.length === 0 || this.#dice.chance(10))) {
      for (const store of this.#unstored.splice(this.#dice.below(this.#unstored.length), 1)) store();
      return true;
    }
    const moves: (() => void)[] = [...this.#workMoves(), ...this.#weatherMoves()];
    // What is lost comes back: a campaign without workers waits for ever, and rightly so.
    if (moves.length === 0 && lagging.length === 0 && this.#workers.size === 0 && !this.#isOver) {
      moves.push(() => this.#hire(1 + this.#dice.below(3)));
    }
    if (moves.length > 0) this.#dice.pick(moves)();
    return moves.length > 0 || lagging.length > 0;
  }

  #workMoves(): (() => void)[] {
    const moves: (() => void)[] = [];
    for (const worker of this.#workers.values()) {
      const busy = worker.running.reduce((total, { slots }) => total + slots, 0);
      if (this.#queue.length > 0 && busy < worker.slots) {
        moves.push(() => worker.running.push(...this.#queue.splice(this.#dice.below(this.#queue.length), 1)));
      }
      if (worker.running.length > 0) moves.push(() => this.#finish(worker));
    }
    const unwanted = this.#queue.findIndex(({ id }) => this.#withdrawn.has(id));
    if (unwanted >= 0) {
      moves.push(() => {
        for (const task of this.#queue.splice(unwanted, 1)) {
          this.#tell('worker', finished(task, { failure: 'withdrawn', code: 'task.withdrawn' }));
        }
      });
    }
    if (this.#duplicates.length > 0) {
      moves.push(() => {
        for (const again of this.#duplicates.splice(this.#dice.below(this.#duplicates.length), 1))
          this.#tell('worker', again);
      });
    }
    return moves;
  }

  #weatherMoves(): (() => void)[] {
    const moves: (() => void)[] = [];
    if (this.#fleetChanges > 0 && this.#dice.chance(10)) moves.push(() => this.#changeFleet());
    if (this.#drains > 0 && this.#dice.chance(10)) {
      moves.push(() => {
        this.#drains -= 1;
        if (this.#dice.chance(60)) this.drain('somebody asked');
        else this.resume();
      });
    }
    const isPaused = this.isQuiet && this.stateOf('campaign') === 'paused';
    if (isPaused && this.#weather.drains > 0) moves.push(() => this.resume());
    return moves;
  }

  #changeFleet(): void {
    this.#fleetChanges -= 1;
    const leaves = this.#workers.size > 0 && this.#dice.chance(50);
    if (!leaves) {
      this.#hire(1 + this.#dice.below(3));
      return;
    }
    const [id, worker] = this.#dice.pick([...this.#workers]);
    this.#workers.delete(id);
    // Its tasks are given out again; now and then one had finished all the same.
    for (const task of worker.running) {
      if (this.#dice.chance(20)) this.#duplicates.push(this.#resultOf(task));
      this.#queue.push(task);
    }
    this.#tell('host', {
      type: 'worker.gone',
      worker: id,
      reason: this.#dice.chance(50) ? 'left' : 'lost',
      asOf: this.#place(),
    });
  }

  /** The next place in the bucket of workers. */
  #place(): number {
    return this.log.length + 1;
  }

  #hire(slots: number): void {
    this.#hired += 1;
    const id = `w${this.#hired}`;
    this.#workers.set(id, { slots, running: [] });
    this.#tell('host', { type: 'worker.seen', worker: id, host: 'h', slots, asOf: this.#place() });
  }

  #finish(worker: Worker): void {
    for (const task of worker.running.splice(this.#dice.below(worker.running.length), 1)) {
      const result = this.#resultOf(task);
      this.#tell('worker', result);
      if (this.#dice.chance(this.#weather.duplicates)) this.#duplicates.push(result);
    }
  }

  #resultOf(task: Task): Says<'worker'> {
    const { simulationFails, trainingFails, scoringFails } = this.#weather;
    const fails = { simulate: simulationFails, train: trainingFails, infer: scoringFails }[task.topic] ?? 0;
    if (this.#dice.chance(fails)) return finished(task, { failure: `${task.id} failed` });
    return finished(task, { value: valueOf(task, this.#candidates) });
  }

  #hear(actor: RunningActor): void {
    const fact = actor.mailbox[actor.heard];
    if (fact === undefined) throw new Error('nothing to hear');
    const step = takeFact(actor.definition, actor.state, fact);
    actor.state = { record: step.record, snapshot: step.snapshot };
    actor.heard += 1;
    this.#perform(actor, step);
    if (this.#weather.restarts > 0 && this.#dice.chance(10)) {
      const record = JSON.parse(JSON.stringify(recordOf(actor.definition, actor.state))) as unknown;
      actor.saved = { record, heard: actor.heard };
    }
  }

  #restart(actor: RunningActor): void {
    actor.state = restoreActor(actor.definition, actor.saved.record);
    actor.heard = actor.saved.heard;
  }

  /** Store what an actor said, but for what was stored before it was restarted; tasks go to the workers. */
  #perform(actor: RunningActor, { said }: Step): void {
    for (const { id, number, cause, event } of said) {
      const text = JSON.stringify(event);
      const before = actor.stored.get(id);
      if (before !== undefined && before !== text)
        throw new Error(`${id} was ${before}, and after a restart is ${text}`);
      if (before !== undefined) continue;
      actor.stored.set(id, text);
      const store = (): void => this.#append(actor.definition.name, event, { id, number, cause });
      if (this.#dice.chance(this.#weather.reorders)) this.#unstored.push(store);
      else store();
      if (event.type === 'task.withdrawn') this.#withdrawn.add(event['task'] as string);
      if (event.type === 'task.created') this.#queue.push(taskOf(event, actor.definition.name));
    }
  }

  #tell<S extends 'operator' | 'host' | 'worker'>(source: S, event: Says<S>): void {
    if (event.type === 'task.finished') this.#finished.add(event.result.task.id);
    this.#append(source, event, { id: `${source}/${this.log.length}`, number: null, cause: null });
  }

  #append(
    source: string,
    event: { type: string },
    { id, number, cause }: { id: string; number: number | null; cause: number | null },
  ): void {
    if (!isSource(source)) throw new Error(`${source} has no events in the protocol`);
    const parsed = eventSchemas[source].safeParse(event);
    if (!parsed.success) throw new Error(`${source}.${event.type}: ${parsed.error.message}`);
    const sequence = this.log.length + 1;
    const fact: StoredFact = {
      v: 1,
      id,
      number,
      cause,
      heardAt: null,
      saidAt: sequence,
      event,
      sequence,
      source,
      storedAt: sequence,
    };
    this.log.push(fact);
    // The whole log goes to everyone: what an actor does not hear keeps the order of its source.
    for (const actor of this.actors.values()) actor.mailbox.push(fact);
  }
}

const taskOf = (event: Record<string, unknown>, source: string): Task =>
  finished({ ...(event['task'] as Partial<Task>), source }, { value: null }).result.task;

/** A score that depends on the model and has many ties. */
const scoreOf = (candidate: number, model: string): number =>
  ((candidate * 7 + Number.parseInt(model.slice(0, 8), 16)) % 5) / 4;

/** What a task returns that does not fail. */
function valueOf(task: Task, candidates: number): unknown {
  if (task.topic === 'simulate') return { ionizationEnergyHa: 0.4 + (task.candidate ?? 0) / 1_000 };
  if (task.topic === 'train') return { model: task.number.toString(16).padStart(8, '0').padEnd(64, 'a') };
  if (task.method === 'choose-first') {
    const { count } = task.arguments as { count: number };
    return { ranking: Array.from({ length: Math.min(count, candidates) }, (_, i) => [candidates - 1 - i, -i]) };
  }
  if (task.method === 'arrange-ranking') {
    const { ranking, take } = task.arguments as { ranking: Ranked; take: number };
    return { ranking: [...ranking.slice(0, take).reverse(), ...ranking.slice(take)] };
  }
  const { from, to, exclude, keep, model } = task.arguments as {
    from: number;
    to: number;
    exclude: number[];
    keep: number;
    model: string;
  };
  const all: Ranked = Array.from({ length: to - from }, (_, i) => [from + i, scoreOf(from + i, model)]);
  return { best: mergeBest([all], keep, exclude), scored: to - from - exclude.length };
}
