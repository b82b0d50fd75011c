import { readFileSync } from 'node:fs';

/** Ticks a second in which Linux reports the time of children; 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

/**
 * Measures the CPU time of this process and of the children that it has waited for.
 *
 * Its own time is exact to microseconds. That of children is known in ticks of 10 ms, and only on Linux; elsewhere it
 * counts as nothing. Reading it takes 15 us, so it is left out after tasks too short to have run a program.
 */
export class CpuMeter {
  #own = process.cpuUsage();
  #childrenMs = childrenCpuMs();
  #at = performance.now();

  /** Count from here. Right after a lap that is where it counts from already, and asking again would cost 3 us. */
  start(): void {
    if (performance.now() - this.#at > 1) this.#own = process.cpuUsage();
  }

  /** CPU time since the start, ms. */
  lap({ withChildren }: { withChildren: boolean }): number {
    const own = process.cpuUsage();
    let ms = (own.user - this.#own.user + own.system - this.#own.system) / 1_000;
    this.#own = own;
    this.#at = performance.now();
    if (withChildren) {
      const childrenMs = childrenCpuMs();
      ms += childrenMs - this.#childrenMs;
      this.#childrenMs = childrenMs;
    }
    return ms;
  }
}

function childrenCpuMs(): number {
  if (process.platform !== 'linux') return 0;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // cutime and cstime, the 16th and 17th fields; the second, a name in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[13]) + Number(fields[14])) * 1_000) / ticksPerSecond;
}
