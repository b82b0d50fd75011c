import type { Task } from '../protocol/task.ts';

type Named = Pick<Task, 'campaign' | 'source' | 'number'>;

/** Which tasks have a stored result: one bit each, so that a million take no more than their log's last facts. */
export class FinishedTasks {
  readonly #bits = new Map<string, Uint32Array>();

  note({ campaign, source, number }: Named): void {
    const key = `${campaign}/${source}`;
    const word = number >>> 5;
    let bits = this.#bits.get(key) ?? new Uint32Array(32);
    if (word >= bits.length) {
      const longer = new Uint32Array(Math.max(word + 1, 2 * bits.length));
      longer.set(bits);
      bits = longer;
    }
    bits[word] = (bits[word] ?? 0) | (1 << (number & 31));
    this.#bits.set(key, bits);
  }

  has({ campaign, source, number }: Named): boolean {
    return ((this.#bits.get(`${campaign}/${source}`)?.[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }
}
