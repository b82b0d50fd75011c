import { spawn } from 'node:child_process';
import { MissingError } from '../protocol/errors.ts';
import type { ProgramOutcome } from '../protocol/method.ts';
import { endOthersOf, markVariable } from './process-tree.ts';

const keptBytes = 8 * 1024 * 1024;

/** How many programs run now, and the first of them: what they leave behind is ended when the last one has ended. */
const running = { programs: 0, since: 0 };

/**
 * Run an external program below this process, and end whatever it leaves behind.
 * @returns how it ended, with the last 8 MB of each of its outputs.
 * @throws MissingError when it cannot be started; the signal's reason when the task was ended meanwhile.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, signal }: { cwd: string; signal: AbortSignal },
): Promise<ProgramOutcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    if (running.programs++ === 0) running.since = child.pid ?? 0;
    const stdout = new Tail();
    const stderr = new Tail();
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    const abort = (): void => endMyOthers();
    signal.addEventListener('abort', abort);
    child.once('error', (cause) => {
      if (child.pid === undefined) running.programs -= 1;
      signal.removeEventListener('abort', abort);
      reject(
        new MissingError(`${program} cannot be started: ${cause.message}`, {
          code: 'missing.program',
          details: { program, cwd },
          cause,
        }),
      );
    });
    child.once('exit', () => {
      running.programs -= 1;
      // Not on "close", which waits for whatever holds the outputs open.
      if (running.programs === 0) endMyOthers(running.since);
    });
    child.once('close', (exitCode, killedBy) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ exitCode, signal: killedBy, stdout: stdout.text(), stderr: stderr.text() });
    });
  });
}

/** End whatever this process has started, or has started since a certain process. */
export function endMyOthers(since = 0): void {
  endOthersOf(process.pid, process.env[markVariable] ?? '', since);
}

/** The last bytes of an output, so that a program that talks without end cannot fill the memory. */
class Tail {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= keptBytes) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(-keptBytes).toString('utf8');
  }
}
