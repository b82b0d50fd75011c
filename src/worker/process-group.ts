/** Whole process trees, ended. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Kill every process of a group; one that is gone already is no error. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // ESRCH: all of them ended before.
  }
}

/**
 * Kill what else runs in this process's own group: programs that a task started, and what they started.
 * @param since the first such program, when it is known: on Linux only processes younger than it are looked at.
 */
export function killOthersOfMyGroup(since = 0): void {
  for (const pid of process.platform === 'linux' ? othersByProc(since) : othersByPs()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the look and the kill.
    }
  }
}

function othersByProc(since: number): number[] {
  // Process ids count up and wrap: when the newest is below it, every one is a candidate.
  const newest = Number(readFileSync('/proc/loadavg', 'latin1').split(' ')[4]);
  const oldest = newest >= since ? since : 0;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid >= oldest && pid !== process.pid && groupOf(pid) === process.pid);
}

/** Group of a process: the third field after the name in parentheses, which may itself hold spaces. */
function groupOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3)[2]);
  } catch {
    return null;
  }
}

function othersByPs(): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,pgid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([pid, group]) => group === process.pid && pid !== process.pid)
    .map(([pid]) => pid)
    .filter((pid) => pid !== undefined);
}
