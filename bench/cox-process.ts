import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resultLineSchema, type ResultLine } from '../src/campaign/result-line.ts';
import type { Summary } from '../src/campaign/summary.ts';
import { MethodError } from '../src/protocol/errors.ts';

/** The project's folder, from sources and from the compiled twin in dist/. */
export const root = fileURLToPath(new URL(import.meta.url.endsWith('.js') ? '../..' : '..', import.meta.url));

/** Run `cox run` as a user does and return its summary and its results. @throws MethodError with what it printed. */
export async function coxRun(
  args: readonly string[],
  folder: string,
): Promise<{ summary: Summary; lines: ResultLine[] }> {
  const cox = join(root, 'bin', 'cox.mjs');
  const child = spawn(process.execPath, [cox, 'run', ...args, '--json'], {
    cwd: folder,
    env: { ...process.env, COX_HOME: join(folder, '.cox') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stderr.on('data', (data: Buffer) => (printed += data.toString()));
  let json = '';
  child.stdout.on('data', (data: Buffer) => (json += data.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new MethodError(`cox run ${args.join(' ')} ended with ${code ?? 'a signal'}: ${printed}`);
  const summary = JSON.parse(json) as Summary;
  const lines: ResultLine[] = [];
  for await (const line of createInterface({
    input: createReadStream(join(folder, 'runs', summary.id, 'results.jsonl')),
  })) {
    lines.push(resultLineSchema.parse(JSON.parse(line)));
  }
  return { summary, lines };
}

/** The value below which a share `q` of the numbers lies. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
