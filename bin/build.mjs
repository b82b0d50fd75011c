/**
 * Brings dist/ up to date.
 *
 * Two ways, into the same folder. `ensureBuilt` is what every start does: it turns the sources that have changed into JavaScript, one
 * by one, without looking at types, which takes a second for all of them and nothing when none has changed. `npm run build` is the
 * compiler with its checks and the declarations that a package needs, and takes ten times as long.
 */
import { spawn } from 'node:child_process';
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
import { join } from 'node:path';
import { isCheckout, root } from './install.mjs';

/** What tsconfig.json includes: whole trees, and the top of data/. */
const trees = ['src', 'actors', 'campaigns', 'bench'];
/** The dashboard's page, which is bundled rather than compiled file by file. */
const page = 'web';
/** A change of one of these changes what every source becomes. */
const settings = ['tsconfig.json', 'package-lock.json', 'bin/transpile.mjs', 'bin/bundle.mjs'];
const stampFile = join(root, 'dist', '.stamp.json');

/** A build that did not succeed; its message is for people and holds the compiler's own. */
export class BuildError extends Error {}

/** @typedef {Record<string, string>} Seen path of a source -> its time and size when it was last compiled */

const isOfPage = (/** @type {string} */ path) => path.startsWith(`${page}/`);
/** Whether a change of this source may change the page. */
const mayBeInPage = (/** @type {string} */ path) => isOfPage(path) || path.startsWith('src/');

/** Every source and setting as it is now: its path below the project's folder, its time and its size. @returns {Seen} */
function look() {
  /** @type {Seen} */
  const seen = {};
  /** @param {string} path */
  const note = (path) => {
    const { mtimeMs, size } = statSync(join(root, path));
    seen[path] = `${mtimeMs} ${size}`;
  };
  /** @param {string} folder @param {boolean} deep */
  const walk = (folder, deep) => {
    if (!existsSync(join(root, folder))) return;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && deep) walk(path, deep);
      else if (/\.(?:tsx?|css|html)$/.test(entry.name)) note(path);
    }
  };
  for (const path of settings) note(path);
  for (const folder of [...trees, page]) walk(folder, true);
  walk('data', false);
  return seen;
}

/** @returns {Seen} what was compiled last; nothing, when that is not known */
function recall() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

/** @param {Seen} now @param {Seen} before */
function compare(now, before) {
  const changed = Object.keys(now).filter((path) => now[path] !== before[path]);
  const gone = Object.keys(before).filter((path) => !(path in now));
  return { changed, gone, isCurrent: changed.length === 0 && gone.length === 0 };
}

/**
 * Whether something had to be compiled: afterwards the JavaScript in dist/ is what the sources say. Looking takes a few milliseconds.
 * @returns {Promise<boolean>}
 * @throws {BuildError} when a source cannot be parsed
 */
export async function ensureBuilt() {
  if (!isCheckout || compare(look(), recall()).isCurrent) return false;
  const { withLock } = await import('./lock.mjs');
  return withLock(root, 'build', async () => {
    // Looked at again: another process may have built while we waited. What is edited from here on shows the next time.
    const now = look();
    const { changed, isCurrent } = compare(now, recall());
    if (isCurrent) return false;
    const all = Object.keys(now).filter((path) => !settings.includes(path));
    const stale = changed.some((path) => settings.includes(path)) ? all : changed;
    const compiled = stale.filter((path) => !isOfPage(path));
    // The page takes in sources of src/, too.
    await Promise.all([run('transpile.mjs', compiled), stale.some(mayBeInPage) ? run('bundle.mjs', []) : null]);
    finish(now);
    return true;
  });
}

/** The whole build, with the checks of types and with declarations. @throws {BuildError} when something does not compile */
async function buildAll() {
  const { withLock } = await import('./lock.mjs');
  await withLock(root, 'build', async () => {
    const now = look();
    await Promise.all([run('compile.mjs', []), run('bundle.mjs', [])]);
    finish(now);
  });
}

/** @param {Seen} now what was compiled */
function finish(now) {
  removeOrphans(now);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(now));
}

/** Removes what was compiled from sources that are gone: a program could still import it. @param {Seen} now */
function removeOrphans(now) {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = entry.replaceAll('\\', '/');
    const stem = /^(.+?)\.(?:js|js\.map|d\.ts)$/.exec(path)?.[1];
    if (stem !== undefined && !isOfPage(path) && !(`${stem}.ts` in now)) rmSync(join(dist, path), { force: true });
  }
}

/**
 * Runs a script beside this one, in a process of its own: the compiler would stay in the memory of this one for good.
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function run(script, args) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(process.execPath, [join(root, 'bin', script), ...args], { cwd: root });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new BuildError(`${output.trim()}\nThe sources do not compile (the compiler's messages are above).`));
    });
  });
}

/** For the scripts beside this one: a build, and the end of the process when it fails. @param {() => Promise<unknown>} how */
export async function build(how = ensureBuilt) {
  try {
    await how();
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
  await build(buildAll);
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}
