import { spawn, type ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import { markVariable } from './process-tree.ts';

/**
 * A shell that outlives the host by a moment: it holds the other end of a pipe, keeps the last line that came through it,
 * and when the pipe breaks kills those process groups, with all that has left them, and removes the scratch folder. Nothing polls; it takes 1 MB.
 */
// Not `kill -KILL -- "-$group"`: dash takes the "--" for a process.
const script =
  'while read -r line; do groups=$line; done; ' +
  'for group in $groups; do kill -KILL "-$group"; done 2> /dev/null; ' +
  // What has left its group still carries the mark of its child, where /proc tells of it.
  'for round in 1 2 3 4 5; do ' +
  `marked=$(grep -lsF "${markVariable}=$1#" /proc/[0-9]*/environ); ` +
  '[ -n "$marked" ] || break; ' +
  'for file in $marked; do pid=${file#/proc/}; kill -KILL "${pid%/environ}"; done 2> /dev/null; done; ' +
  'rm -rf -- "$1"';

/**
 * Ends what a worker has started when the worker dies, however it dies.
 *
 * A child that only computes, and never yields, does not notice that its host is gone; and nobody else could clear up
 * after a host that was killed.
 */
export class Reaper {
  readonly #scratch: string;
  readonly #logger: Logger;
  #groups: readonly number[] = [];
  #shell: ChildProcess;
  #closed = false;

  /** @param scratch the folder to remove. */
  constructor(scratch: string, logger: Logger) {
    this.#scratch = scratch;
    this.#logger = logger;
    this.#shell = this.#start();
  }

  /** These process groups live now. */
  watch(groups: readonly number[]): void {
    this.#groups = groups;
    this.#tell();
  }

  /** Nothing is left to kill; resolves when the scratch folder is gone. */
  close(): Promise<void> {
    this.#closed = true;
    this.watch([]);
    return new Promise((resolve) => {
      if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) resolve();
      else this.#shell.once('exit', () => resolve());
      this.#shell.stdin?.end();
    });
  }

  #start(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', script, 'cox-worker-reaper', this.#scratch], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Whoever kills the group of the host must not kill what clears up after it.
      detached: true,
    });
    shell.stdin.on('error', () => undefined);
    shell.once('error', (error) => {
      this.#logger.error(
        { error: error.message },
        'without /bin/sh nothing ends the children of a worker that is killed',
      );
    });
    shell.once('exit', (exitCode, signal) => {
      if (this.#closed) return;
      this.#logger.warn({ exitCode, signal }, 'the shell that clears up after this worker ended and is replaced');
      this.#shell = this.#start();
      this.#tell();
    });
    shell.unref();
    return shell;
  }

  #tell(): void {
    this.#shell.stdin?.write(`${this.#groups.join(' ')}\n`);
  }
}
