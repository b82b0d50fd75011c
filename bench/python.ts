/** The Python that peers of a benchmark run in. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, MissingError } from '../src/protocol/errors.ts';

const run = promisify(execFile);

/**
 * A Python that has these packages: the one that COX_BENCH_PYTHON names, else one of an environment of its own under COX_HOME (.cox),
 * which is made once, with pip.
 * @throws MissingError that says what to install when there is none and none can be made.
 */
export async function pythonWith(packages: readonly string[], say: (line: string) => void): Promise<string> {
  const named = process.env['COX_BENCH_PYTHON'];
  if (named !== undefined) return named;
  const folder = join(resolve(process.env['COX_HOME'] ?? '.cox'), 'bench-python');
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, packages.join('+'));
  try {
    if (!existsSync(complete)) {
      say(`making a Python environment with ${packages.join(' and ')} in ${folder}`);
      await run('python3', ['-m', 'venv', folder]);
      await run(python, ['-m', 'pip', 'install', '--quiet', ...packages]);
      await run(python, ['-c', `open(${JSON.stringify(complete)}, "w").close()`]);
    }
    return python;
  } catch (cause) {
    throw new MissingError(
      `no Python with ${packages.join(' and ')} for the peers: ${messageOf(cause).split('\n')[0] ?? ''}; ` +
        'install it, and name it by COX_BENCH_PYTHON',
      { code: 'bench.python', cause },
    );
  }
}
