import type { CountView } from './feature-table.ts';

/** Rows whose results are written together: as many as a line of a core's cache holds. */
const rowsAtOnce = 8;

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
  /** What each of a few rows shares with each molecule [rowsAtOnce x n]. */
  readonly #shared: Int32Array;

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
    this.#shared = new Int32Array(length * rowsAtOnce);
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
    const totals = this.#totals;
    const shared = this.#shared;
    const length = this.#length;
    const sums = new Float64Array(rowsAtOnce);
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - first);
      shared.fill(0);
      for (let row = 0; row < count; row++) sums[row] = this.#share(view, first + row, row * length);
      for (let molecule = 0; molecule < length; molecule++) {
        const total = totals[molecule] as number;
        for (let row = 0, place = start + molecule * stride + first; row < count; row++, place++) {
          const both = shared[row * length + molecule] as number;
          const either = (sums[row] as number) + total - both;
          out[place] = (out[place] as number) + (either === 0 ? weight : (weight * both) / either);
        }
      }
    }
  }

  /** Add what a row has in common with each molecule to `shared` from `at` on; gives the row's own total. */
  #share({ keys, counts, offsets }: CountView, row: number, at: number): number {
    const [fragments, molecules, owned, shared] = [this.#offsets, this.#molecules, this.#counts, this.#shared];
    const end = offsets[row + 1] as number;
    let total = 0;
    for (let from = offsets[row] as number; from < end; from++) {
      const count = counts[from] as number;
      total += count;
      const number = this.#numbers[this.#placeOf(keys[from] as number)] as number;
      if (number === 0) continue;
      const last = fragments[number] as number;
      for (let entry = fragments[number - 1] as number; entry < last; entry++) {
        const place = at + (molecules[entry] as number);
        const other = owned[entry] as number;
        shared[place] = (shared[place] as number) + (other < count ? other : count);
      }
    }
    return total;
  }

  /** Where a key is, or would be. */
  #placeOf(key: number): number {
    const [slots, numbers, mask] = [this.#slots, this.#numbers, this.#mask];
    let place = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    while (numbers[place] !== 0 && slots[place] !== key) place = (place + 1) & mask;
    return place;
  }
}
