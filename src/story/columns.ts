/** Columns that grow: numbers of 100,000 tasks take some megabytes this way, and adding one copies nothing. */

/** Floating-point numbers by row; a hole is NaN, and read as null by {@link Column.orNull}. */
export class Column {
  #values = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** The number of a row; NaN where there is none. */
  at(row: number): number {
    return row >= 0 && row < this.#length ? (this.#values[row] ?? NaN) : NaN;
  }

  orNull(row: number): number | null {
    const value = this.at(row);
    return Number.isNaN(value) ? null : value;
  }

  set(row: number, value: number): void {
    if (row < this.#length) this.#values[row] = value;
  }

  /** How many rows from the first on are at most `value`, in a column that rises. */
  countUpTo(value: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Rows [from, to) as an array. */
  slice(from = 0, to = this.#length): number[] {
    return [...this.#values.subarray(from, Math.min(to, this.#length))];
  }
}

/** Texts that recur, each kept once and known by a number. */
export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  /** The number of a text; NaN for null. */
  numberOf(name: string | null): number {
    if (name === null) return NaN;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#names.length);
    this.#names.push(name);
    return this.#names.length - 1;
  }

  /** The number of a text that was seen before, else -1. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1;
  }

  at(number: number): string | null {
    return this.#names[number] ?? null;
  }

  all(): readonly string[] {
    return this.#names;
  }
}

/** A value that changes now and then, by time: kept where it changes only. Times may come slightly out of order. */
export class Steps {
  readonly #at = new Column();
  readonly #value = new Column();

  /** From this time on it is `value`; before the first it is 0. */
  set(at: number, value: number): void {
    const last = this.#at.length - 1;
    if (last >= 0 && this.#value.at(last) === value) return;
    const time = last < 0 ? at : Math.max(at, this.#at.at(last));
    if (last >= 0 && this.#at.at(last) === time) {
      this.#value.set(last, value);
      return;
    }
    this.#at.push(time);
    this.#value.push(value);
  }

  /** It was another value since it changed last. */
  correct(value: number): void {
    this.#value.set(this.#value.length - 1, value);
  }

  get last(): number {
    return this.#value.orNull(this.#value.length - 1) ?? 0;
  }

  valueAt(time: number): number {
    const place = this.#at.countUpTo(time) - 1;
    return place < 0 ? 0 : this.#value.at(place);
  }

  /** When it changes next after a time; Infinity when it does not. */
  nextAfter(time: number): number {
    const place = this.#at.countUpTo(time);
    return place < this.#at.length ? this.#at.at(place) : Infinity;
  }
}
