/**
 * The dashboard of a run, as the run has it: a port and a link. What answers there is a process of its own with the lowest priority,
 * which is started when somebody comes: a run that nobody watches pays for a socket, and one that is watched for handing connections on.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { linkTo, listenAt } from '../dashboard/address.ts';
import { newKeys, type Keys } from '../dashboard/keys.ts';
import type { NatsAddress } from '../nats/connection.ts';
import type { DashboardOrder } from './dashboard-child.ts';
import { credentials } from './private-server.ts';

const host = '127.0.0.1';
const niceness = 10;
/** Whoever looks when the run ends is told so; that takes no longer, ms. */
const farewellMs = 2_000;
/** More processes than this within a minute, and something is wrong that another one does not mend. */
const mostStarts = 5;
const windowMs = 60_000;
const mostConnections = 256;

interface RunDashboardOptions {
  readonly id: string;
  readonly folder: string;
  readonly address: NatsAddress;
  /** Where the process writes what goes wrong. */
  readonly logFile: string;
}

export class RunDashboard {
  readonly #options: RunDashboardOptions;
  readonly #keys: Keys = newKeys();
  readonly #server: Server;
  #port = 0;
  #child: ChildProcess | null = null;
  #starts: number[] = [];
  /** Connections that the process has not taken over yet. */
  readonly #waiting = new Set<Socket>();

  private constructor(options: RunDashboardOptions) {
    this.#options = options;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#handOn(socket));
    this.#server.maxConnections = mostConnections;
  }

  /** Listen on a free port of this machine. @throws ResourceError when there is none. */
  static async open(options: RunDashboardOptions): Promise<RunDashboard> {
    const dashboard = new RunDashboard(options);
    dashboard.#port = await listenAt(dashboard.#server, 0, host);
    // It must never end a run: what cannot be accepted is not.
    dashboard.#server.on('error', () => undefined);
    return dashboard;
  }

  /** For whoever may steer. */
  get link(): string {
    return linkTo(host, this.#port, this.#keys.steer);
  }

  /** Tell those who watch that the run has ended, and why; nothing answers afterwards. */
  async close(reason: string): Promise<void> {
    this.#server.close();
    const child = this.#child;
    if (child === null) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, farewellMs)));
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#tell(child, { order: 'end', reason });
    await Promise.race([gone, late]);
    clearTimeout(timer);
    child.kill('SIGKILL');
  }

  /** End at once. */
  kill(): void {
    this.#server.close();
    this.#child?.kill('SIGKILL');
  }

  #handOn(socket: Socket): void {
    socket.on('error', () => undefined);
    try {
      const child = this.#child ?? this.#start();
      if (child === null) socket.destroy();
      else this.#tell(child, { order: 'connection' }, socket);
    } catch {
      // No memory for another process, or no number: whoever looks asks again, and the run goes on.
      socket.destroy();
    }
  }

  #tell(child: ChildProcess, order: DashboardOrder, socket?: Socket): void {
    if (!child.connected) {
      socket?.destroy();
      return;
    }
    if (socket !== undefined) this.#waiting.add(socket);
    // Closed here as soon as it is on its way: left to Node, it stays open for ever when the process dies before it has taken it over.
    child.send(order, socket, { keepOpen: true }, () => {
      if (socket === undefined) return;
      this.#waiting.delete(socket);
      socket.destroy();
    });
  }

  #start(): ChildProcess | null {
    this.#starts = [...this.#starts.filter((at) => Date.now() - at < windowMs), Date.now()];
    if (this.#starts.length > mostStarts) return null;
    const { id, folder, address, logFile } = this.#options;
    const script = import.meta.url.endsWith('.js') ? './dashboard-child.js' : './dashboard-child.ts';
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), [], {
      env: { ...process.env, ...credentials(address) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C is for the run, which tells it.
      detached: true,
    });
    child.on('error', () => undefined);
    // One that could not be started has no number, and no exit.
    if (child.pid === undefined) return null;
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
      for (const socket of this.#waiting) socket.destroy();
      this.#waiting.clear();
    });
    // Opened when there is something to say.
    child.stderr?.once('data', (first: Buffer) => {
      const log = createWriteStream(logFile, { flags: 'a' });
      log.on('error', () => undefined);
      log.write(first);
      child.stderr?.pipe(log);
    });
    try {
      setPriority(child.pid, niceness);
    } catch {
      // It has ended already, or may not be made to wait.
    }
    this.#tell(child, { order: 'begin', id, folder, url: address.url, keys: this.#keys });
    return child;
  }
}
