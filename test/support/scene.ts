/** A nats-server of a test's own, and real `cox worker` processes on it; all of it gone when the scene is closed. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/nats-core';
import { connectNats } from '../../src/nats/connection.ts';
import { startNatsServer, type NatsServer } from '../../src/nats/server.ts';
import { ensureNatsServer } from '../../src/setup/programs.ts';
import { killTree } from './process-tree.ts';
import { connectTasks, type TaskClient, type TaskClientOptions } from '../../src/tasks/client.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The `cox` program, as it was compiled from the sources. */
export const coxProgram = at('../../dist/src/cli/main.js');
/** A campaign folder for tests. */
export const campaignFolder = (name: 'odd' | 'even' | 'quick'): string => at(`./campaigns/${name}`);

/** A `cox` process and what it has said. */
export interface CoxProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
}

/** Start `cox` with these arguments, in a folder. */
export function startCox(args: readonly string[], environment: NodeJS.ProcessEnv = {}, cwd = '.'): CoxProcess {
  const env = { ...process.env, ...environment };
  return listenTo(spawn(process.execPath, [coxProgram, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** A process that was just started, and what it says from now on. */
export function listenTo(child: ChildProcessByStdio<null, Readable, Readable>): CoxProcess {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null);
  return { child, pid: child.pid ?? -1, stdout: () => stdout, stderr: () => stderr, exit };
}

/** A test's own server, folder, workers and clients. */
export class Scene implements AsyncDisposable {
  readonly folder: string;
  readonly server: NatsServer;
  readonly #undo: (() => Promise<unknown>)[] = [];

  private constructor(folder: string, server: NatsServer) {
    this.folder = folder;
    this.server = server;
  }

  static async open(): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'cox-scene-'));
    const { path: program } = await ensureNatsServer();
    const server = await startNatsServer({
      program,
      storeDir: join(folder, 'store'),
      logFile: join(folder, 'nats-server.log'),
    });
    return new Scene(folder, server);
  }

  get environment(): NodeJS.ProcessEnv {
    return { COX_NATS_TOKEN: this.server.token, COX_SCRATCH: join(this.folder, 'scratch') };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A process of `cox` in the scene's folder, on its server, with caches of its own; it ends with the scene. */
  cox(...args: readonly string[]): CoxProcess {
    const environment = { COX_NATS_URL: this.server.url, XDG_CACHE_HOME: this.path('caches') };
    const started = startCox(args, { ...this.environment, ...environment }, this.folder);
    this.#undo.push(async () => {
      if (started.child.exitCode === null && started.child.signalCode === null) killTree(started.pid);
      await started.exit;
    });
    return started;
  }

  /** A worker process, ready to take tasks. */
  async worker(
    options: {
      campaigns?: readonly ('odd' | 'even')[];
      slots?: number;
      args?: string[];
      folders?: readonly string[];
    } = {},
  ): Promise<CoxProcess> {
    const { campaigns = ['odd'], slots = 2, args = [] } = options;
    const folders = options.folders ?? campaigns.map(campaignFolder);
    const flags = ['--nats', this.server.url, '--slots', String(slots), '--cache', this.path('cache'), ...args];
    const worker = startCox(['worker', ...folders, ...flags], this.environment);
    this.#undo.push(async () => {
      worker.child.kill('SIGKILL');
      await worker.exit;
    });
    await eventually(() => {
      if (worker.child.exitCode !== null) throw new Error(`the worker ended: ${worker.stderr()}`);
      if (!worker.stderr().includes(' ready: ')) throw new Error(`the worker is not ready: ${worker.stderr()}`);
    });
    return worker;
  }

  async connect(): Promise<NatsConnection> {
    const connection = await connectNats({ url: this.server.url, token: this.server.token }, { name: 'test' });
    this.#undo.push(() => connection.close());
    return connection;
  }

  async tasks(options: TaskClientOptions = {}): Promise<TaskClient> {
    const client = await connectTasks({ url: this.server.url, environment: this.environment, ...options });
    this.#undo.push(() => client.close());
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Try until it does not throw; after `timeoutMs` what it threw last is thrown. */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Whether a process runs; a zombie, which waits for somebody to ask for its exit code, does not. */
export function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** How many processes run with exactly this command line. */
export function countRunning(commandLine: string): number {
  return processes().filter((line) => line === commandLine).length;
}

function processes(): string[] {
  return readdirSync('/proc').map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1).join(' ');
    } catch {
      return '';
    }
  });
}

/** The lines that something has written to a file so far; none while it is not there. */
export const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
