/** Hosts around one nats-server, as a team would set them up: nats.conf, a token, campaigns, actors and workers by `cox`. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, connect as connectSocket, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { connectNats } from '../../../src/nats/connection.ts';
import { buckets } from '../../../src/protocol/subjects.ts';
import { ensureNatsServer } from '../../../src/setup/programs.ts';
import { eventually, type CoxProcess } from '../scene.ts';
import { CampaignLogWatch } from './campaign-log-watch.ts';
import type { Host } from './host.ts';
import { Journal } from './journal.ts';
import { Network } from './network.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
/** What the server wants to hear. */
export const token = 'the-token-of-this-test';

/** The file that comes with the package. */
export const natsConf = root('nats.conf');

/** Settings of the campaign `quick`, as flags without `--`. */
export type QuickSettings = Readonly<Record<string, string | number>>;

export class Site implements AsyncDisposable {
  readonly network: Network;
  /** Where nats-server runs. */
  readonly server: Host;
  /** What simulations of the campaign `quick` wrote down, on all hosts. */
  readonly journal: Journal;
  readonly #program: string;
  readonly #undo: (() => Promise<unknown>)[] = [];
  #natsServer: CoxProcess | null = null;
  #connection: NatsConnection | null = null;

  private constructor(network: Network, program: string) {
    this.network = network;
    this.server = network.host('head');
    this.journal = new Journal(`${network.folder}/journal`);
    this.#program = program;
  }

  /** A nats-server on the host `head`, and these other hosts. */
  static async open(...others: readonly string[]): Promise<Site> {
    const { path } = await ensureNatsServer();
    const network = await Network.open(['head', ...others]);
    try {
      const site = new Site(network, path);
      await site.#configureServer();
      site.startServer();
      await site.#connect();
      return site;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `nats://${this.server.address}:4222`;
  }

  /** What `cox` needs to know to reach the server. */
  get environment(): NodeJS.ProcessEnv {
    return { COX_NATS_URL: this.url, COX_NATS_TOKEN: token };
  }

  /** A connection of the test's own, which goes on when a link is cut. */
  get connection(): NatsConnection {
    if (this.#connection === null) throw new Error('not connected');
    return this.#connection;
  }

  get natsServer(): CoxProcess {
    if (this.#natsServer === null) throw new Error('no server was started');
    return this.#natsServer;
  }

  host(name: string): Host {
    return this.network.host(name);
  }

  /** Start nats-server, or start it again, over the same store. */
  startServer(): void {
    this.#natsServer = this.server.start(this.#program, ['-c', 'nats.conf'], { COX_NATS_TOKEN: token });
  }

  /** Start nats-server again, after it has ended; resolves with when it was ready, ms since 1970. */
  async restartServer(): Promise<{ backAt: number }> {
    this.startServer();
    await says(this.natsServer, /Server is ready/);
    return { backAt: Date.now() };
  }

  /** `cox` on a host, with the server's address and token in its environment. */
  cox(host: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): CoxProcess {
    return this.host(host).cox(args, { ...this.environment, ...environment });
  }

  /** What a `cox` command printed; fails when it failed. */
  async ask(host: string, ...args: readonly string[]): Promise<string> {
    const asked = this.cox(host, args);
    const code = await asked.exit;
    if (code !== 0) throw new Error(`cox ${args.join(' ')} ended with ${code}: ${asked.stderr()}${asked.stdout()}`);
    return asked.stdout().trimEnd();
  }

  /** Start a campaign `quick`; its log, from which its id is known. */
  async startCampaign(settings: QuickSettings = {}, folder = quickFolder): Promise<CampaignLogWatch> {
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const id = await this.ask('head', 'start', folder, '--journal', this.journal.file, ...flags);
    return this.watch(id);
  }

  /** The log of a campaign, from its first fact on. */
  async watch(id: string): Promise<CampaignLogWatch> {
    const log = await CampaignLogWatch.open(this.connection, id);
    this.#undo.push(() => log.close());
    return log;
  }

  /** Host actors, or stand by for them; resolves when that is so. */
  async actors(host: string, id: string, ...names: readonly string[]): Promise<CoxProcess> {
    const wanted = names.length === 0 ? ['all'] : names;
    const actors = this.cox(host, ['actor', ...wanted, '--campaign', id]);
    await says(actors, /running|standing by/);
    return actors;
  }

  /** A worker that takes tasks. */
  async worker(host: string, slots: number, folder = quickFolder): Promise<CoxProcess> {
    const worker = this.cox(host, ['worker', folder, '--slots', String(slots)]);
    await says(worker, / ready: /);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The server first: it would otherwise be asked for a last word.
    for (const undo of this.#undo.splice(0).reverse()) await undo().catch(() => undefined);
    await this.network[Symbol.asyncDispose]();
  }

  /** As the file itself says how to let other machines in. */
  async #configureServer(): Promise<void> {
    const shipped = await readFile(natsConf, 'utf8');
    const config = shipped
      .replace(/^host: 127\.0\.0\.1$/m, 'host: 0.0.0.0')
      .replace(/^# include nats-access\.conf$/m, 'include nats-access.conf');
    const before = shipped.split('\n');
    const changed = config.split('\n').filter((line, place) => line !== before[place]);
    if (changed.length !== 2) throw new Error('nats.conf says otherwise how to let other machines in: do so here');
    await writeFile(this.server.path('nats.conf'), config);
    await writeFile(this.server.path('nats-access.conf'), 'authorization { token: $COX_NATS_TOKEN }\n', {
      mode: 0o600,
    });
  }

  /** From this process, which is on none of the hosts, through one that runs beside the server. */
  async #connect(): Promise<void> {
    const file = this.server.path('relay');
    const script = fileURLToPath(new URL('./relay.mjs', import.meta.url));
    const relay = this.server.start(process.execPath, [script, file, this.server.address, '4222']);
    await says(relay, /listening/);
    const near = createServer((socket) => {
      const far = connectSocket(file);
      socket.pipe(far).pipe(socket);
      socket.on('error', () => far.destroy()).on('close', () => far.destroy());
      far.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    });
    const { port } = await listen(near);
    this.#undo.push(() => Promise.resolve(near.close()));
    this.#connection = await connectNats({ url: `nats://127.0.0.1:${port}`, token }, { name: 'test' });
    this.#undo.push(() => this.connection.close());
  }
}

/** The campaign folder `quick`. */
export const quickFolder = root('test/support/campaigns/quick');
/** The reference campaign's folder. */
export const referenceFolder = root('campaigns/molecular-design');

/** A copy of the campaign folder `quick` with something else in it. */
export async function changedQuick(site: Site, name: string, from: string, to: string): Promise<string> {
  const source = await readFile(join(quickFolder, 'campaign.ts'), 'utf8');
  if (!source.includes(from)) throw new Error(`the campaign quick has no ${from}`);
  const folder = join(site.network.folder, name);
  await mkdir(folder);
  await writeFile(join(folder, 'campaign.ts'), source.replace(from, to));
  return folder;
}

/** Resolves when a process has said something; fails when it ends before. */
export async function says(started: CoxProcess, what: RegExp, timeoutMs = 20_000): Promise<void> {
  await eventually(() => {
    const said = started.stdout() + started.stderr();
    if (what.test(said)) return;
    if (started.child.exitCode !== null || started.child.signalCode !== null) {
      throw new Error(`it ended before it said ${what.source}: ${said}`);
    }
    throw new Error(`it has not said ${what.source} but: ${said}`);
  }, timeoutMs);
}

function listen(server: Server): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}

/** Which host runs an actor, and since when (ms since 1970). @throws Error while nobody does. */
export async function ownerOf(site: Site, campaign: string, actor: string): Promise<{ host: string; since: number }> {
  const bucket = await new Kvm(site.connection).open(buckets.leases);
  const entry = await bucket.get(`${campaign}.${actor}`);
  if (entry?.operation !== 'PUT') throw new Error(`nobody runs the ${actor}`);
  return { host: entry.json<{ host: string }>().host, since: entry.created.getTime() };
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
