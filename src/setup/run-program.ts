import { spawn } from 'node:child_process';

/** How a program that was run to its end came out. */
export interface Outcome {
  /** The exit code; null when a signal or the deadline ended it, or when it could not be started. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** Why it could not be started or was ended, in words; null when it ran to its end. */
  problem: string | null;
}

const outputLimit = 1_000_000;

/**
 * What a program printed and how it ended. Never rejects: a program that cannot be started is an outcome too, since whoever
 * looks for programs meets many such. Output past 1 MB is dropped; past `timeoutMs` the program is killed.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { timeoutMs: number; cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    let problem: string | null = null;
    let settled = false;
    const settle = (code: number | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      resolve({ code, stdout, stderr, problem });
    };
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
    });
    const deadline = setTimeout(() => {
      problem = `it did not end within ${options.timeoutMs / 1000} s`;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: the deadline is the deadline all the same.
      child.stdout.destroy();
      child.stderr.destroy();
    }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < outputLimit) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < outputLimit) stderr += text;
    });
    child.on('error', (error) => {
      problem = error.message;
      settle(null);
    });
    child.on('close', (code, signal) => {
      if (signal !== null) problem ??= `it was ended by ${signal}`;
      settle(code);
    });
  });
}

/** The last lines a program printed, on one line, for an error message; its problem where it printed nothing. */
export function lastWords({ stdout, stderr, problem, code }: Outcome): string {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const words = lines.slice(-2).join(' / ').slice(0, 300);
  return [problem ?? `exit code ${String(code)}`, words].filter((part) => part !== '').join(': ');
}
