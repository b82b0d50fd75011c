/** The checks before anything else can be imported, and `npm ci` where it is needed. Needs no dependency. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeFloor = [20, 19];
const exitMissing = 3;

/** The folder that holds package.json: a checkout, or an installed package. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether the sources are here: an installed package has none, and nothing to install or build. */
export const isCheckout = existsSync(join(root, 'src'));

/** Ends this process with one line when Node is too old to run the rest. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1])) return;
  console.error(
    `Coxswain needs Node ${nodeFloor.join('.')} or newer, and this is Node ${process.versions.node} (${process.execPath}). ` +
      'Install a newer one, for example with: npx --package=node@22 node bin/cox.mjs',
  );
  process.exit(exitMissing);
}

/** @param {string} file */
const modifiedMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** What node_modules was installed from by us, beside npm's own note of it. */
const stampFile = () => join(root, 'node_modules', '.coxswain-lock');
const lockDigest = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

function isInstalled() {
  const installed = modifiedMs(join(root, 'node_modules', '.package-lock.json'));
  if (installed === 0) return false;
  if (installed >= modifiedMs(join(root, 'package-lock.json'))) return true;
  // A checkout of another commit and back gives the file a new time and the same content.
  return existsSync(stampFile()) && readFileSync(stampFile(), 'utf8') === lockDigest();
}

/**
 * Whether something had to be installed: afterwards node_modules is what package-lock.json says.
 * One line of progress; npm's own output is shown when it fails, and then this process ends with exit code 3.
 */
export async function ensureInstalled() {
  if (!isCheckout || isInstalled()) return false;
  const { withLock } = await import('./lock.mjs');
  return withLock(root, 'install', async () => {
    if (isInstalled()) return false;
    console.error('Installing npm packages ...');
    const { code, output } = await npm(['ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund']);
    if (code !== 0) {
      console.error(`${output}\nThe npm packages could not be installed (npm ci, in ${root}; its output is above).`);
      process.exit(exitMissing);
    }
    writeFileSync(stampFile(), lockDigest());
    return true;
  });
}

/**
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function npm(args) {
  // The npm that started us, if one did: PATH may have another, or none.
  const script = process.env.npm_execpath;
  const [program, before] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, [...before, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
