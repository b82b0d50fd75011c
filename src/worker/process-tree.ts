/** Whole process trees: found, measured, ended. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * Names the environment variable that carries the mark of a child process. All that the child starts inherits it, and is known
 * by it even when it has left the child's group and session and its parent has ended.
 */
export const markVariable = 'COX_CHILD';

/** What is killed is looked for again, should some of it have started something meanwhile; so often at most. */
const mostRounds = 5;

/**
 * Kill everything that a child process has started, and not the child: what is below it, in its group, or carries its mark.
 * @param since the first process in question, when it is known: on Linux only younger ones are looked at.
 */
export function endOthersOf(child: number, mark: string, since = 0): void {
  for (let round = 0; round < mostRounds; round++) {
    const others = isLinux ? othersByProc(child, mark, since) : othersByPs(child);
    if (others.length === 0) return;
    others.forEach(kill);
  }
}

/** Kill a child process with its group and all that is below it. */
export function killTree(child: number): void {
  // What is below it is found only while it lives.
  const others = isLinux ? below(child) : othersByPs(child);
  kill(-child);
  others.forEach(kill);
}

/** Resident memory of a process and of all that is below it, MB; pages that some of them share count for each. */
export function residentMb(root: number): number {
  const residentKb = isLinux
    ? [root, ...below(root)].map(residentKbOf)
    : processesByPs().flatMap(({ pid, kb }, _index, all) => (pid === root || isBelow(all, pid, root) ? [kb] : []));
  return residentKb.reduce((sum, kb) => sum + kb, 0) / 1_024;
}

/** Kill a process, or a group by its negative number; one that is gone already is no error. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it ended between the look and the kill.
  }
}

const isLinux = process.platform === 'linux';
/** Kernels may be built without the lists of children. */
const listsChildren = existsSync(`/proc/self/task/${process.pid}/children`);

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
const numbersIn = (folder: string): number[] => {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
};

/** All processes below one: each thread has a list of those that it started. */
function below(root: number): number[] {
  if (!listsChildren) return belowByParents(root);
  const found: number[] = [];
  const look = (pid: number): void => {
    for (const thread of numbersIn(`/proc/${pid}/task`)) {
      for (const child of read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number)) {
        found.push(child);
        look(child);
      }
    }
  };
  look(root);
  return found;
}

function belowByParents(root: number): number[] {
  const all = numbersIn('/proc').map((pid) => ({ pid, parent: statusOf(pid)?.parent ?? 0 }));
  return all.filter(({ pid }) => isBelow(all, pid, root)).map(({ pid }) => pid);
}

function isBelow(all: readonly { pid: number; parent: number }[], pid: number, root: number): boolean {
  for (let at = pid, steps = 0; at > 1 && steps < 1_000; steps++) {
    at = all.find((one) => one.pid === at)?.parent ?? 0;
    if (at === root) return true;
  }
  return false;
}

function othersByProc(child: number, mark: string, since: number): number[] {
  // Process ids count up and wrap: when the newest is below it, every one is a candidate.
  const newest = Number(read('/proc/loadavg').split(' ')[4]);
  const oldest = newest >= since ? since : 0;
  const tree = new Set(below(child));
  const marked = `\0${markVariable}=${mark}\0`;
  return numbersIn('/proc').filter((pid) => {
    if (pid < oldest || pid === child) return false;
    const status = statusOf(pid);
    // A zombie runs no more; it waits for its parent.
    if (status === null || status.state === 'Z') return false;
    return status.group === child || tree.has(pid) || `\0${read(`/proc/${pid}/environ`)}`.includes(marked);
  });
}

/** What stands behind the name in parentheses, which may itself hold spaces: state, parent, group. */
function statusOf(pid: number): { state: string; parent: number; group: number } | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return null;
  const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
  return { state, parent: Number(parent), group: Number(group) };
}

function residentKbOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly kb: number;
}

function processesByPs(): Listed[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,rss='], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0, group = 0, kb = 0]) => ({ pid, parent, group, kb }));
}

function othersByPs(root: number): number[] {
  const all = processesByPs();
  const isOther = ({ pid, group }: Listed): boolean => pid !== root && (group === root || isBelow(all, pid, root));
  return all.filter(isOther).map(({ pid }) => pid);
}
