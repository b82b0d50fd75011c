/** What a worker host and its children say to each other over Node's own channel; the host in batches. */
import type { MethodLimits } from '../protocol/method.ts';
import type { TaskFailure } from '../protocol/task.ts';

/** The methods of each class of tasks that a worker computes, with their limits. */
export type Offer = Readonly<Record<string, Readonly<Record<string, MethodLimits>>>>;

/** Whose methods those of each class are: the campaign's name, and the digest of its folder's code. */
export type Editions = Readonly<Record<string, { readonly name: string; readonly digest: string }>>;

/** To a child. */
export type ToChild =
  /** Compute this: a number of the host's, the class, the task's text as it came, and its scratch folder should it need one. */
  | readonly ['run', run: number, workerClass: string, task: string, scratch: string]
  /** End this run, which is the one that computes or waits. */
  | readonly ['abort', run: number, failure: TaskFailure]
  /** Give back those of these runs that have not started. */
  | readonly ['recall', runs: readonly number[]]
  /** What came of a question about an object. */
  | readonly ['answer', question: number, path: string | null, failure: TaskFailure | null];

/** How a run ended, as far as the child knows. */
export interface Outcome {
  readonly run: number;
  /** JSON text of the value, or null when it failed. */
  readonly value: string | null;
  readonly failure: TaskFailure | null;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly readMs: number;
  readonly writeMs: number;
}

/** How a run ended that was never computed. */
export function outcomeWithout(run: number, failure: TaskFailure): Outcome {
  const now = performance.timeOrigin + performance.now();
  return { run, value: null, failure, wallMs: 0, cpuMs: 0, startedAt: now, endedAt: now, readMs: 0, writeMs: 0 };
}

/** From a child. */
export type FromChild =
  /** Its campaigns are loaded. */
  | readonly ['loaded', offer: Offer, editions: Editions]
  /** Its methods are warm. */
  | readonly ['ready']
  /** It cannot start: why, and what `cox` exits with. */
  | readonly ['broken', failure: TaskFailure, exitCode: number]
  | readonly ['done', outcome: Outcome]
  /** These runs were never started. */
  | readonly ['recalled', runs: readonly number[]]
  | readonly ['progress', run: number, partial: string]
  /** Fetch, or upload, an object; answered under the same number. */
  | readonly ['fetch', question: number, ref: string]
  | readonly ['upload', question: number, ref: string];

/** What a child is started with: its argument, as JSON. */
export interface ChildSettings {
  readonly folders: readonly string[];
  readonly objectsFolder: string;
}
