/** Several hosts on this machine: a network namespace each, and links between them that can be slow, lossy or cut. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { eventually, isRunning } from '../scene.ts';
import { Host, type HostPlace } from './host.ts';

const program = fileURLToPath(new URL('./switch.pl', import.meta.url));
const folderPrefix = 'cox-hosts-';

/** A host's link to all others. */
export interface LinkState {
  /** What every packet from and to the host is late by. */
  readonly delayMs: number;
  /** The share of packets that are lost, 0 to 1. */
  readonly loss: number;
  /** Whether all are lost, without a word to anybody. */
  readonly isCut: boolean;
}

/**
 * Hosts with addresses of their own and a folder each, and the switch between them.
 *
 * The namespaces exist only as long as the switch, which ends with this process however that ends, and kills what runs in them;
 * what a dead process left in the folder for temporary files is removed by the next one.
 */
export class Network implements AsyncDisposable {
  readonly folder: string;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly #switch: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: ((line: string) => void)[];

  private constructor(folder: string, { child, answers, places }: Switch) {
    this.folder = folder;
    this.#switch = child;
    this.#answers = answers;
    this.hosts = new Map(places.map((place) => [place.name, new Host(place, join(folder, place.name), this)]));
    for (const host of this.hosts.values()) mkdirSync(host.folder);
  }

  /** @throws Error that says what this machine lacks: Linux, root and /dev/net/tun are needed. */
  static async open(names: readonly string[]): Promise<Network> {
    await removeLeftOvers();
    const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
    try {
      return new Network(folder, await startSwitch(names));
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  host(name: string): Host {
    const found = this.hosts.get(name);
    if (found === undefined) throw new Error(`there is no host ${name}`);
    return found;
  }

  /** Set what happens to a host's packets. */
  async setLink(host: string, { delayMs, loss, isCut }: LinkState): Promise<void> {
    await this.#ask(`link ${host} ${delayMs} ${loss} ${isCut ? 1 : 0}`);
  }

  /** Send a signal to every process of a host; resolves with how many there were. */
  async signal(host: string, signal: 'KILL' | 'STOP' | 'CONT'): Promise<number> {
    return Number(await this.#ask(`signal ${host} ${signal}`));
  }

  /** Every TCP connection that was opened since the start, as `from to port`, each once. */
  async connections(): Promise<string[]> {
    return (await this.#ask('connections -')).split(', ').filter((line) => line !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isGone = this.#switch.exitCode !== null || this.#switch.signalCode !== null;
    if (!isGone) {
      const exit = once(this.#switch, 'exit');
      this.#switch.stdin.end();
      await exit;
    }
    await removeFolder(this.folder);
  }

  #ask(command: string): Promise<string> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#switch.stdin.write(`${command}\n`);
    });
  }
}

interface Switch {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly answers: ((line: string) => void)[];
  readonly places: readonly HostPlace[];
}

async function startSwitch(names: readonly string[]): Promise<Switch> {
  const child = spawn('perl', [program, ...names], { stdio: 'pipe' });
  const answers: ((line: string) => void)[] = [];
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const places = await new Promise<HostPlace[]>((resolve, reject) => {
    const refuse = (why: string): void =>
      reject(new Error(`these tests need several hosts, as network namespaces of this machine: ${why}`));
    child.once('error', ({ message }) => refuse(`perl cannot be started (${message})`));
    child.once('close', () => refuse(said.trim()));
    answers.push((line) => resolve(JSON.parse(line) as HostPlace[]));
    createInterface(child.stdout).on('line', (line) => answers.shift()?.(line));
  });
  return { child, answers, places };
}

/** Remove what processes that are gone could not: their folders, and processes that run in those. */
async function removeLeftOvers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const owner = Number(name.slice(folderPrefix.length).split('-')[0]);
    if (!isRunning(owner)) await removeFolder(join(tmpdir(), name));
  }
}

async function removeFolder(folder: string): Promise<void> {
  await eventually(async () => {
    for (const pid of processesIn(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await rm(folder, { recursive: true, force: true });
  });
}

/** Processes whose current folder is this one or lies in it. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isRunning(Number(entry)))
    .map(Number)
    .filter((pid) => {
      try {
        return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
      } catch {
        return false;
      }
    });
}
