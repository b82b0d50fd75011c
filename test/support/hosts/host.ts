/** A host among several on this machine: its processes and its link. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { coxProgram, listenTo, type CoxProcess } from '../scene.ts';
import { processTree } from '../process-tree.ts';
import type { LinkState, Network } from './network.ts';

/** Where a host is: its address, and the files by which its namespaces are entered. */
export interface HostPlace {
  readonly name: string;
  readonly address: string;
  readonly net: string;
  readonly uts: string;
}

const open: LinkState = { delayMs: 0, loss: 0, isCut: false };

export class Host {
  readonly name: string;
  readonly address: string;
  /** Its part of the disk: the processes that are started on it work here. */
  readonly folder: string;
  readonly #place: HostPlace;
  readonly #network: Network;
  #link = open;

  constructor(place: HostPlace, folder: string, network: Network) {
    this.name = place.name;
    this.address = place.address;
    this.folder = folder;
    this.#place = place;
    this.#network = network;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Start a program here. */
  start(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): CoxProcess {
    const { net, uts } = this.#place;
    const env = { ...process.env, ...environment };
    return listenTo(
      spawn('nsenter', [`--net=${net}`, `--uts=${uts}`, '--', program, ...args], {
        cwd: this.folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Start `cox` here, with state, scratch space and cache of this host's own. */
  cox(args: readonly string[], environment: NodeJS.ProcessEnv = {}): CoxProcess {
    return this.start(process.execPath, [coxProgram, ...args], {
      COX_HOME: this.path('.cox'),
      COX_SCRATCH: this.path('scratch'),
      XDG_CACHE_HOME: this.path('cache'),
      ...environment,
    });
  }

  /** From now on no packet goes to or from this host. */
  async cut(): Promise<void> {
    await this.set({ isCut: true });
  }

  /** The link is as good as new. */
  async restore(): Promise<void> {
    await this.set(open);
  }

  /** Every packet to and from this host is late by so much. */
  async slow(delayMs: number): Promise<void> {
    await this.set({ delayMs });
  }

  /** This share of the packets to and from this host is lost, 0 to 1. */
  async lossy(loss: number): Promise<void> {
    await this.set({ loss });
  }

  /** Kill everything that runs here, at once; resolves with the number of processes. */
  kill(): Promise<number> {
    return this.#network.signal(this.name, 'KILL');
  }

  /** Everything that runs here stands still until {@link thaw}. */
  freeze(): Promise<number> {
    return this.#network.signal(this.name, 'STOP');
  }

  thaw(): Promise<number> {
    return this.#network.signal(this.name, 'CONT');
  }

  /** Change several things about the link at once. */
  async set(change: Partial<LinkState>): Promise<void> {
    this.#link = { ...this.#link, ...change };
    await this.#network.setLink(this.name, this.#link);
  }
}

/** Send a signal to a process and to everything below it. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of processTree(pid)) {
    try {
      process.kill(one, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
