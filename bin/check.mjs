/** `npm run check`: everything that can be checked without running the program. All of it runs, and then what failed is shown. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ensureInstalled, requireNode, root } from './install.mjs';

const atOnce = 2;

requireNode();
await ensureInstalled();
// The manifest's check looks at the built files.
await build();

/** @type {[string, ...string[]][]} */
const commands = [
  ['eslint', '.'],
  ['tsc', '-p', 'tsconfig.check.json'],
  ['prettier', '--check', '.'],
  ['knip'],
  ['publint'],
];
/** @type {{ name: string, output: string }[]} */
const failures = [];
const waiting = [...commands];
await Promise.all(Array.from({ length: atOnce }, worker));
for (const { name, output } of failures) console.log(`\n--- ${name}\n${output.trim()}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function worker() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [program, ...args] = next;
    const started = performance.now();
    const { code, output } = await run(program, args);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${next.join(' ')}`);
    if (code !== 0) failures.push({ name: next.join(' '), output });
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(program, args) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(join(root, 'node_modules', '.bin', program), args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
