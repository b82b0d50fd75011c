/** Kills, freezes and cuts at random, drawn from a seed, across all kinds of processes of a site; what dies is started again. */
import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom } from '../../../src/ml/seeded-random.ts';
import { processTree } from '../process-tree.ts';
import type { CoxProcess } from '../scene.ts';
import { signalTree } from './host.ts';
import type { Site } from './site.ts';

/** A process that is started again when it has died, as systemd would. */
export interface Kept {
  readonly name: string;
  readonly host: string;
  readonly start: () => CoxProcess;
}

const faults = ['kill', 'kill', 'kill child', 'kill host', 'freeze', 'cut', 'slow', 'lossy', 'server'] as const;
type Fault = (typeof faults)[number];

export class Chaos {
  /** What was done, in order: a line each. */
  readonly history: string[] = [];
  /** Processes that ended by themselves, and what they said. */
  readonly gaveUp: string[] = [];
  readonly #site: Site;
  readonly #kept: readonly Kept[];
  readonly #random: SeededRandom;
  readonly #running = new Map<string, CoxProcess>();
  /** Hosts that something is being done to. */
  readonly #busy = new Set<string>();
  readonly #under: Promise<void>[] = [];
  readonly #startedAt = Date.now();
  #isOver = false;

  constructor(site: Site, kept: readonly Kept[], seed: number) {
    this.#site = site;
    this.#kept = kept;
    this.#random = new SeededRandom(seed);
    for (const one of kept) this.#keep(one);
  }

  /** Do harm for so long, then put everything right again. */
  async run(forMs: number): Promise<void> {
    const until = Date.now() + forMs;
    while (Date.now() < until) {
      await pause(150 + this.#random.below(700));
      this.#strike();
    }
    await Promise.all(this.#under);
    this.#note('all is put right');
  }

  /** The process of this name that runs now; resolves when it runs. */
  process(name: string): CoxProcess {
    const found = this.#running.get(name);
    if (found === undefined) throw new Error(`nobody keeps ${name}`);
    return found;
  }

  /** From now on what ends stays ended. */
  release(): void {
    this.#isOver = true;
  }

  #keep(one: Kept): void {
    const started = one.start();
    this.#running.set(one.name, started);
    void started.exit.then(async (how) => {
      // With its campaign, or because it was told to.
      if (this.#isOver || how === 0) return;
      if (how !== 'SIGKILL') {
        this.gaveUp.push(`${one.name} ended with ${String(how)}: ${started.stderr().slice(-500)}`);
        this.#note(this.gaveUp.at(-1) ?? '');
      }
      await pause(100);
      this.#keep(one);
    });
  }

  #strike(): void {
    const fault: Fault = this.#pick(faults);
    const { name, host } = this.#pick(this.#kept);
    const lastsMs = 200 + this.#random.below(4_000);
    const target = fault === 'server' ? 'head' : host;
    if (this.#busy.has(target)) return;
    this.#busy.add(target);
    this.#note(`${fault} ${fault === 'server' ? '' : name} ${lastsMs}`);
    this.#under.push(this.#inflict(fault, name, host, lastsMs).finally(() => this.#busy.delete(target)));
  }

  async #inflict(fault: Fault, name: string, host: string, lastsMs: number): Promise<void> {
    const { pid } = this.process(name);
    const place = this.#site.host(host);
    switch (fault) {
      case 'kill':
        signalTree(pid, 'SIGKILL');
        return;
      case 'kill child': {
        const below = processTree(pid).filter((one) => one !== pid);
        if (below.length > 0) signalTree(this.#pick(below), 'SIGKILL');
        return;
      }
      case 'kill host':
        await place.kill();
        return;
      case 'freeze':
        await place.freeze();
        await pause(lastsMs);
        await place.thaw();
        return;
      case 'cut':
        await place.cut();
        break;
      case 'slow':
        await place.slow(20 + (lastsMs % 80));
        break;
      case 'lossy':
        await place.lossy(0.05);
        break;
      case 'server':
        this.#site.natsServer.child.kill('SIGKILL');
        await this.#site.natsServer.exit;
        await pause(lastsMs / 4);
        await this.#site.restartServer();
        return;
    }
    await pause(lastsMs);
    await place.restore();
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)] as T;
  }

  #note(what: string): void {
    this.history.push(`${((Date.now() - this.#startedAt) / 1_000).toFixed(2)} s: ${what}`);
  }
}
