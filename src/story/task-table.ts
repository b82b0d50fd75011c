/** Every task of a campaign in columns: what is asked about all of them. The rest of one is in the log, by its sequences. */
import { isWithdrawn, type Task, type TaskResult } from '../protocol/task.ts';
import { Column, Names } from './columns.ts';
import type { ChoiceView, TaskRow, TaskState } from './views.ts';

export const taskStates: readonly TaskState[] = ['queued', 'running', 'succeeded', 'failed', 'withdrawn'];
const [queued, running, succeeded, failed, withdrawn] = [0, 1, 2, 3, 4];

/** A task as its creation, or its result, tells of it. */
export type ToldTask = Pick<
  Task,
  'id' | 'method' | 'topic' | 'arguments' | 'pool' | 'slots' | 'grant' | 'candidate' | 'choice'
>;

/** How messages are kept: the whole text is in the log. */
const mostLetters = 300;

const numberIn = (from: Readonly<Record<string, unknown>>, field: string): number =>
  typeof from[field] === 'number' ? from[field] : NaN;
const textIn = (from: Readonly<Record<string, unknown>>, field: string): string | null =>
  typeof from[field] === 'string' ? from[field] : null;

export class TaskTable {
  readonly #rows = new Map<string, number>();
  readonly ids: string[] = [];
  readonly labels: string[] = [];
  readonly grants: (string | null)[] = [];
  readonly names = new Names();
  readonly topics = new Names();
  /** Sequences of the creation, of the end that counts, and of its recording. */
  readonly created = new Column();
  readonly finished = new Column();
  readonly recorded = new Column();
  readonly method = new Column();
  readonly topic = new Column();
  readonly pool = new Column();
  readonly candidate = new Column();
  readonly slots = new Column();
  readonly state = new Column();
  readonly value = new Column();
  /** Times, ms since 1970 by the server's clock. */
  readonly createdAt = new Column();
  readonly grantedAt = new Column();
  readonly queuedAt = new Column();
  readonly pickedUp = new Column();
  readonly start = new Column();
  readonly end = new Column();
  readonly storedAt = new Column();
  readonly recordedAt = new Column();
  /** From the end of the computation to the decision, ms. */
  readonly decisionMs = new Column();
  readonly worker = new Column();
  readonly attempts = new Column();
  /** 1 where its result made an update of the model due. */
  readonly updateDue = new Column();
  readonly by = new Column();
  readonly rank = new Column();
  readonly score = new Column();
  readonly mean = new Column();
  readonly deviation = new Column();
  readonly update = new Column();
  readonly model = new Column();
  readonly trainedOn = new Column();
  readonly staleResults = new Column();
  readonly staleSeconds = new Column();
  readonly failures = new Map<number, { readonly code: string; readonly message: string }>();

  get length(): number {
    return this.ids.length;
  }

  /** The row of a task; -1 when it was not heard of. */
  find(id: string): number {
    return this.#rows.get(id) ?? -1;
  }

  /** A row for a task that was not heard of. */
  add(task: ToldTask, label: string): number {
    const row = this.ids.length;
    this.#rows.set(task.id, row);
    this.ids.push(task.id);
    this.labels.push(label);
    this.grants.push(task.grant);
    this.method.push(this.names.numberOf(task.method));
    this.topic.push(this.topics.numberOf(task.topic));
    this.pool.push(this.names.numberOf(task.pool));
    this.candidate.push(task.candidate ?? NaN);
    this.slots.push(task.slots);
    this.state.push(task.grant === null ? queued : running);
    for (const column of this.#later()) column.push(NaN);
    this.updateDue.push(0);
    this.attempts.push(0);
    this.#addChoice(task.choice ?? {});
    return row;
  }

  #later(): readonly Column[] {
    const { created, finished, recorded, value, createdAt, grantedAt, queuedAt } = this;
    const { pickedUp, start, end, storedAt, recordedAt, decisionMs, worker } = this;
    return [
      created,
      finished,
      recorded,
      value,
      createdAt,
      grantedAt,
      queuedAt,
      pickedUp,
      start,
      end,
      storedAt,
      recordedAt,
      decisionMs,
      worker,
    ];
  }

  #addChoice(choice: Readonly<Record<string, unknown>>): void {
    const stale = (choice['stale'] ?? {}) as Readonly<Record<string, unknown>>;
    this.by.push(this.names.numberOf(textIn(choice, 'by')));
    this.rank.push(numberIn(choice, 'rank'));
    this.score.push(numberIn(choice, 'score'));
    this.mean.push(numberIn(choice, 'mean'));
    this.deviation.push(numberIn(choice, 'deviation'));
    this.update.push(numberIn(choice, 'update'));
    this.model.push(this.names.numberOf(textIn(choice, 'model')));
    this.trainedOn.push(numberIn(choice, 'trainedOn'));
    this.staleResults.push(numberIn(stale, 'results'));
    this.staleSeconds.push(numberIn(stale, 'seconds'));
  }

  stateOf(row: number): TaskState {
    return taskStates[this.state.at(row)] ?? 'queued';
  }

  /** A task has its slot. */
  grant(row: number, grant: string, at: number): void {
    this.grants[row] = grant;
    this.grantedAt.set(row, at);
    if (this.state.at(row) === queued) this.state.set(row, running);
  }

  /** A task has ended: the first of its ends counts. */
  finish(row: number, result: TaskResult): void {
    const { failure, attempts } = result;
    const ended = failure === null ? succeeded : isWithdrawn(failure) ? withdrawn : failed;
    this.state.set(row, ended);
    this.attempts.set(row, attempts.length);
    if (failure !== null) {
      this.failures.set(row, { code: failure.code, message: failure.message.slice(0, mostLetters) });
    }
  }

  /** A task was counted: whether it is a success is the result processor's word. */
  record(row: number, isSuccess: boolean): void {
    if (this.state.at(row) === withdrawn) return;
    this.state.set(row, isSuccess ? succeeded : failed);
    if (!isSuccess && !this.failures.has(row)) {
      this.failures.set(row, { code: 'result.no-objective', message: 'its result has no number that counts' });
    }
  }

  choiceOf(row: number): ChoiceView | null {
    const by = this.names.at(this.by.at(row));
    if (by === null) return null;
    const results = this.staleResults.orNull(row);
    return {
      by,
      rank: this.rank.orNull(row),
      score: this.score.orNull(row),
      mean: this.mean.orNull(row),
      deviation: this.deviation.orNull(row),
      update: this.update.orNull(row),
      model: this.names.at(this.model.at(row)),
      trainedOn: this.trainedOn.orNull(row),
      stale: results === null ? null : { results, seconds: this.staleSeconds.orNull(row) ?? 0 },
    };
  }

  /** A row as people see it. @param worker who has it, where that is known; @param isFound whether its value is beyond the threshold. */
  view(row: number, worker: { id: string; host: string; since: number | null } | null, isFound: boolean): TaskRow {
    return {
      task: this.ids[row] ?? '',
      topic: this.topics.at(this.topic.at(row)) ?? '',
      pool: this.names.at(this.pool.at(row)) ?? '',
      candidate: this.candidate.orNull(row),
      label: this.labels[row] ?? '',
      state: this.stateOf(row),
      value: this.value.orNull(row),
      isFound,
      sequence: this.created.orNull(row) ?? this.finished.orNull(row) ?? 0,
      recorded: this.recorded.orNull(row),
      startedAt: this.start.orNull(row) ?? worker?.since ?? null,
      endedAt: this.end.orNull(row),
      worker: worker?.id ?? null,
      host: worker?.host ?? null,
      choice: this.choiceOf(row),
      failure: this.failures.get(row) ?? null,
    };
  }
}
