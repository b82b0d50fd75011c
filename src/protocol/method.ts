/**
 * Methods: what workers compute. A method is a typed function; it runs in a warm child process on one core, and its code
 * never crosses the wire.
 */
import type { z } from 'zod';
import type { ObjectRef } from './object-ref.ts';

/** How an external program ended. */
export interface ProgramOutcome {
  /** Exit code, or null when a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** What a method is given beside its arguments. */
export interface MethodContext {
  /** A folder of this task's own, made on first use and removed with everything in it when the task ends. */
  readonly scratchDir: string;
  /** Aborted when the task's time is up or it was cancelled. */
  readonly signal: AbortSignal;
  /** Publish a partial result of the running task: seen live, not stored. */
  readonly progress: (partial: unknown) => void;
  /** Content-addressed blobs shared by all workers; fetched once a host. */
  readonly objects: {
    readonly get: (ref: ObjectRef) => Promise<Uint8Array>;
    readonly put: (bytes: Uint8Array) => Promise<ObjectRef>;
  };
  /** What the warm child remembers between tasks: made once a key, the least recently used dropped beyond 16. */
  readonly keep: <T>(key: string, make: () => Promise<T>) => Promise<T>;
  /**
   * Run an external program in the scratch folder (or `cwd`), with its whole process tree ended when the task is.
   * @throws MissingError when the program cannot be started.
   */
  readonly run: (program: string, args: readonly string[], options?: { cwd?: string }) => Promise<ProgramOutcome>;
}

/** How often a task that was ended at a limit is tried again. */
export interface LimitRetries {
  readonly timeLimit?: number | undefined;
  readonly memoryLimit?: number | undefined;
}

/** What a task of a method may take, unless the task says otherwise, and how often one that took more is tried again. */
export interface MethodLimits {
  readonly timeoutMs: number;
  readonly memoryMb: number | null;
  readonly retries: LimitRetries;
}

/** A method as its author writes it; see {@link defineMethod}. */
export interface Method<Input = unknown, Output = unknown> {
  readonly name: string;
  /** The pool whose slots its tasks occupy. */
  readonly pool: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** Compute time after which a task is ended, ms. */
  readonly timeoutMs: number;
  /**
   * Resident memory, in MB, beyond which a task is ended: of the child that runs it and of every process below it. An idle
   * child, with what it keeps warm, takes 100 to 200 MB already. Default: no limit.
   */
  readonly memoryMb?: number | undefined;
  /** How often a task that was ended at a limit is tried again; default: never. */
  readonly retries?: LimitRetries | undefined;
  /** Called once in each child before its first task, to load what is slow to load; a child not warm after five minutes is ended. */
  readonly warm?: (() => Promise<void>) | undefined;
  readonly run: (input: Input, context: MethodContext) => Promise<Output> | Output;
}

/** A method of any types: what is known of one that was looked up by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the types of a method's schemas are known to its author only
export type AnyMethod = Method<any, any>;

/**
 * Declare a method: types from its schemas, everything else as given.
 *
 * @example
 * export const square = defineMethod({
 *   name: 'square', pool: 'simulate', timeoutMs: 1_000,
 *   input: schema.object({ x: schema.number() }), output: schema.object({ y: schema.number() }),
 *   run: ({ x }) => ({ y: x * x }),
 * });
 */
export function defineMethod<Input, Output>(method: Method<Input, Output>): Method<Input, Output> {
  return method;
}
