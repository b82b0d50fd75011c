/** Rehearsals in parallel: processes that each run one campaign at a time. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { CommonSettings } from '../campaign/definition.ts';
import { InvariantError, ResourceError } from '../protocol/errors.ts';
import type { TaskFailure } from '../protocol/task.ts';
import type { Fleet } from './rehearse.ts';
import type { TimeModel } from './task-times.ts';
import type { Trace } from './trace.ts';

/** What every campaign of a pool has in common. */
export interface ChildSettings {
  readonly folder: string;
  /** The file of known answers, and the column that holds them; null for the second. */
  readonly table: string;
  readonly column: string | null;
  readonly cacheDir: string;
  readonly fleet: Fleet;
  readonly times: TimeModel;
}

/** One campaign to be run. */
export interface Job {
  readonly number: number;
  readonly settings: CommonSettings;
  /** The seed, where it is one of the settings. */
  readonly seeded: Readonly<Record<string, number>>;
  readonly seed: number;
}

export type FromChild =
  { readonly job: number; readonly trace: Trace } | { readonly job: number; readonly failure: TaskFailure };

const compiled = import.meta.url.endsWith('.js');
const program = fileURLToPath(new URL(compiled ? './child.js' : './child.ts', import.meta.url));
/** Facts are many, small and short-lived, MB. */
const youngMb = 64;

/**
 * Run jobs on so many processes; resolves with their traces, in the order of the jobs.
 * @param done told after each how many are done.
 * @throws InvariantError for the first that fails; ResourceError when a process ends before its time.
 */
export async function runJobs(
  jobs: readonly Job[],
  settings: ChildSettings,
  { processes, done }: { processes: number; done: (count: number) => void },
): Promise<Trace[]> {
  const traces: Trace[] = [];
  const waiting = [...jobs];
  const children: ChildProcess[] = [];
  let count = 0;
  const work = (child: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      const next = (): void => {
        const job = waiting.shift();
        if (job === undefined) resolve();
        else child.send(job);
      };
      child.on('message', (message: FromChild) => {
        if ('failure' in message) {
          reject(new InvariantError(message.failure.message, { code: message.failure.code }));
          return;
        }
        traces[message.job] = message.trace;
        count += 1;
        done(count);
        next();
      });
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new ResourceError(`a process that rehearsed ended with ${signal ?? `exit code ${code ?? '?'}`}`)),
      );
      next();
    });
  try {
    const loader = compiled ? [] : ['--import', createRequire(import.meta.url).resolve('tsx')];
    const flags = [...loader, '--enable-source-maps', `--max-semi-space-size=${youngMb}`];
    for (let i = 0; i < Math.min(processes, jobs.length); i += 1) {
      children.push(
        spawn(process.execPath, [...flags, program, JSON.stringify(settings)], {
          // What methods print is for people.
          stdio: ['ignore', 2, 2, 'ipc'],
          serialization: 'advanced',
        }),
      );
    }
    await Promise.all(children.map(work));
    return traces;
  } finally {
    for (const child of children) child.kill();
  }
}
