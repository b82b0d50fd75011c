/** A method's context for tests that run a method without a worker: real programs, a real scratch folder, real files. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError } from '../../src/protocol/errors.ts';
import type { MethodContext, ProgramOutcome } from '../../src/protocol/method.ts';
import { objectRefOf } from '../../src/protocol/object-ref.ts';

/** A context whose folder goes away with it, and what was published through it. */
export interface TestMethodContext extends AsyncDisposable {
  readonly context: MethodContext;
  /** The partial results, in order. */
  readonly progress: unknown[];
}

/** A context of its own scratch folder in the system's temporary folder; programs run with one thread. */
export async function makeMethodContext(
  signal: AbortSignal = new AbortController().signal,
): Promise<TestMethodContext> {
  const folder = await mkdtemp(join(tmpdir(), 'cox-method-'));
  const objects = await mkdtemp(join(tmpdir(), 'cox-objects-'));
  const progress: unknown[] = [];
  const kept = new Map<string, Promise<unknown>>();
  const context: MethodContext = {
    scratchDir: folder,
    signal,
    progress: (partial) => void progress.push(partial),
    objects: {
      get: (ref) => readFile(join(objects, ref)),
      put: async (bytes) => {
        const ref = objectRefOf(bytes);
        await writeFile(join(objects, ref), bytes);
        return ref;
      },
    },
    keep: async <T>(key: string, make: () => Promise<T>) => {
      const value = kept.get(key) ?? make();
      kept.set(key, value);
      return (await value) as T;
    },
    run: (program, args, { cwd = folder } = {}) => runProgram(program, args, cwd, signal),
  };
  return {
    context,
    progress,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([folder, objects].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<ProgramOutcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, OMP_NUM_THREADS: '1' };
    const child = spawn(program, args, { cwd, env, signal, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (cause) =>
      reject(signal.aborted ? cause : new MissingError(`${program} cannot be started: ${cause.message}`, { cause })),
    );
    child.once('close', (exitCode, killedBy) => resolve({ exitCode, signal: killedBy, stdout, stderr }));
  });
}
