import { readFileSync } from 'node:fs';

/** What simulations of the campaign `quick` wrote when they started and ended, from all hosts: the truth about what ran. */
export class Journal {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** How often each candidate was started. */
  get starts(): ReadonlyMap<number, number> {
    return this.#count('start');
  }

  /** How often the simulation of each candidate came to its end. */
  get ends(): ReadonlyMap<number, number> {
    return this.#count('end');
  }

  /** Candidates that ran again after a simulation of theirs had come to its end. */
  get rerun(): number[] {
    const ended = new Set<number>();
    const again = new Set<number>();
    for (const { what, candidate } of this.#lines()) {
      if (what === 'end') ended.add(candidate);
      else if (ended.has(candidate)) again.add(candidate);
    }
    return [...again];
  }

  #count(wanted: string): Map<number, number> {
    const counts = new Map<number, number>();
    for (const { what, candidate } of this.#lines()) {
      if (what === wanted) counts.set(candidate, (counts.get(candidate) ?? 0) + 1);
    }
    return counts;
  }

  #lines(): { what: string; candidate: number }[] {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      // Nothing has been simulated yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => {
      const [what = '', candidate] = line.split(' ');
      return { what, candidate: Number(candidate) };
    });
  }
}
