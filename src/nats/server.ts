import { randomBytes } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CoxswainError, messageOf, ResourceError } from '../protocol/errors.ts';
import { unfit } from '../setup/find-program.ts';
import { probe } from '../setup/program-version.ts';
import { natsServerRequirement } from '../setup/requirement.ts';
import type { ServerSettings } from './server-config.ts';
import { serverConfig } from './server-config.ts';
import type { ServerProcess } from './server-process.ts';
import { startServerProcess } from './server-process.ts';
import type { StoreClaim } from './store-owner.ts';
import { claimStore } from './store-owner.ts';

/** How the embedded server is to run. */
export interface NatsServerOptions {
  /** The nats-server program: see `ensureNatsServer`. */
  program: string;
  /** Where JetStream keeps its files; made if need be. One server at a time. */
  storeDir: string;
  /** Default: a free one. */
  port?: number;
  /** What clients must show; default: a random one. */
  token?: string;
  /** The server's own log; the server turns it over at 4 MB and keeps two old ones. */
  logFile: string;
  /** Default 127.0.0.1: nobody outside this machine. */
  host?: string;
  /** `always` flushes every write to the disk: for a log that must survive a power cut. Default: every two minutes. */
  sync?: 'always' | 'default';
  /** Told each time the server died and is back. */
  onRestart?: (restart: { how: string; downMs: number; pid: number }) => void;
}

/** A running, supervised nats-server. */
export interface NatsServer extends AsyncDisposable {
  /** For clients, without the token. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly version: string;
  /** The server's process now; another one after a restart. */
  readonly pid: number;
  /** Resolves when it is over: null after `stop()`, the error when the server kept dying and was given up. Never rejects. */
  readonly ended: Promise<CoxswainError | null>;
  /** Ends the server; what it stored stays. */
  stop: () => Promise<void>;
}

type Settings = Omit<ServerSettings, 'name'>;

const maxRestarts = 5;
const restartWindowMs = 10_000;
/** Tries to find a free port before giving up: each fails only if somebody takes the port within a few milliseconds. */
const portTries = 5;

/**
 * A nats-server of our own with JetStream, ready for clients in about 50 ms and gone when this process is gone, however it ends.
 * When it dies it is started again on the same port and store, up to five times in ten seconds. Its token stands in a file that
 * only this user can read, never on a command line.
 * @throws MissingError when the program is too old or does not run; ResourceError `port.in-use`, `store.in-use`,
 * `store.unusable` or `nats-server.failed`.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const seen = await probe(natsServerRequirement, resolve(options.program));
  if (seen.status !== 'ok') throw unfit(natsServerRequirement, seen, `The server to start is ${options.program}`);

  const storeDir = resolve(options.storeDir);
  const claim = await claimStore(storeDir);
  try {
    await mkdir(dirname(resolve(options.logFile)), { recursive: true });
    const settings: Settings = {
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      token: options.token ?? randomBytes(24).toString('hex'),
      storeDir,
      logFile: resolve(options.logFile),
      sync: options.sync ?? 'default',
      memoryStoreBytes: Math.min(2 ** 30, Math.floor(totalmem() / 4)),
      fileStoreBytes: await sizeOfDisk(storeDir),
    };
    const first = await startOnPort(seen.path, claim, settings);
    return new SupervisedServer(seen.path, claim, first.settings, first.server, options.onRestart);
  } catch (error) {
    await claim.release();
    throw error;
  }
}

/**
 * The whole disk: by default the server takes 75 % of what is free when it starts, which after a restart on a well-filled disk can
 * be less than what it holds already, and it would refuse to store any more. A disk that is full is an error either way.
 */
async function sizeOfDisk(folder: string): Promise<number> {
  const { blocks, bsize } = await statfs(folder);
  return blocks * bsize;
}

async function startOnPort(
  program: string,
  claim: StoreClaim,
  wanted: Settings,
): Promise<{ server: ServerProcess; settings: Settings }> {
  for (let tries = 1; ; tries++) {
    const settings = { ...wanted, port: wanted.port === 0 ? await freePort(wanted.host) : wanted.port };
    try {
      return { server: await startConfigured(program, claim, settings), settings };
    } catch (error) {
      const again = error instanceof CoxswainError && error.code === 'port.in-use' && wanted.port === 0;
      if (!again || tries === portTries) throw error;
    }
  }
}

async function startConfigured(program: string, claim: StoreClaim, wanted: Settings): Promise<ServerProcess> {
  // A name of its own for each start: only the one that was just started counts as ready, not one that is ending.
  const settings = { ...wanted, name: `cox-${randomBytes(6).toString('hex')}` };
  // Removed first, since the mode counts only for a file that is made.
  await rm(claim.configFile, { force: true });
  await writeFile(claim.configFile, serverConfig(settings), { mode: 0o600 });
  const server = await startServerProcess(program, claim.configFile, settings);
  await claim.note(server.pid);
  return server;
}

/**
 * A port that is free now, below the range from which the kernel takes the ports of outgoing connections. In that range a client
 * that tries again and again to reach a server that is down is one day connected to itself, and keeps the port from the server.
 */
async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 10_000);
    if (await isFree(host, port)) return port;
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((settle, reject) => {
    const trial = createServer();
    trial.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') settle(false);
      else {
        const message = `Nothing can listen on ${host}: ${messageOf(error)}. Name an address of this machine.`;
        reject(new ResourceError(message, { code: 'host.unusable', details: { host }, cause: error }));
      }
    });
    trial.listen(port, host, () => trial.close(() => settle(true)));
  });
}

class SupervisedServer implements NatsServer {
  readonly url: string;
  readonly ended: Promise<CoxswainError | null>;
  private readonly finish: (error: CoxswainError | null) => void;
  private readonly program: string;
  private readonly claim: StoreClaim;
  private readonly settings: Settings;
  private readonly onRestart: NatsServerOptions['onRestart'];
  private server: ServerProcess;
  private stopping = false;
  private readonly supervision: Promise<void>;

  constructor(
    program: string,
    claim: StoreClaim,
    settings: Settings,
    server: ServerProcess,
    onRestart: NatsServerOptions['onRestart'],
  ) {
    this.program = program;
    this.claim = claim;
    this.settings = settings;
    this.server = server;
    this.onRestart = onRestart;
    // An address that means "all of them" is no address to connect to.
    const host = settings.host === '0.0.0.0' || settings.host === '::' ? '127.0.0.1' : settings.host;
    this.url = `nats://${host}:${settings.port}`;
    const { promise, resolve: finish } = withResolvers<CoxswainError | null>();
    this.ended = promise;
    this.finish = finish;
    this.supervision = this.supervise();
  }

  get host(): string {
    return this.settings.host;
  }
  get port(): number {
    return this.settings.port;
  }
  get token(): string {
    return this.settings.token;
  }
  get version(): string {
    return this.server.version;
  }
  get pid(): number {
    return this.server.pid;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.server.stop();
    await this.supervision;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Starts the server again whenever it ends, until it is stopped or has died too often. */
  private async supervise(): Promise<void> {
    const deaths: number[] = [];
    let failure: CoxswainError | null = null;
    let how = await this.server.ended;
    while (!this.isStopping()) {
      const diedAt = performance.now();
      deaths.push(diedAt);
      const recent = deaths.filter((at) => diedAt - at < restartWindowMs).length;
      if (recent > maxRestarts) {
        failure = new ResourceError(
          `nats-server died ${recent} times within ${restartWindowMs / 1000} s (the last time: ${how}) and was given up. See ${this.settings.logFile}.`,
          { code: 'nats-server.failed', details: { logFile: this.settings.logFile } },
        );
        break;
      }
      try {
        this.server = await startConfigured(this.program, this.claim, this.settings);
      } catch (error) {
        // A port that is not free again yet is free in a moment; anything else shows by failing as often as is allowed.
        how = messageOf(error);
        await delay(100 * recent);
        continue;
      }
      if (this.isStopping()) await this.server.stop();
      else this.onRestart?.({ how, downMs: performance.now() - diedAt, pid: this.server.pid });
      how = await this.server.ended;
    }
    await this.claim.release();
    this.finish(failure);
  }

  /** A method, since the compiler does not see that an await may change the field. */
  private isStopping(): boolean {
    return this.stopping;
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let settle!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, resolve: settle };
}
