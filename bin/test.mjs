/** `npm test`: sets up what is missing, runs every test (or those named after `--`), and closes with one plain line of counts. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ensureInstalled, requireNode, root } from './install.mjs';
import { failed } from './setup-failure.mjs';

requireNode();
await ensureInstalled();
await build();
const { ensurePrograms } = await import('../dist/src/setup/programs.js');
const { ensureTensorFlow } = await import('../dist/src/setup/tensorflow.js');
const { ensureChromium } = await import('../dist/src/setup/chromium.js');
const wishes = process.argv.slice(2);
const onProgress = (/** @type {string} */ line) => console.error(line);
const [{ natsServer, xtb }, browser] = await Promise.all([
  ensurePrograms({ onProgress }),
  // The tests of the page start it, and set it up themselves where only some tests are wanted.
  wishes.length === 0 ? ensureChromium({ onProgress }) : null,
  // Whoever names some tests waits for it only when they are among them: the test itself sets it up as well.
  wishes.length === 0 ? ensureTensorFlow({ onProgress }) : null,
]).catch(failed);

const scratch = mkdtempSync(join(tmpdir(), 'cox-test-'));
const countsFile = join(scratch, 'counts.json');
const reporters = wishes.some((wish) => wish.startsWith('--reporter')) ? [] : ['--reporter=default'];
const code = await vitest(['run', ...reporters, `--reporter=${join(root, 'bin', 'count-reporter.mjs')}`, ...wishes]);
const { passed, failures, skipped } = readCounts();
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failures} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exitCode = code;

/** What the reporter counted; a run that ended without a report counts as one failure. */
function readCounts() {
  try {
    return JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch {
    return { passed: 0, failures: code === 0 ? 0 : 1, skipped: 0 };
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
function vitest(args) {
  const env = {
    ...process.env,
    COX_NATS_SERVER: natsServer.path,
    COX_XTB: xtb.path,
    ...(browser === null ? {} : { COX_CHROMIUM: browser.path }),
    COX_TEST_COUNTS: countsFile,
  };
  const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  // Ctrl-C reaches both of us: the tests end, and then we do.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 1));
  });
}
