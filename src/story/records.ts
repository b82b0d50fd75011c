/** What a story keeps of a log, one fact at a time: columns and counts, and no fact itself. */
import { isSource, type Says, type Source } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { Beat } from '../protocol/registration.ts';
import type { TaskResult } from '../protocol/task.ts';
import { Books } from './books.ts';
import { Channels } from './channels.ts';
import { Clocks } from './clocks.ts';
import { Column } from './columns.ts';
import { Course } from './course.ts';
import { Knowledge } from './knowledge.ts';
import { Lanes } from './lanes.ts';
import { TaskTable, type ToldTask } from './task-table.ts';

/** What a story must know beside the log. */
export interface StoryOptions {
  readonly objective: {
    readonly topic: string;
    readonly field: string;
    readonly label: string;
    readonly unit: string;
    readonly also: { readonly unit: string; readonly factor: number };
  };
  readonly threshold: number;
  readonly seek: 'highest' | 'lowest';
  /** How many successes are wanted; null where nobody said. */
  readonly total: number | null;
  /** What people call what a task is about: a SMILES, else its id. */
  readonly labelOf: (task: ToldTask) => string;
  /** What people call a candidate; null, or left out, where the space is not loaded. */
  readonly nextLabel?: (candidate: number) => string | null;
}

/** A worker that is or was there. */
export interface KnownWorker {
  readonly host: string;
  slots: number;
  readonly joinedAt: number;
  goneAt: number | null;
  state: 'there' | 'draining' | 'left' | 'lost';
  done: number;
  failed: number;
  beat: Beat | null;
  heardAt: number | null;
}

type Recorded = Extract<Says<'result-processor'>, { type: 'result.recorded' }>;

const mostBest = 10;

export class Records {
  readonly options: StoryOptions;
  readonly tasks = new TaskTable();
  readonly lanes = new Lanes(this.tasks);
  readonly workers = new Map<string, KnownWorker>();
  readonly course = new Course();
  readonly books = new Books();
  readonly knowledge = new Knowledge();
  readonly clocks = new Clocks();
  position = 0;
  at = 0;
  /** Time of the first fact. */
  origin = 0;
  /** What people call a candidate: known from the first task's arguments. */
  thing = 'candidate';
  /** Rows that hold a slot or wait for one, and have not ended. */
  readonly running = new Set<number>();
  readonly queued = new Set<number>();
  readonly counts = { succeeded: 0, failed: 0, withdrawn: 0, retried: 0 };
  /** Rows of the successes in the order of their recording, when that was, and how many finds there were after each. */
  readonly successes = new Column();
  readonly successAt = new Column();
  readonly finds = new Column();
  /** Rows of the last results of the objective, and of the best, best first. */
  readonly recent: number[] = [];
  readonly best: number[] = [];
  /** Tasks that were cancelled by somebody: who and why. */
  readonly cancels = new Map<string, { by: string; reason: string; at: number; sequence: number }>();
  /** What people call the candidates that they added. */
  readonly added = new Map<number, string>();
  readonly #channels = new Channels();
  /** Grants of tasks whose creation is not stored yet. */
  readonly #earlyGrants = new Map<string, string>();
  /** What is done with the facts of each source; others tell nothing that anybody asks for. */
  readonly #takers: Readonly<Partial<Record<Source, (event: unknown, fact: StoredFact) => void>>> = {
    submitter: (event, fact) => this.#asker('submitter', event as Says<'submitter'>, fact),
    'resource-ledger': (event, fact) => this.#ledger(event as Says<'resource-ledger'>, fact),
    worker: (event, fact) => this.#finished((event as Says<'worker'>).result, fact),
    'result-processor': (event, fact) => this.#processor(event as Says<'result-processor'>, fact),
    trainer: (event, fact) => this.#trainer(event as Says<'trainer'>, fact),
    'inference-runner': (event, fact) => this.#inference(event as Says<'inference-runner'>, fact),
    allocator: (event, fact) => this.#asker('allocator', event as Says<'allocator'>, fact),
    campaign: (event, fact) => this.course.take(event as Says<'campaign'>, fact.storedAt),
    fleet: (event, fact) => this.#fleet(event as Says<'fleet'>, fact.storedAt),
    operator: (event, fact) => this.#operator(event as Says<'operator'>, fact),
  };

  constructor(options: StoryOptions) {
    this.options = options;
  }

  get sign(): 1 | -1 {
    return this.options.seek === 'highest' ? 1 : -1;
  }

  isFound(value: number | null): boolean {
    return value !== null && this.sign * value > this.sign * this.options.threshold;
  }

  isObjective(row: number): boolean {
    return this.tasks.topics.at(this.tasks.topic.at(row)) === this.options.objective.topic;
  }

  take(fact: StoredFact): void {
    if (this.position === 0) this.origin = fact.storedAt;
    this.position = fact.sequence;
    this.at = Math.max(this.at, fact.storedAt);
    if (!this.#channels.isNew(fact)) return;
    if (isSource(fact.source)) this.#takers[fact.source]?.(fact.event, fact);
  }

  /** What a worker says of itself, which is in no log: what it holds, and its machine's load. */
  hear(beat: Beat, at: number): void {
    const worker = this.workers.get(beat.id);
    if (worker === undefined) return;
    worker.beat = beat;
    worker.heardAt = at;
  }

  #asker(
    source: string,
    event: Says<'submitter'> | Says<'trainer'> | Says<'inference-runner'> | Says<'allocator'>,
    fact: StoredFact,
  ): void {
    if (event.type === 'task.created') this.#created(event.task, fact);
    else if (event.type === 'slots.released') this.books.release(event.grant);
    else if (event.type === 'space.exhausted') this.course.exhausted(fact.storedAt);
    else if (event.type === 'reallocation.requested') {
      this.books.asked(source, event, this.knowledge.updates.at(-1)?.update);
    }
  }

  #created(task: ToldTask, fact: StoredFact): void {
    const row = this.#rowOf(task);
    this.tasks.created.set(row, fact.sequence);
    this.tasks.createdAt.set(row, fact.storedAt);
    if (this.isObjective(row)) this.course.submitted(fact);
    // After a crash a creation may be stored behind its result.
    if (!Number.isNaN(this.tasks.end.at(row))) return;
    if (task.candidate !== null && this.isObjective(row)) this.knowledge.take(task.candidate);
    if (task.grant === null) {
      this.queued.add(row);
      const early = this.#earlyGrants.get(task.id);
      if (early !== undefined) this.#grantedAhead(task.id, early, fact.storedAt);
      return;
    }
    this.tasks.grantedAt.set(row, this.books.grantOf(task.grant)?.since ?? fact.storedAt);
    this.books.use(task.grant, row);
    this.running.add(row);
  }

  #rowOf(task: ToldTask): number {
    const known = this.tasks.find(task.id);
    if (known >= 0) return known;
    const { smiles } = (task.arguments ?? {}) as { smiles?: unknown };
    if (typeof smiles === 'string') this.thing = 'molecule';
    return this.tasks.add(task, this.options.labelOf(task));
  }

  #ledger(event: Says<'resource-ledger'>, { storedAt, sequence }: StoredFact): void {
    if (event.type === 'slots.granted') {
      this.books.granted(event, storedAt);
      if (event.task !== undefined) this.#grantedAhead(event.task, event.grant, storedAt);
    } else if (event.type === 'slots.changed') {
      this.books.changed(event, storedAt);
      this.course.noteSpare(this.books.hasSpare, storedAt);
    } else if (event.type === 'slots.moved') this.books.moved(event, storedAt, sequence);
  }

  /** A task that waited has a slot, unless it has ended meanwhile. */
  #grantedAhead(task: string, grant: string, at: number): void {
    const row = this.tasks.find(task);
    if (row < 0) {
      this.#earlyGrants.set(task, grant);
    } else if (Number.isNaN(this.tasks.end.at(row))) {
      this.tasks.grant(row, grant, at);
      this.books.use(grant, row);
      this.queued.delete(row);
      this.running.add(row);
    } else this.books.release(grant);
  }

  #finished(result: TaskResult, { sequence, storedAt }: StoredFact): void {
    const { tasks } = this;
    const row = this.#rowOf(result.task);
    if (!Number.isNaN(tasks.finished.at(row))) return;
    const { times, worker, task } = result;
    tasks.finished.set(row, sequence);
    tasks.storedAt.set(row, storedAt);
    tasks.finish(row, result);
    tasks.worker.set(row, tasks.names.numberOf(worker.id));
    this.counts.retried += result.attempts.length;
    this.running.delete(row);
    this.queued.delete(row);
    if (task.candidate !== null && this.isObjective(row)) this.knowledge.take(task.candidate);
    this.books.release(tasks.grants[row] ?? task.grant ?? this.#earlyGrants.get(task.id) ?? null);
    this.#earlyGrants.delete(task.id);
    if (tasks.stateOf(row) === 'withdrawn') {
      tasks.end.set(row, storedAt);
      return;
    }
    const offset = this.clocks.learn(worker.host, {
      queued: times.queued,
      pickedUp: times.pickedUp,
      ended: times.computeEnded,
      stored: storedAt,
    });
    tasks.queuedAt.set(row, times.queued);
    tasks.pickedUp.set(row, times.pickedUp + offset);
    tasks.start.set(row, times.computeStarted + offset);
    tasks.end.set(row, Math.max(times.computeStarted, times.computeEnded) + offset);
    this.#joinUnknown(result, task.slots, times.computeStarted + offset);
    const known = this.workers.get(worker.id);
    if (known !== undefined) known[result.success ? 'done' : 'failed'] += 1;
    this.lanes.place(row, worker.id, task.slots);
  }

  /** A worker that the fleet has not told of. */
  #joinUnknown({ worker: { id, host } }: TaskResult, slots: number, at: number): void {
    if (this.workers.has(id)) return;
    this.#join(id, host, slots, at);
    this.#leave(id, 'left', at);
  }

  #processor(event: Says<'result-processor'>, fact: StoredFact): void {
    if (event.type === 'result.recorded') this.#recorded(event, fact);
  }

  #recorded(event: Recorded, { storedAt, saidAt, sequence }: StoredFact): void {
    const { tasks } = this;
    const row = tasks.find(event.task);
    if (row < 0 || !Number.isNaN(tasks.recorded.at(row))) return;
    tasks.recorded.set(row, sequence);
    tasks.recordedAt.set(row, storedAt);
    tasks.record(row, event.success);
    if (event.topic !== this.options.objective.topic) return;
    this.course.recorded({ sequence, at: storedAt }, event);
    if (event.withdrawn === true) {
      this.counts.withdrawn += 1;
      if (event.candidate !== null) this.knowledge.giveBack(event.candidate);
      return;
    }
    tasks.decisionMs.set(row, Math.max(0, saidAt - tasks.end.at(row)));
    tasks.updateDue.set(row, event.updateDue ? 1 : 0);
    this.recent.unshift(row);
    if (this.recent.length > mostBest) this.recent.pop();
    if (!event.success || event.value === null) {
      this.counts.failed += 1;
      return;
    }
    this.#succeeded(row, event.value, storedAt);
  }

  #succeeded(row: number, value: number, at: number): void {
    this.tasks.value.set(row, value);
    this.counts.succeeded += 1;
    const before = this.finds.orNull(this.finds.length - 1) ?? 0;
    this.successes.push(row);
    this.successAt.push(Math.max(at, this.successAt.orNull(this.successAt.length - 1) ?? at));
    this.finds.push(before + (this.isFound(value) ? 1 : 0));
    const place = this.best.findIndex((other) => this.sign * value > this.sign * this.tasks.value.at(other));
    if (place < 0 && this.best.length >= mostBest) return;
    this.best.splice(place < 0 ? this.best.length : place, 0, row);
    if (this.best.length > mostBest) this.best.pop();
  }

  #trainer(event: Says<'trainer'>, fact: StoredFact): void {
    const { storedAt } = fact;
    if (event.type === 'update.started') this.knowledge.started(event.update, event.trainedOn, storedAt);
    else if (event.type === 'model.trained') this.knowledge.trained(event.update, event.model, storedAt);
    else if (event.type === 'update.failed') {
      this.knowledge.failed(event.update, storedAt);
      this.course.ranked(event.trainedOn, storedAt);
    } else this.#asker('trainer', event, fact);
  }

  #inference(event: Says<'inference-runner'>, fact: StoredFact): void {
    const { storedAt, sequence } = fact;
    if (event.type === 'ranking.updated') {
      this.knowledge.ranked(event, storedAt, sequence);
      this.course.ranked(event.older === undefined ? event.trainedOn : 0, storedAt);
    } else if (event.type === 'scoring.failed') this.course.ranked(0, storedAt);
    else this.#asker('inference-runner', event, fact);
  }

  #fleet(event: Says<'fleet'>, at: number): void {
    if (event.type === 'worker.joined') this.#join(event.worker, event.host, event.slots, at);
    else if (event.type === 'worker.left') this.#leave(event.worker, event.reason, at);
  }

  #join(id: string, host: string, slots: number, at: number): void {
    const known = this.workers.get(id);
    if (known === undefined) {
      const before = { done: 0, failed: 0, beat: null, heardAt: null };
      this.workers.set(id, { host, slots, joinedAt: at, goneAt: null, state: 'there', ...before });
    } else Object.assign(known, { slots, goneAt: null, state: 'there' });
    this.lanes.join(id, slots, at);
  }

  #leave(id: string, reason: 'left' | 'lost', at: number): void {
    const known = this.workers.get(id);
    if (known === undefined) return;
    known.state = reason;
    known.goneAt = at;
    known.beat = null;
    this.lanes.leave(id, reason === 'lost', at);
  }

  #operator(event: Says<'operator'>, { storedAt: at, sequence }: StoredFact): void {
    const said = { by: event.by ?? 'somebody', reason: ('reason' in event ? event.reason : null) ?? '', at, sequence };
    const { knowledge } = this;
    if (event.type === 'candidate.pinned') knowledge.pin(event.candidate, said);
    else if (event.type === 'candidate.unpinned') knowledge.unpin(event.candidate);
    else if (event.type === 'candidate.vetoed') knowledge.veto(event.candidate, said);
    else if (event.type === 'candidate.allowed') knowledge.vetoed.delete(event.candidate);
    else if (event.type === 'cancel.requested') this.cancels.set(event.task, said);
    else if (event.type === 'reallocation.requested') this.books.asked(said.by, { ...event, reason: said.reason });
    else if (event.type === 'candidates.added') {
      event.candidates.forEach(({ label }, place) => this.added.set(event.first + place, label));
    }
  }
}
