const pageSize = 1_024;

/** A 32-bit number for each of the numbers 0, 1, 2, ...; zero where none was set. Four bytes an entry, in pages. */
export class NumberTable {
  readonly #pages = new Map<number, Uint32Array>();

  get(index: number): number {
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize] ?? 0;
  }

  set(index: number, value: number): void {
    const page = Math.floor(index / pageSize);
    let entries = this.#pages.get(page);
    if (entries === undefined) this.#pages.set(page, (entries = new Uint32Array(pageSize)));
    entries[index % pageSize] = value;
  }
}

/** Tables by name, made when they are first asked for. */
export class NumberTables {
  readonly #tables = new Map<string, NumberTable>();

  of(name: string): NumberTable {
    let table = this.#tables.get(name);
    if (table === undefined) this.#tables.set(name, (table = new NumberTable()));
    return table;
  }
}

/** Ids that were used, such as `grant-17`: what stands before the number once, the numbers in a table. */
export class UsedIds {
  readonly #tables = new NumberTables();

  /** Note an id; false when it was used before. */
  use(id: string): boolean {
    const { table, number } = this.#placeOf(id);
    if (table.get(number) !== 0) return false;
    table.set(number, 1);
    return true;
  }

  has(id: string): boolean {
    const { table, number } = this.#placeOf(id);
    return table.get(number) !== 0;
  }

  #placeOf(id: string): { table: NumberTable; number: number } {
    const digits = /(?:^|[^0-9])([1-9][0-9]{0,14})$/.exec(id)?.[1] ?? '';
    const table = this.#tables.of(`${digits === '' ? '=' : '#'}${id.slice(0, id.length - digits.length)}`);
    return { table, number: digits === '' ? 0 : Number(digits) };
  }
}
