import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import { Command } from 'commander';
import { pino } from 'pino';
import type { CampaignDefinition } from '../campaign/definition.ts';
import type { MethodBundle } from '../campaign/load.ts';
import { ConfigError, exitCodes, InputError, messageOf, MethodError, TransportError } from '../protocol/errors.ts';
import type { TaskResult } from '../protocol/task.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { packagedCampaign } from './packaged-campaign.ts';

interface SubmitFlags {
  readonly campaign?: string;
  readonly nats?: string;
  readonly topic: string;
  readonly timeout?: string;
  readonly memory?: string;
  readonly json?: boolean;
}

/** `cox submit`: one task, its result printed. */
export function submitCommand(): Command {
  return new Command('submit')
    .description('compute one task and print its result')
    .argument('<method>', 'what to compute')
    .argument('<arguments>', 'its arguments, as JSON')
    .option('--campaign <folder>', 'whose method it is (default: molecular-design, or whoever has it at the server)')
    .option('--nats <url>', 'use the workers of this NATS server (default: $COX_NATS_URL, else a private worker)')
    .option('--topic <topic>', 'what the result is stored under', 'submit')
    .option('--timeout <seconds>', "end the task after so long (default: the method's own limit)")
    .option('--memory <MB>', "end the task when its processes take more (default: the method's own limit)")
    .option('--json', 'print the value as one JSON value')
    .addHelpText(
      'after',
      `\nExample:\n  $ cox submit ionization-energy '{"smiles": "CO"}'\n` +
        '\nExit codes: 0 with a value, 1 when the task failed, 2 for arguments that are no JSON.\n',
    )
    .action(submit);
}

async function submit(method: string, text: string, flags: SubmitFlags): Promise<void> {
  const args = parseArguments(text);
  const seconds = parsePositive('--timeout', 'seconds', flags.timeout);
  const timeoutMs = seconds === undefined ? undefined : seconds * 1_000;
  const memoryMb = parsePositive('--memory', 'MB', flags.memory);
  const url = flags.nats ?? process.env['COX_NATS_URL'];
  const task: Submission = { method, args, topic: flags.topic, timeoutMs, memoryMb };
  const interrupted = untilSignal();
  const result = await (url === undefined || url === ''
    ? computeHere(flags.campaign ?? packagedCampaign(), task, interrupted)
    : Promise.race([
        computeAt({ url }, await classOf(flags.campaign), task, interrupted),
        afterMs(interrupted, partingMs),
      ]));
  if (result === null) {
    process.exitCode = exitCodes.interrupted;
    return;
  }
  if (result.failure !== null) {
    const { message, code, details } = result.failure;
    throw new MethodError(message, { code, details });
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(result.value)}\n` : readable(result));
}

/** Resolves with null when the user or the system wants this process to end: what it started and made is then cleared away. */
function untilSignal(): Promise<null> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(null));
    process.once('SIGTERM', () => resolve(null));
  });
}

/** How long a task that nobody waits for may take to be called off. */
const partingMs = 2_000;

async function afterMs<T>(first: Promise<T>, ms: number): Promise<T> {
  const value = await first;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
}

interface Submission {
  readonly method: string;
  readonly args: unknown;
  readonly topic: string;
  readonly timeoutMs: number | undefined;
  readonly memoryMb: number | undefined;
}

async function computeAt(
  where: { url: string } | { connection: NatsConnection },
  workerClass: string | undefined,
  { method, args, topic, timeoutMs, memoryMb }: Submission,
  interrupted: Promise<null>,
): Promise<TaskResult | null> {
  const { connectTasks } = await import('../tasks/client.ts');
  const tasks = await connectTasks({ ...where, workerClass });
  try {
    const { id } = await tasks.submit(method, args, { topic, timeoutMs, memoryMb });
    // A worker that ends the task in time has then some seconds to say so.
    const next = tasks.next({ topic, timeoutMs: timeoutMs === undefined ? undefined : timeoutMs + 5_000 });
    const result = await Promise.race([next, interrupted.then((): 'interrupted' => 'interrupted')]);
    if (result !== null && result !== 'interrupted') return result;
    await tasks.cancel(id, 'nobody waits for it any more');
    if (result === 'interrupted') return null;
  } finally {
    await tasks.close();
  }
  throw new TransportError(`no result of "${method}" within ${(timeoutMs ?? 0) / 1_000} s; are all workers busy?`, {
    code: 'task.no-result',
  });
}

async function classOf(folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const { loadCampaign } = await import('../campaign/load.ts');
  return (await loadCampaign(folder)).name;
}

/** A server and a worker for this one task, gone when it is done or this process ends. */
async function computeHere(folder: string, task: Submission, interrupted: Promise<null>): Promise<TaskResult | null> {
  const [{ loadCampaign }, { startNatsServer }, { connectNats }, { startWorker }, { ensureNatsServer, ensureXtb }] =
    await Promise.all([
      import('../campaign/load.ts'),
      import('../nats/server.ts'),
      import('../nats/connection.ts'),
      import('../worker/host.ts'),
      import('../setup/programs.ts'),
    ]);
  const campaign: MethodBundle & Partial<CampaignDefinition> = await loadCampaign(folder);
  const known = campaign.methods.map(({ name }) => name);
  if (!known.includes(task.method)) {
    throw new ConfigError(`${campaign.name} has no method "${task.method}"; it has ${known.join(', ')}`, {
      code: 'method.unknown',
    });
  }
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const program = await ensureNatsServer({ onProgress });
  // Where the method, in a child of this process, will look for it.
  if (campaign.needs?.includes('xtb') === true) process.env['COX_XTB'] = (await ensureXtb({ onProgress })).path;

  const storeDir = await mkdtemp(join(tmpdir(), 'cox-submit-'));
  try {
    await using server = await startNatsServer({
      program: program.path,
      storeDir,
      logFile: join(storeDir, 'nats-server.log'),
    });
    const connection = await connectNats({ url: server.url, token: server.token }, { name: 'cox submit' });
    try {
      const logger = pino({ level: 'warn', name: 'cox submit' }, pino.destination(2));
      const worker = await startWorker({ connection, folders: [folder], slots: 1, cacheDir: cacheDir(), logger });
      try {
        const result = computeAt({ connection }, campaign.name, task, interrupted);
        return await Promise.race([worker.ready.then(() => result), result, interrupted]);
      } finally {
        await worker.kill();
      }
    } finally {
      await connection.close();
    }
  } finally {
    await rm(storeDir, { recursive: true, force: true });
  }
}

/** @throws InputError (exit code 2) that says where the text stops being JSON. */
function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`the arguments are no JSON (${messageOf(cause)}); write them like '{"smiles": "CO"}'`, {
      cause,
    });
  }
}

function parsePositive(flag: string, unit: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && number > 0 && Number.isFinite(number)) return number;
  throw new ConfigError(`${flag} takes a number of ${unit} above 0; "${text}" is not one`);
}

/** A value for people: a field a line, longer texts below their names; then how long it took, and where. */
function readable({ value, worker, resources }: TaskResult): string {
  const seconds = (ms: number): string => (ms / 1_000).toFixed(2);
  const took = `computed in ${seconds(resources.wallMs)} s (${seconds(resources.cpuMs)} s of CPU) on ${worker.host}\n`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${textOf(value)}\n${took}`;
  const fields = Object.entries(value);
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  const lines = fields.map(([name, field]) => {
    const text = textOf(field);
    return text.includes('\n')
      ? `${name}\n  ${text.trimEnd().replaceAll('\n', '\n  ')}`
      : `${name.padEnd(width)}  ${text}`;
  });
  return `${lines.join('\n')}\n${took}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
