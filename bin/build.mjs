/** Compiles the sources to dist/ when one of them has changed since the last good build. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isCheckout, root } from './install.mjs';

/** What tsconfig.json includes: whole trees, and the top of data/. */
const trees = ['src', 'actors', 'campaigns', 'bench'];
const stampFile = join(root, 'dist', '.stamp');
const failureFile = join(root, 'dist', '.failure.json');

/** A build that did not succeed; its message is for people and holds the compiler's own. */
export class BuildError extends Error {}

/** Every source below the project's folder, as paths relative to it. */
function sources() {
  /** @type {string[]} */
  const found = [];
  /** @param {string} folder @param {boolean} deep */
  const walk = (folder, deep) => {
    if (!existsSync(join(root, folder))) return;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && deep) walk(path, deep);
      else if (entry.name.endsWith('.ts')) found.push(path);
    }
  };
  for (const folder of trees) walk(folder, true);
  walk('data', false);
  return found;
}

/** A digest of names, times and sizes: it notices removed files and older ones put back, too. @param {string[]} files */
function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of [...files, 'tsconfig.json', 'package.json', 'package-lock.json']) {
    const { mtimeMs, size } = statSync(join(root, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} digest */
const isBuilt = (digest) => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest;

/**
 * Whether something had to be compiled: afterwards dist/ is what the sources say. Looking takes a few milliseconds.
 * @returns {Promise<boolean>}
 * @throws {BuildError} when the sources do not compile; dist/ is then to be built again next time
 */
export async function ensureBuilt() {
  if (!isCheckout || isBuilt(digestOf(sources()))) return false;
  const { withLock } = await import('./lock.mjs');
  return withLock(root, 'build', async () => {
    // Looked at again: another process may have built while we waited. What is edited from here on shows in the next digest.
    const files = sources();
    const digest = digestOf(files);
    if (isBuilt(digest)) return false;
    rmSync(stampFile, { force: true });
    const { code, output } = recallFailure(digest) ?? (await compile());
    if (code !== 0) {
      mkdirSync(dirname(failureFile), { recursive: true });
      writeFileSync(failureFile, JSON.stringify({ digest, code, output }));
      throw new BuildError(`${output.trim()}\nThe sources do not compile (the compiler's messages are above).`);
    }
    rmSync(failureFile, { force: true });
    removeOrphans(files);
    writeFileSync(stampFile, digest);
    return true;
  });
}

/** The same sources fail in the same way: no need to wait for the compiler again. @param {string} digest */
function recallFailure(digest) {
  if (!existsSync(failureFile)) return null;
  const failure = JSON.parse(readFileSync(failureFile, 'utf8'));
  return failure.digest === digest ? failure : null;
}

/** @returns {Promise<{ code: number | null, output: string }>} */
function compile() {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(process.execPath, [join(root, 'bin', 'compile.mjs')], { cwd: root });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Removes what was compiled from sources that are gone: a program could still import it. @param {string[]} files */
function removeOrphans(files) {
  const stems = new Set(files.map((file) => file.slice(0, -'.ts'.length)));
  for (const entry of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
    const path = entry.replaceAll('\\', '/');
    const stem = /^(.+?)\.(?:js|js\.map|d\.ts)$/.exec(path)?.[1];
    if (stem !== undefined && !stems.has(stem)) rmSync(join(root, 'dist', path), { force: true });
  }
}

/** For the scripts beside this one: {@link ensureBuilt}, with a line of progress, and the end of the process when it fails. */
export async function build() {
  try {
    return await ensureBuilt();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && import.meta.filename === realpathSync(process.argv[1])) {
  const { ensureInstalled, requireNode } = await import('./install.mjs');
  requireNode();
  await ensureInstalled();
  const started = performance.now();
  const built = await build();
  console.log(built ? `Built in ${((performance.now() - started) / 1000).toFixed(1)} s.` : 'Nothing to build.');
}
