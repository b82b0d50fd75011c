import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { isWithdrawn, type Task, type TaskResult } from '../protocol/task.ts';
import { fingerprint, short } from './difference.ts';
import { NumberTable, NumberTables, UsedIds } from './number-table.ts';

type Recorded = Extract<Says<'result-processor'>, { type: 'result.recorded' }>;

/** A task between its creation and its count. */
interface OpenTask {
  /** Its source and number. */
  readonly key: string;
  readonly id: string;
  readonly topic: string;
  readonly candidate: number | null;
  readonly source: string;
  readonly grant: string | null;
  readonly print: number;
  /** Where its creation and its first result were stored; null while they are not. */
  createdAt: number | null;
  finishedAt: number | null;
  isRecorded: boolean;
  /** Whether its actor has said that it is not wanted any more, and whether it ended because of that, without being run. */
  isWithdrawn: boolean;
  endedUnrun: boolean;
}

/** How many tasks came how far. */
export interface TaskCounts {
  readonly created: number;
  readonly finished: number;
  readonly recorded: number;
  /** Of those that finished: not run, since they were withdrawn while they waited. */
  readonly unrun: number;
}

/**
 * Each task's one path: created once, by the next number of its actor; finished; counted once, with the first result that was
 * stored. Results that come later change nothing. After a crash a creation may be stored behind its result.
 *
 * A task that was created ahead of its slot may be withdrawn by its actor. If it ends because of that, its candidate may be chosen
 * again once that is counted; a task that was started before is counted like any other.
 */
export class TaskAudit {
  readonly #wrong: (message: string) => void;
  readonly #ids = new UsedIds();
  /** Fingerprints of all created tasks, by source and number, and who has which candidate. */
  readonly #created = new NumberTables();
  readonly #candidates = new NumberTable();
  readonly #last = new Map<string, number>();
  readonly #open = new Map<string, OpenTask>();
  readonly #openById = new Map<string, OpenTask>();
  readonly #uncounted = new Map<number, OpenTask>();
  #counts = { created: 0, finished: 0, recorded: 0, unrun: 0 };

  constructor(wrong: (message: string) => void) {
    this.#wrong = wrong;
  }

  get counts(): TaskCounts {
    return { ...this.#counts };
  }

  /** Tasks that have not come to their end. */
  get open(): readonly OpenTask[] {
    return [...this.#open.values()];
  }

  /** Take a fact in its turn. */
  take(fact: StoredFact): void {
    const { event, source, sequence, cause } = fact;
    if (event.type === 'task.created') this.#create(event['task'] as Task, source, sequence);
    else if (event.type === 'task.withdrawn') this.#withdraw(String(event['task']), source);
    else if (event.type === 'task.finished') this.#finish(event['result'] as TaskResult, sequence);
    else if (event.type === 'result.recorded') this.#record(event as unknown as Recorded, cause);
  }

  #create(task: Task, source: string, sequence: number): void {
    const { id, number, candidate } = task;
    this.#counts.created += 1;
    const next = (this.#last.get(source) ?? 0) + 1;
    if (number !== next) this.#wrong(`${id} is task ${number} of ${source}, expected task ${next}`);
    this.#last.set(source, Math.max(number, next));
    if (!this.#ids.use(id)) this.#wrong(`a task ${id} was created before`);
    const print = printOf(task);
    this.#created.of(source).set(number, print);
    const key = `${source}/${number}`;
    const early = this.#open.get(key);
    // One that is counted as not run by now has given its candidate back.
    if (candidate !== null && !(early?.endedUnrun === true && early.isRecorded)) {
      const other = this.#candidates.get(candidate);
      if (other !== 0)
        this.#wrong(`${id} is about candidate ${candidate}, which was submitted before, as number ${other}`);
      this.#candidates.set(candidate, number);
    }
    if (early === undefined) this.#add({ ...openTask(key, task, print), createdAt: sequence });
    else {
      if (early.print !== print) this.#wrong(`${id} is another task than that of its result`);
      early.createdAt = sequence;
      this.#close(early);
    }
  }

  #add(task: OpenTask): OpenTask {
    this.#open.set(task.key, task);
    this.#openById.set(task.id, task);
    return task;
  }

  /** Its actor does not want a task any more, which may have ended in the meantime. */
  #withdraw(id: string, source: string): void {
    const open = this.#openById.get(id);
    if (open === undefined) {
      if (!this.#ids.has(id)) this.#wrong(`${id} is withdrawn, which nobody created`);
      return;
    }
    if (open.source !== source) this.#wrong(`${id} is withdrawn by ${source}, and is a task of ${open.source}`);
    if (open.grant !== null) this.#wrong(`${id} is withdrawn, and was created on ${open.grant}`);
    if (open.isWithdrawn) this.#wrong(`${id} was withdrawn before`);
    open.isWithdrawn = true;
    this.#close(open);
  }

  #finish({ task, failure }: TaskResult, sequence: number): void {
    const { id, source, number } = task;
    const print = printOf(task);
    const created = this.#created.of(source).get(number);
    if (created !== 0 && created !== print) {
      this.#wrong(`the result of ${id} carries another task than ${source} created`);
      return;
    }
    const key = `${source}/${number}`;
    let open = this.#open.get(key);
    if (open === undefined) {
      // The second result of a task that was counted.
      if (created !== 0) return;
      open = this.#add(openTask(key, task, print));
    }
    if (open.finishedAt !== null) return;
    open.finishedAt = sequence;
    open.endedUnrun = isWithdrawn(failure);
    this.#counts.finished += 1;
    if (open.endedUnrun) this.#counts.unrun += 1;
    this.#uncounted.set(sequence, open);
  }

  #record({ task: id, sequence, topic, candidate, withdrawn }: Recorded, cause: number | null): void {
    this.#counts.recorded += 1;
    const open = this.#uncounted.get(sequence);
    if (open === undefined) {
      this.#wrong(`${id} is counted with what stands at ${sequence}, which is no result, or was counted`);
      return;
    }
    this.#uncounted.delete(sequence);
    if (open.id !== id) this.#wrong(`${id} is counted with the result of ${open.id} (${sequence})`);
    if (cause !== sequence)
      this.#wrong(`${id} is counted because of ${short(cause)}, not of its result at ${sequence}`);
    if (open.topic !== topic || open.candidate !== candidate)
      this.#wrong(
        `${id} is counted as ${topic} of candidate ${short(candidate)}, and is ${open.topic} of ${short(open.candidate)}`,
      );
    if ((withdrawn ?? false) !== open.endedUnrun)
      this.#wrong(
        `${id} is counted as ${withdrawn === true ? 'withdrawn' : 'run'}, and was ${open.endedUnrun ? 'withdrawn' : 'run'}`,
      );
    if (open.endedUnrun && open.candidate !== null && open.createdAt !== null) this.#candidates.set(open.candidate, 0);
    open.isRecorded = true;
    this.#close(open);
  }

  #close({ key, id, isRecorded, createdAt, isWithdrawn, endedUnrun }: OpenTask): void {
    if (!isRecorded || createdAt === null || (endedUnrun && !isWithdrawn)) return;
    this.#open.delete(key);
    this.#openById.delete(id);
  }
}

const openTask = (key: string, { id, topic, candidate, source, grant }: Task, print: number): OpenTask => ({
  key,
  id,
  topic,
  candidate,
  source,
  grant,
  print,
  createdAt: null,
  finishedAt: null,
  isRecorded: false,
  isWithdrawn: false,
  endedUnrun: false,
});

/** The task as it was queued: one that is asked for again after a crash has another time, and nothing else. */
const printOf = (task: Task): number => fingerprint({ ...task, createdAt: 0 });
