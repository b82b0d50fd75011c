import { readdirSync, readFileSync } from 'node:fs';

/** Ids of a process and of everything below it, children first. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const parent = parentOf(entry);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const walk = (id: number): number[] => [...(children.get(id) ?? []).flatMap(walk), id];
  return walk(root);
}

/** End a process and everything below it with SIGKILL. */
export function killTree(root: number): void {
  for (const id of processTree(root)) {
    try {
      process.kill(id, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Id of the process that started this one, or has inherited it; null when it is gone. */
export function parentOf(entry: string | number): number | null {
  if (!/^\d+$/.test(String(entry))) return null;
  try {
    // pid (name) state ppid; the name may hold anything.
    const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
    return parent === undefined ? null : Number(parent);
  } catch {
    return null;
  }
}
