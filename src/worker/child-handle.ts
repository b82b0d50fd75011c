import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { TaskFailure } from '../protocol/task.ts';
import { killGroup } from './process-group.ts';
import type { ChildSettings, FromChild, ToChild } from './wire.ts';

const compiled = import.meta.url.endsWith('.js');
const program = fileURLToPath(new URL(compiled ? './child.js' : './child.ts', import.meta.url));

/** One task, as far as the child that it was given to is concerned. */
export interface Assignment {
  readonly run: number;
  readonly workerClass: string;
  readonly method: string;
  readonly text: string;
  readonly scratch: string;
  readonly timeoutMs: number;
}

export interface ChildEvents {
  readonly message: (child: ChildHandle, message: FromChild) => void;
  /** It ended, with everything it had started; its assignments are still in `assigned`. */
  readonly exit: (child: ChildHandle, how: { exitCode: number | null; signal: NodeJS.Signals | null }) => void;
}

/** How long a task that was told to end may take to do so, ms. */
const graceMs = 500;

/**
 * The host's side of one child process: what it was given, first the one that computes, and its time limit.
 *
 * The child leads a process group of its own, so that everything a task started can be ended with it.
 */
export class ChildHandle {
  readonly number: number;
  readonly assigned: Assignment[] = [];
  ready = false;
  /** Whether it ever was ready. */
  wasReady = false;
  /** When the first of `assigned` started, ms of `performance.now()`. */
  headSince = 0;
  readonly #process: ChildProcess;
  #outgoing: ToChild[] = [];
  #timer: NodeJS.Timeout | null = null;
  #timerDue = 0;
  #aborted: number | null = null;

  constructor(number: number, settings: ChildSettings, events: ChildEvents) {
    this.number = number;
    const loader = compiled ? [] : ['--import', createRequire(import.meta.url).resolve('tsx')];
    this.#process = spawn(process.execPath, [...loader, '--enable-source-maps', program, JSON.stringify(settings)], {
      // What methods print is for people: it must not mix with what the host prints for programs.
      stdio: ['ignore', 2, 2, 'ipc'],
      detached: true,
      env: childEnvironment(process.env),
    });
    this.#process.on('message', (message: FromChild) => events.message(this, message));
    let ended = false;
    const end = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      if (ended) return;
      ended = true;
      this.wasReady = this.ready;
      this.ready = false;
      this.#disarm();
      if (this.#process.pid !== undefined) killGroup(this.#process.pid);
      events.exit(this, { exitCode, signal });
    };
    // Not 'exit': what the child said last is read before 'close'. 'error' alone comes when it could not be started.
    this.#process.once('close', end);
    this.#process.on('error', () => {
      if (this.#process.pid === undefined) end(null, null);
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  assign(assignment: Assignment): void {
    this.assigned.push(assignment);
    if (this.assigned.length === 1) this.#headStarted();
    const { run, workerClass, text, scratch } = assignment;
    this.send(['run', run, workerClass, text, scratch]);
  }

  /** Take an assignment off the list: it is done, or was given back. */
  release(run: number): Assignment | null {
    const index = this.assigned.findIndex((assignment) => assignment.run === run);
    const [assignment] = index < 0 ? [] : this.assigned.splice(index, 1);
    if (index === 0) this.#headStarted();
    return assignment ?? null;
  }

  /** End the run at the head, first by asking, then with the child. */
  abort(failure: TaskFailure): void {
    const head = this.assigned[0];
    if (head === undefined || this.#aborted === head.run) return;
    this.#aborted = head.run;
    this.send(['abort', head.run, failure]);
    this.#arm(graceMs);
  }

  /** Whether the run at the head was told to end. */
  get isAborting(): boolean {
    return this.#aborted !== null;
  }

  send(message: ToChild): void {
    this.#outgoing.push(message);
    if (this.#outgoing.length > 1) return;
    queueMicrotask(() => {
      const batch = this.#outgoing;
      this.#outgoing = [];
      // A child that has just died is told nothing; its exit is on the way.
      if (this.#process.connected) this.#process.send(batch, () => undefined);
    });
  }

  kill(): void {
    if (this.#process.pid !== undefined) killGroup(this.#process.pid);
  }

  #headStarted(): void {
    this.headSince = performance.now();
    this.#aborted = null;
    const head = this.assigned[0];
    if (head === undefined) return;
    // A timer that is due earlier stays: it looks again. Tasks that end in time thus cost no timer each.
    if (this.#timer === null || this.#timerDue > this.headSince + head.timeoutMs) this.#arm(head.timeoutMs);
  }

  #arm(afterMs: number): void {
    this.#disarm();
    // setTimeout takes at most 2^31 - 1 ms.
    const waitMs = Math.min(afterMs, 2_000_000_000);
    this.#timerDue = performance.now() + waitMs;
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    this.#timer = null;
    const head = this.assigned[0];
    if (head === undefined) return;
    if (this.#aborted === head.run) {
      this.kill();
      return;
    }
    const leftMs = this.headSince + head.timeoutMs - performance.now();
    if (leftMs > 0) this.#arm(leftMs);
    else this.abort(timedOut(head));
  }
}

/** The failure of a task whose time is up. */
export function timedOut({ workerClass, method, timeoutMs }: Assignment): TaskFailure {
  return {
    code: 'task.timed-out',
    message: `${workerClass}/${method} was ended after its time limit of ${timeoutMs / 1_000} s`,
    retry: 'never',
    details: { timeoutMs },
  };
}

/** One core a child, a stack that xtb can live with, and no credentials: methods have no business with NATS. */
function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('COX_NATS_'));
  return {
    OMP_STACKSIZE: '1G',
    ...Object.fromEntries(kept),
    OMP_NUM_THREADS: '1',
    OMP_MAX_ACTIVE_LEVELS: '1',
    MKL_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
  };
}
