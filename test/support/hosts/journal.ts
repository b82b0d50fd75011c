import { readFileSync } from 'node:fs';

/** What a simulation wrote down: when it started or came to its end, by the clock that all hosts of a test share. */
export interface JournalLine {
  readonly candidate: number;
  readonly pid: number;
  readonly at: number;
}

/** What simulations of the campaign `quick` wrote when they started and ended, from all hosts: the truth about what ran. */
export class Journal {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  get starts(): JournalLine[] {
    return this.#lines('start');
  }

  get ends(): JournalLine[] {
    return this.#lines('end');
  }

  /** Simulations that started and did not come to their end. */
  get open(): JournalLine[] {
    const ended = new Set(this.ends.map(({ candidate, pid }) => `${candidate} ${pid}`));
    return this.starts.filter(({ candidate, pid }) => !ended.has(`${candidate} ${pid}`));
  }

  #lines(wanted: 'start' | 'end'): JournalLine[] {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      // Nothing has been simulated yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const lines = text.split('\n').slice(0, -1);
    return lines.flatMap((line) => {
      const [what, candidate, pid, at] = line.split(' ');
      return what === wanted ? [{ candidate: Number(candidate), pid: Number(pid), at: Number(at) }] : [];
    });
  }
}
