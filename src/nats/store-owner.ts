import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { messageOf, ResourceError } from '../protocol/errors.ts';

const ownerSchema = z.object({
  /** The process that supervises the server of this store, and when it started: process ids are used again. */
  supervisor: z.object({ pid: z.number(), startedAt: z.string() }),
  server: z.number().nullable(),
});
type Owner = z.infer<typeof ownerSchema>;

/** This process's hold on a store: no two servers may run on one. */
export interface StoreClaim {
  /** A folder that only this user can read, for the server's configuration. */
  privateDir: string;
  configFile: string;
  /** Notes which process is the server now, so that a later life can tell it from a stranger. */
  note: (serverPid: number) => Promise<void>;
  release: () => Promise<void>;
}

/**
 * The store in `storeDir`, for this process alone. A server that an earlier life left behind is ended first.
 * @throws ResourceError `store.in-use` while another living process supervises a server there, `store.unusable` when the folder
 * cannot be made or written to.
 */
export async function claimStore(storeDir: string): Promise<StoreClaim> {
  const privateDir = join(storeDir, 'server');
  const configFile = join(privateDir, 'nats.conf');
  const ownerFile = join(privateDir, 'owner.json');
  const mine: Owner['supervisor'] = { pid: process.pid, startedAt: (await startOf(process.pid)) ?? 'unknown' };
  const write = (server: number | null, flag: 'w' | 'wx'): Promise<void> =>
    writeFile(ownerFile, JSON.stringify({ supervisor: mine, server } satisfies Owner), { mode: 0o600, flag });

  try {
    await mkdir(privateDir, { recursive: true, mode: 0o700 });
    for (;;) {
      try {
        await write(null, 'wx');
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        await evict(storeDir, ownerFile, configFile);
      }
    }
  } catch (error) {
    if (error instanceof ResourceError) throw error;
    throw new ResourceError(`The NATS store ${storeDir} cannot be used: ${messageOf(error)}. Name another folder.`, {
      code: 'store.unusable',
      details: { storeDir },
      cause: error,
    });
  }
  return {
    privateDir,
    configFile,
    note: (serverPid) => write(serverPid, 'w'),
    release: async () => {
      await rm(configFile, { force: true });
      await rm(ownerFile, { force: true });
    },
  };
}

const dyingMs = 500;

/** Clears away the claim of a process that is gone, and its server; refuses where that process lives. */
async function evict(storeDir: string, ownerFile: string, configFile: string): Promise<void> {
  const owner = await readOwner(ownerFile);
  if (owner !== null) {
    const { pid, startedAt } = owner.supervisor;
    // A process that was just killed takes a moment to end, and whoever killed it may be starting the next one already.
    const deadline = performance.now() + dyingMs;
    while (pid !== process.pid && (await startOf(pid)) === startedAt && performance.now() < deadline) await delay(10);
    if ((await startOf(pid)) === startedAt) {
      throw new ResourceError(
        `The NATS store ${storeDir} is in use by process ${pid}. Stop that one first, or name another folder.`,
        { code: 'store.in-use', details: { storeDir, pid } },
      );
    }
    if (owner.server !== null) await endLeftover(owner.server, configFile);
  }
  await rm(ownerFile, { force: true });
}

/** A claim that was cut short by a crash cannot be read: it holds nobody. */
async function readOwner(file: string): Promise<Owner | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

async function endLeftover(pid: number, configFile: string): Promise<void> {
  const isOurs = async (): Promise<boolean> => (await describeProcess(pid, 'args')).includes(configFile);
  for (const [signal, patienceMs] of [
    ['SIGTERM', 3_000],
    ['SIGKILL', 3_000],
  ] as const) {
    if (!(await isOurs())) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself between the look and the signal.
      return;
    }
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!(await isOurs())) return;
      await delay(10);
    }
  }
  throw new ResourceError(`nats-server ${pid}, left over from an earlier life, cannot be ended. End it by hand.`, {
    code: 'store.in-use',
    details: { pid },
  });
}

/** When a process started, in the system's own words; null when there is no such process. */
export async function startOf(pid: number): Promise<string | null> {
  const words = await describeProcess(pid, 'lstart');
  return words === '' ? null : words;
}

/** One property of a process, from /proc where there is one (containers often have no ps) and from ps elsewhere; '' if it is gone. */
async function describeProcess(pid: number, property: 'args' | 'lstart'): Promise<string> {
  try {
    if (process.platform !== 'linux') {
      return (await promisify(execFile)('ps', ['-p', String(pid), '-o', `${property}=`])).stdout.trim();
    }
    if (property === 'args') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
    // Field 22 of proc(5); the second field is the name in parentheses and may hold anything.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended: its parent has not asked for its exit code yet.
    return state === 'Z' ? '' : (rest[18] ?? '');
  } catch {
    return '';
  }
}
