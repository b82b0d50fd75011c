/** A folder in which a test runs the real `cox` as a user does; everything that was started there ends with it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resultLineSchema, type ResultLine } from '../../src/campaign/result-line.ts';
import { killTree } from './process-tree.ts';
import { startCox, type CoxProcess } from './scene.ts';

export class Workplace implements AsyncDisposable {
  readonly path: string;
  readonly #started: CoxProcess[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async open(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'cox-place-')));
  }

  /** Start `cox` here, with state of this place's own. */
  cox(args: readonly string[], environment: NodeJS.ProcessEnv = {}): CoxProcess {
    const home = { COX_HOME: join(this.path, '.cox'), COX_SCRATCH: join(this.path, 'scratch') };
    const started = startCox(args, { ...home, ...environment }, this.path);
    this.#started.push(started);
    return started;
  }

  /** The whole lines of a run's results.jsonl. */
  async results(run: string): Promise<ResultLine[]> {
    const text = await readFile(join(this.path, 'runs', run, 'results.jsonl'), 'utf8').catch(() => '');
    const whole = text.split('\n').slice(0, -1);
    return whole.map((line) => resultLineSchema.parse(JSON.parse(line)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, pid } of this.#started) {
      if (child.exitCode === null && child.signalCode === null) killTree(pid);
    }
    await Promise.all(this.#started.map(({ exit }) => exit));
    await rm(this.path, { recursive: true, force: true });
  }
}
