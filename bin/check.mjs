/** `npm run check`: everything that can be checked without running the program. All of it runs, and then what failed is shown. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './install.mjs';

const atOnce = 2;

requireNode();
await ensureInstalled();

const bin = (/** @type {string} */ program) => join(root, 'node_modules', '.bin', program);
/** Each a name and what is run for it, one after the other. @type {[string, ...string[][]][]} */
const checks = [
  ['eslint .', [bin('eslint'), '.']],
  ['tsc', [bin('tsc'), '-p', 'tsconfig.check.json'], [bin('tsc'), '-p', 'web/tsconfig.json']],
  // The manifest's check looks at the built package, declarations included.
  ['build, publint', [process.execPath, join(root, 'bin', 'build.mjs')], [bin('publint')]],
  ['prettier --check .', [bin('prettier'), '--check', '.']],
  ['knip', [bin('knip')]],
];
/** @type {{ name: string, output: string }[]} */
const failures = [];
const waiting = [...checks];
await Promise.all(Array.from({ length: atOnce }, worker));
for (const { name, output } of failures) console.log(`\n--- ${name}\n${output.trim()}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function worker() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, ...steps] = next;
    const started = performance.now();
    let outcome = { code: /** @type {number | null} */ (0), output: '' };
    for (const step of steps) if (outcome.code === 0) outcome = await run(step);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${outcome.code === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${name}`);
    if (outcome.code !== 0) failures.push({ name, output: outcome.output });
  }
}

/**
 * @param {string[]} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run([program = '', ...args]) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
