import type { Task } from '../protocol/task.ts';
import { FinishedTasks } from './finished-tasks.ts';
import type { WorkerNote } from './simulated-worker.ts';

/**
 * Checks that nothing is computed that need not be: a task is started again only when it was given out again, and never after its
 * end; and that none ends as withdrawn while somebody computes it.
 */
export class ComputingChecks {
  readonly #started = new FinishedTasks();
  readonly #unrun = new FinishedTasks();
  /** Starts beyond the first, and how often a task was given to another worker. */
  readonly #more = new Map<string, number>();
  readonly #givenBack = new Map<string, number>();
  readonly #violations: string[] = [];

  note(task: Task, what: WorkerNote): void {
    if (what === 'given-back') this.#givenBack.set(task.id, (this.#givenBack.get(task.id) ?? 0) + 1);
    if (what === 'started-again') this.#violations.push(`${task.id} was started although its result was stored`);
    if (what !== 'started') return;
    if (this.#unrun.has(task)) this.#violations.push(`${task.id} was started, and had ended as withdrawn`);
    if (!this.#started.has(task)) {
      this.#started.note(task);
      return;
    }
    const more = (this.#more.get(task.id) ?? 0) + 1;
    this.#more.set(task.id, more);
    const mayBe = this.#givenBack.get(task.id) ?? 0;
    if (more > mayBe)
      this.#violations.push(`${task.id} was started ${more + 1} times, and given to others ${mayBe} times`);
  }

  /** It is stored that a task was withdrawn and not run. */
  noteUnrun(task: Task): void {
    this.#unrun.note(task);
    const starts = this.#started.has(task) ? 1 + (this.#more.get(task.id) ?? 0) : 0;
    if (starts > (this.#givenBack.get(task.id) ?? 0))
      this.#violations.push(`${task.id} ended as withdrawn while somebody computed it`);
  }

  /** What should not have happened; empty when all is well. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** How many computations were started beyond the first of each task. */
  get startedAgain(): number {
    return [...this.#more.values()].reduce((sum, more) => sum + more, 0);
  }
}
