/**
 * The program of a worker's child process: loads the campaigns once, stays warm, and computes one task after the other.
 * It speaks to its host only, and ends with it.
 */
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { methodsDigest } from '../campaign/digest.ts';
import { loadCampaign, type MethodBundle } from '../campaign/load.ts';
import { CoxswainError, InputError, MethodError, messageOf } from '../protocol/errors.ts';
import type { AnyMethod, MethodLimits } from '../protocol/method.ts';
import { taskClass } from '../protocol/subjects.ts';
import { toTaskFailure, type TaskFailure } from '../protocol/task.ts';
import { CpuMeter } from './cpu-time.ts';
import { Ending, taskContext, type ContextServices } from './method-context.ts';
import { killTree } from './process-tree.ts';
import { endMyOthers } from './program.ts';
import {
  outcomeWithout,
  type ChildSettings,
  type Editions,
  type FromChild,
  type Offer,
  type Outcome,
  type ToChild,
} from './wire.ts';

interface Waiting {
  readonly run: number;
  readonly workerClass: string;
  readonly task: string;
  readonly scratch: string;
}

interface Running extends Waiting {
  readonly ending: Ending;
  /** Why it was ended from outside, if it was. */
  ended: TaskFailure | null;
}

interface Question {
  readonly resolve: (path: string) => void;
  readonly reject: (error: Error) => void;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
const classes = new Map<string, Map<string, AnyMethod>>();
const editions: Record<string, Editions[string]> = {};
const queue: Waiting[] = [];
const questions = new Map<number, Question>();
const cpu = new CpuMeter();
let running: Running | null = null;
let asked = 0;

/**
 * Said at once, and written before this returns: should the next task end this process, its host knows which one it was.
 */
function say(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

/** The failure of anything that was thrown; errors of another copy of Coxswain are known by their fields. */
function failureOf(error: unknown): TaskFailure {
  if (!(error instanceof CoxswainError) && error instanceof Error && 'code' in error && 'retry' in error) {
    const { code, retry } = error;
    if (typeof code === 'string' && (retry === 'never' || retry === 'here' || retry === 'elsewhere')) {
      const details = 'details' in error && typeof error.details === 'object' ? error.details : null;
      return { code, message: error.message, retry, details: { ...details } };
    }
  }
  return toTaskFailure(error);
}

function ask(kind: 'fetch' | 'upload', ref: string): Promise<string> {
  return new Promise((resolve, reject) => {
    asked += 1;
    questions.set(asked, { resolve, reject });
    say([kind, asked, ref]);
  });
}

function parseInput(method: AnyMethod, workerClass: string, given: unknown): unknown {
  const parsed = method.input.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InputError(
    `${workerClass}/${method.name}: the arguments do not fit: ${z.prettifyError(parsed.error).replaceAll('\n', '; ')}`,
  );
}

/** JSON text of a value; what JSON has no word for is null. */
function jsonOf(value: unknown): string {
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? text : 'null';
}

function writeOutput(method: AnyMethod, workerClass: string, value: unknown): string {
  let problem: string;
  try {
    const parsed = method.output.safeParse(value);
    if (parsed.success) return jsonOf(parsed.data);
    problem = z.prettifyError(parsed.error).replaceAll('\n', '; ');
  } catch (error) {
    problem = messageOf(error);
  }
  throw new MethodError(`${workerClass}/${method.name} returned what its output schema does not allow: ${problem}`, {
    code: 'method.bad-output',
  });
}

async function compute(task: Running): Promise<Outcome> {
  const readFrom = performance.now();
  const { method: name, arguments: given } = JSON.parse(task.task) as { method: string; arguments: unknown };
  const readMs = performance.now() - readFrom;
  const services: ContextServices = {
    objectsFolder: settings.objectsFolder,
    progress: (partial) => say(['progress', task.run, jsonOf(partial)]),
    fetch: (ref) => ask('fetch', ref),
    upload: async (ref) => {
      await ask('upload', ref);
    },
  };
  const { context, clear } = taskContext(task.scratch, task.ending, services);
  cpu.start();
  const startedAt = performance.timeOrigin + performance.now();
  const from = performance.now();
  let endedBy = from;
  let writeMs = 0;
  let value: string | null = null;
  let failure: TaskFailure | null = null;
  try {
    const method = classes.get(task.workerClass)?.get(name);
    if (method === undefined) {
      throw new MethodError(`${task.workerClass} has no method "${name}"`, { code: 'method.unknown' });
    }
    const input = parseInput(method, task.workerClass, given);
    const output: unknown = await method.run(input, context);
    endedBy = performance.now();
    value = writeOutput(method, task.workerClass, output);
    writeMs = performance.now() - endedBy;
  } catch (error) {
    if (endedBy === from) endedBy = performance.now();
    failure = failureOf(error);
  }
  // What was ended from outside failed for that reason, whatever the method made of it.
  if (task.ended !== null) [value, failure] = [null, task.ended];
  const wallMs = endedBy - from;
  const cpuMs = cpu.lap({ withChildren: wallMs > 1 });
  // The method may have started something more while it was ended.
  if (task.ended !== null) endMyOthers();
  // What cannot be removed goes with the worker: that is no failure of the task.
  await clear().catch((error: unknown) => process.stderr.write(`${task.scratch} is left: ${messageOf(error)}\n`));
  return { run: task.run, value, failure, wallMs, cpuMs, startedAt, endedAt: startedAt + wallMs, readMs, writeMs };
}

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    running = { ...next, ending: new Ending(), ended: null };
    const outcome = await compute(running);
    running = null;
    say(['done', outcome]);
  }
}

function hear(message: ToChild): void {
  switch (message[0]) {
    case 'run': {
      const [, run, workerClass, task, scratch] = message;
      queue.push({ run, workerClass, task, scratch });
      return;
    }
    case 'abort': {
      const [, run, failure] = message;
      const waiting = queue.findIndex((one) => one.run === run);
      if (waiting >= 0) {
        queue.splice(waiting, 1);
        say(['done', outcomeWithout(run, failure)]);
      }
      if (running?.run !== run) return;
      running.ended = failure;
      running.ending.abort(new MethodError(failure.message, { code: failure.code }));
      endMyOthers();
      return;
    }
    case 'recall': {
      const given = queue.filter(({ run }) => message[1].includes(run)).map(({ run }) => run);
      queue.splice(0, queue.length, ...queue.filter(({ run }) => !given.includes(run)));
      say(['recalled', given]);
      return;
    }
    case 'answer': {
      const [, question, path, failure] = message;
      const waiting = questions.get(question);
      questions.delete(question);
      if (failure === null) waiting?.resolve(path ?? '');
      else waiting?.reject(new MethodError(failure.message, { code: failure.code, details: failure.details }));
    }
  }
}

/** The host is gone: so are we, our programs and our scratch folder. */
function end(): void {
  endMyOthers();
  if (running !== null) {
    try {
      rmSync(running.scratch, { recursive: true, force: true });
    } catch {
      // The reaper removes it.
    }
  }
  killTree(process.pid);
  process.exit(1);
}

function register({ name, methods }: MethodBundle, digest: string): void {
  const workerClass = taskClass(name, digest);
  classes.set(workerClass, new Map(methods.map((method) => [method.name, method])));
  editions[workerClass] = { name, digest };
}

async function start(): Promise<void> {
  try {
    for (const folder of settings.folders) register(await loadCampaign(folder), methodsDigest(folder));
    say(['loaded', offer(), editions]);
    for (const methods of classes.values()) for (const method of methods.values()) await method.warm?.();
    say(['ready']);
  } catch (error) {
    const exitCode = error instanceof Error && 'exitCode' in error ? Number(error.exitCode) : 1;
    say(['broken', failureOf(error), exitCode]);
  }
}

function offer(): Offer {
  const limitsOf = ({ timeoutMs, memoryMb, retries }: AnyMethod): MethodLimits => ({
    timeoutMs,
    memoryMb: memoryMb ?? null,
    retries: retries ?? {},
  });
  const limits = (methods: Map<string, AnyMethod>): Record<string, MethodLimits> =>
    Object.fromEntries([...methods.values()].map((method) => [method.name, limitsOf(method)]));
  return Object.fromEntries([...classes].map(([name, methods]) => [name, limits(methods)]));
}

process.once('disconnect', end);
process.on('message', (batch: ToChild[]) => {
  batch.forEach(hear);
  if (running === null && queue.length > 0) void work();
});
await start();
