/** One process at a time: `npm start` and `npm test` may be typed at once, and both install and build. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What `work` returns, run while no other process is in the same lock. The lock of a process that is gone is taken over.
 * It lies in the folder for temporary files, since `npm ci` removes node_modules and a build may remove dist.
 * @template T
 * @param {string} root the project's folder
 * @param {string} purpose
 * @param {() => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function withLock(root, purpose, work) {
  const name = createHash('sha256').update(`${userInfo().username}\0${root}\0${purpose}`).digest('hex').slice(0, 16);
  const lock = join(tmpdir(), `coxswain-${name}.lock`);
  await acquire(lock);
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** @param {string} lock */
async function acquire(lock) {
  // A folder with the owner in it is put in place by one rename, which fails while another one, never empty, is there.
  const draft = `${lock}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, 'pid'), String(process.pid));
  for (;;) {
    try {
      renameSync(draft, lock);
      return;
    } catch (error) {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    }
    if (ownerIsGone(lock)) takeAway(lock);
    else await delay(50);
  }
}

/** @param {string} lock */
function ownerIsGone(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    // ESRCH: no such process. Anything else: released just now, or another user's, which is alive.
    return error.code === 'ESRCH';
  }
}

/** Only one of those who find a dead lock moves it away. @param {string} lock */
function takeAway(lock) {
  const away = `${lock}.dead-${process.pid}`;
  try {
    renameSync(lock, away);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  rmSync(away, { recursive: true, force: true });
}
