import type { CountView } from './feature-table.ts';

/**
 * Fragment counts of some fixed molecules, by fragment: which of them have it, and how often. What a molecule shares with all of
 * them is then found from its own few fragments.
 */
export class FragmentPostings {
  readonly #length: number;
  /** Counts of all fragments together, a molecule. */
  readonly #totals: Uint32Array;
  /** Open addressing: a fragment's key, and its number + 1, 0 where the place is free. */
  readonly #slots: Uint32Array;
  readonly #numbers: Uint32Array;
  readonly #mask: number;
  /** Of fragment i, entries `offsets[i]` up to `offsets[i + 1]`: molecules, and their counts. */
  readonly #offsets: Uint32Array;
  readonly #molecules: Uint32Array;
  readonly #counts: Uint8Array;
  readonly #shared: Uint32Array;

  constructor({ offsets, keys, counts }: CountView) {
    const length = offsets.length - 1;
    const [start, end] = [offsets[0] as number, offsets[length] as number];
    this.#length = length;
    this.#totals = new Uint32Array(length);
    let size = 16;
    while (size < 2 * (end - start)) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Uint32Array(size);
    this.#numbers = new Uint32Array(size);
    this.#molecules = new Uint32Array(end - start);
    this.#counts = new Uint8Array(end - start);
    this.#shared = new Uint32Array(length);
    // Each entry's fragment and each fragment's entries first; then every entry finds its place.
    const fragmentOf = new Uint32Array(end - start);
    const sizes: number[] = [];
    for (let at = start; at < end; at++) {
      const place = this.#placeOf(keys[at] as number);
      if (this.#numbers[place] === 0) {
        sizes.push(0);
        this.#slots[place] = keys[at] as number;
        this.#numbers[place] = sizes.length;
      }
      const fragment = (this.#numbers[place] as number) - 1;
      fragmentOf[at - start] = fragment;
      sizes[fragment] = (sizes[fragment] as number) + 1;
    }
    this.#offsets = new Uint32Array(sizes.length + 1);
    for (const [fragment, entries] of sizes.entries()) {
      this.#offsets[fragment + 1] = (this.#offsets[fragment] as number) + entries;
    }
    const next = this.#offsets.slice();
    for (let molecule = 0; molecule < length; molecule++) {
      for (let at = offsets[molecule] as number; at < (offsets[molecule + 1] as number); at++) {
        const fragment = fragmentOf[at - start] as number;
        const place = next[fragment] as number;
        next[fragment] = place + 1;
        this.#molecules[place] = molecule;
        this.#counts[place] = counts[at] as number;
        this.#totals[molecule] = (this.#totals[molecule] as number) + (counts[at] as number);
      }
    }
  }

  /**
   * Add `weight` times sum min / sum max of the counts of the fixed molecule j and of row c to `out[start + j * stride + c]`; two
   * molecules without fragments are alike.
   */
  addMinMax(view: CountView, rows: number, weight: number, out: Float64Array, start: number, stride: number): void {
    const { keys, counts, offsets } = view;
    const [fragments, molecules, owned, totals] = [this.#offsets, this.#molecules, this.#counts, this.#totals];
    const shared = this.#shared;
    for (let row = 0; row < rows; row++) {
      shared.fill(0);
      let total = 0;
      for (let at = offsets[row] as number; at < (offsets[row + 1] as number); at++) {
        const count = counts[at] as number;
        total += count;
        const number = this.#numbers[this.#placeOf(keys[at] as number)] as number;
        if (number === 0) continue;
        const end = fragments[number] as number;
        for (let entry = fragments[number - 1] as number; entry < end; entry++) {
          const molecule = molecules[entry] as number;
          const other = owned[entry] as number;
          shared[molecule] = (shared[molecule] as number) + (other < count ? other : count);
        }
      }
      for (let molecule = 0, place = start + row; molecule < this.#length; molecule++, place += stride) {
        const both = shared[molecule] as number;
        const either = total + (totals[molecule] as number) - both;
        out[place] = (out[place] as number) + (either === 0 ? weight : (weight * both) / either);
      }
    }
  }

  /** Where a key is, or would be. */
  #placeOf(key: number): number {
    const [slots, numbers, mask] = [this.#slots, this.#numbers, this.#mask];
    let place = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    while (numbers[place] !== 0 && slots[place] !== key) place = (place + 1) & mask;
    return place;
  }
}
