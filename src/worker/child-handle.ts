import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { TaskFailure } from '../protocol/task.ts';
import { endOthersOf, killTree, markVariable, residentMb } from './process-tree.ts';
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
  /** Null where there is no limit. */
  readonly memoryMb: number | null;
}

export interface ChildEvents {
  readonly message: (child: ChildHandle, message: FromChild) => void;
  /** It ended, with everything it had started; its assignments are still in `assigned`. */
  readonly exit: (child: ChildHandle, how: { exitCode: number | null; signal: NodeJS.Signals | null }) => void;
}

/** How long a task that was told to end may take to do so, ms. */
const graceMs = 500;
/** Runs shorter than this are not looked at for their memory, ms. */
const shortRunMs = 200;

/**
 * The host's side of one child process: what it was given, first the one that computes, and its limits.
 *
 * The child leads a process group of its own and carries a mark that all it starts inherits, so that everything a task started
 * can be ended with it.
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
  readonly #mark: string;
  #outgoing: ToChild[] = [];
  #timer: NodeJS.Timeout | null = null;
  #timerDue = 0;
  /** Runs that were told to end: why, and when. */
  readonly #aborted = new Map<number, { failure: TaskFailure; at: number }>();

  /** @param family the beginning of the marks of all children of this worker. */
  constructor(number: number, settings: ChildSettings, family: string, events: ChildEvents) {
    this.number = number;
    this.#mark = `${family}#${number}`;
    const loader = compiled ? [] : ['--import', createRequire(import.meta.url).resolve('tsx')];
    this.#process = spawn(process.execPath, [...loader, '--enable-source-maps', program, JSON.stringify(settings)], {
      // What methods print is for people: it must not mix with what the host prints for programs.
      stdio: ['ignore', 2, 2, 'ipc'],
      detached: true,
      env: { ...childEnvironment(process.env), [markVariable]: this.#mark },
    });
    if (this.#process.pid !== undefined) yieldToHost(this.#process.pid);
    this.#process.on('message', (message: FromChild) => events.message(this, message));
    let ended = false;
    const end = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      if (ended) return;
      ended = true;
      this.wasReady = this.ready;
      this.ready = false;
      this.#disarm();
      this.kill();
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
    this.#aborted.delete(run);
    if (index === 0) this.#headStarted();
    return assignment ?? null;
  }

  /** End a run, first by asking, then with the child; false when it is not this child's. */
  abort(run: number, failure: TaskFailure): boolean {
    if (!this.assigned.some((one) => one.run === run)) return false;
    if (this.#aborted.has(run)) return true;
    this.#aborted.set(run, { failure, at: performance.now() });
    this.send(['abort', run, failure]);
    if (this.assigned[0]?.run === run) this.#look();
    return true;
  }

  /** Why the run at the head was told to end, if it was. */
  get abortedFor(): TaskFailure | null {
    return this.#aborted.get(this.assigned[0]?.run ?? 0)?.failure ?? null;
  }

  /** End the run at the head if it takes more memory than it may. Reading that costs half a millisecond: short runs are let be. */
  checkMemory(): void {
    const head = this.assigned[0];
    if (head === undefined || head.memoryMb === null || this.#process.pid === undefined) return;
    if (this.#aborted.has(head.run) || performance.now() - this.headSince < shortRunMs) return;
    const usedMb = residentMb(this.#process.pid);
    if (usedMb > head.memoryMb) this.abort(head.run, outOfMemory(head, head.memoryMb, usedMb));
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
    if (this.#process.pid !== undefined) killTree(this.#process.pid);
  }

  /** End what it has left behind, once it has ended itself. */
  endLeftovers(): void {
    if (this.#process.pid !== undefined) endOthersOf(this.#process.pid, this.#mark);
  }

  #headStarted(): void {
    this.headSince = performance.now();
    const head = this.assigned[0];
    // A timer that is due earlier stays: it looks again. Tasks that end in time thus cost no timer each.
    if (head !== undefined && (this.#timer === null || this.#timerDue > this.#dueOf(head))) this.#look();
  }

  /** When something is to be done about the run at the head: it is told to end, or, if it was told, the child is ended. */
  #dueOf({ run, timeoutMs }: Assignment): number {
    const aborted = this.#aborted.get(run);
    if (aborted === undefined) return this.headSince + timeoutMs;
    return Math.max(aborted.at, this.headSince) + graceMs;
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
    this.#disarm();
    const head = this.assigned[0];
    if (head === undefined) return;
    const leftMs = this.#dueOf(head) - performance.now();
    if (leftMs > 0) this.#arm(leftMs);
    else if (this.#aborted.has(head.run)) this.kill();
    else this.abort(head.run, timedOut(head));
  }
}

/** The failure of a task whose time is up. */
function timedOut({ workerClass, method, timeoutMs }: Assignment): TaskFailure {
  return {
    code: 'task.timed-out',
    message: `${workerClass}/${method} was ended after its time limit of ${timeoutMs / 1_000} s`,
    retry: 'never',
    details: { timeoutMs },
  };
}

function outOfMemory({ workerClass, method }: Assignment, memoryMb: number, usedMb: number): TaskFailure {
  const used = Math.round(usedMb);
  return {
    code: 'task.out-of-memory',
    message: `${workerClass}/${method} was ended: its processes took ${used} MB, more than its memory limit of ${memoryMb} MB`,
    retry: 'never',
    details: { memoryMb, usedMb: used },
  };
}

/**
 * Let a child, and with it all that it starts, stand back behind this process: it computes when nothing else wants the core, and
 * where memory runs out it goes first. What the system does not allow is left.
 */
function yieldToHost(pid: number): void {
  const attempts = [
    (): void => setPriority(pid, Math.min(19, getPriority() + 5)),
    // Where the kernel shares out cores by session, that is what counts.
    (): void => writeFileSync(`/proc/${pid}/autogroup`, '5'),
    (): void => writeFileSync(`/proc/${pid}/oom_score_adj`, '500'),
  ];
  for (const attempt of attempts) {
    try {
      attempt();
    } catch {
      // Another system, or no permission; or it has ended, which its exit tells.
    }
  }
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
