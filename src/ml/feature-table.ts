/** What models know of molecules beyond packed fingerprints: sparse counts of fragments, and descriptors of the whole. */
import { z } from 'zod';
import { InputError } from '../protocol/errors.ts';

/**
 * One way to count fragments of molecules, sparse: row i has the fragments `keys[offsets[i]]` up to, not including,
 * `keys[offsets[i + 1]]`, in rising order, each as often as `counts` says at the same place. Bits are counts of 1.
 */
export interface CountView {
  readonly name: string;
  /** [n + 1]; does not begin at 0 where a view is a slice of another. */
  readonly offsets: Uint32Array;
  readonly keys: Uint32Array;
  readonly counts: Uint8Array;
}

/** What a table is made of. */
export interface FeatureParts {
  readonly views: readonly CountView[];
  /** Names of the descriptors [width]. */
  readonly names: readonly string[];
  /** [n x width]. */
  readonly descriptors: Float32Array;
  /** Means of the descriptors over the whole space [width]. */
  readonly centre: Float64Array;
  /** What a unit of each is [width]: its standard deviation over the whole space, or less where it counts more; 0 where all are equal. */
  readonly scale: Float64Array;
}

const magic = Buffer.from('cox-features-1\n\0', 'latin1');
/** Every array begins at a multiple of this, so that it can be read where it lies. */
const alignment = 8;
const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

const headerSchema = z.strictObject({
  length: z.number().int().nonnegative(),
  names: z.array(z.string()),
  views: z.array(z.strictObject({ name: z.string(), entries: z.number().int().nonnegative() })),
});
type Header = z.infer<typeof headerSchema>;

/**
 * Features of a search space or of a training set, row by row as its molecules. Made without a copy: nobody writes to its arrays
 * afterwards. `centre` and `scale` are those of the whole space in every part of it, so that what is standardised does not
 * depend on which molecules were computed.
 */
export class FeatureTable implements FeatureParts {
  readonly length: number;
  readonly width: number;
  readonly views: readonly CountView[];
  readonly names: readonly string[];
  readonly descriptors: Float32Array;
  readonly centre: Float64Array;
  readonly scale: Float64Array;

  private constructor(length: number, parts: FeatureParts) {
    this.length = length;
    this.width = parts.names.length;
    this.views = parts.views;
    this.names = parts.names;
    this.descriptors = parts.descriptors;
    this.centre = parts.centre;
    this.scale = parts.scale;
  }

  /**
   * The table of `length` molecules made of these parts.
   * @throws InputError (`input.features`) that says which part has another shape, is out of order, or is not finite
   */
  static from(length: number, parts: FeatureParts): FeatureTable {
    const width = parts.names.length;
    need(parts.descriptors.length === length * width, `its descriptors are not ${length} x ${width}`);
    need(parts.centre.length === width && parts.scale.length === width, `its scales are not of ${width} descriptors`);
    for (const numbers of [parts.descriptors, parts.centre, parts.scale]) {
      for (const number of numbers) if (!Number.isFinite(number)) throw wrong(`it holds the number ${number}`);
    }
    for (const view of parts.views) checkView(view, length);
    return new FeatureTable(length, parts);
  }

  /**
   * Rows `from` up to, not including, `to`; shares the memory of the whole.
   * @throws InputError when they are not rows of this table
   */
  slice(from: number, to: number): FeatureTable {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from > to || to > this.length) {
      throw new InputError(`Rows ${from} to ${to} do not lie in a feature table of ${this.length} rows`, {
        code: 'input.features',
      });
    }
    return new FeatureTable(to - from, {
      ...this.#parts(),
      views: this.views.map((view) => ({ ...view, offsets: view.offsets.subarray(from, to + 1) })),
      descriptors: this.descriptors.subarray(from * this.width, to * this.width),
    });
  }

  /**
   * The rows with these numbers, in this order, copied.
   * @throws InputError that names a number which is no row of this table
   */
  take(rows: readonly number[]): FeatureTable {
    for (const row of rows) {
      if (!Number.isInteger(row) || row < 0 || row >= this.length) {
        throw new InputError(`Row ${row} does not lie in a feature table of ${this.length} rows`, {
          code: 'input.features',
        });
      }
    }
    const { width } = this;
    const descriptors = new Float32Array(rows.length * width);
    for (const [place, row] of rows.entries()) {
      descriptors.set(this.descriptors.subarray(row * width, (row + 1) * width), place * width);
    }
    return new FeatureTable(rows.length, {
      ...this.#parts(),
      views: this.views.map((view) => takeView(view, rows)),
      descriptors,
    });
  }

  /**
   * These rows and those of another table behind them, copied; standardised as these are.
   * @throws InputError when the other has other views or descriptors
   */
  with(other: FeatureTable): FeatureTable {
    const named = ({ names, views }: FeatureParts): string => JSON.stringify([names, views.map(({ name }) => name)]);
    need(named(this) === named(other), 'it has other views or descriptors than the one that it is to follow');
    const descriptors = new Float32Array(this.descriptors.length + other.descriptors.length);
    descriptors.set(this.descriptors);
    descriptors.set(other.descriptors, this.descriptors.length);
    const views = this.views.map((view, place) => joinViews(view, other.views[place] as CountView));
    return new FeatureTable(this.length + other.length, { ...this.#parts(), views, descriptors });
  }

  /**
   * The descriptors less their centre, over their scale: [n x width]. One that all molecules of the space share is 0. Takes
   * eight bytes a number: ask for a part of a large space at a time.
   */
  standardised(): Float64Array {
    const { width, descriptors, centre } = this;
    const factor = this.scale.map((scale) => (scale > 0 ? 1 / scale : 0));
    const result = new Float64Array(descriptors.length);
    for (let at = 0, column = 0; at < result.length; at++) {
      result[at] = ((descriptors[at] as number) - (centre[column] as number)) * (factor[column] as number);
      if (++column === width) column = 0;
    }
    return result;
  }

  /** The table as bytes that say what they are; {@link FeatureTable.decode} makes it again. Numbers have their low byte first. */
  encode(): Uint8Array {
    const views = this.views.map(compactView);
    const header: Header = {
      length: this.length,
      names: [...this.names],
      views: views.map(({ name, keys }) => ({ name, entries: keys.length })),
    };
    const text = Buffer.from(JSON.stringify(header));
    const arrays = [this.centre, this.scale, this.descriptors].concat(
      views.flatMap(({ offsets, keys, counts }) => [offsets, keys, counts]) as never[],
    );
    const start = padded(magic.length + 4 + text.length);
    const bytes = new Uint8Array(start + arrays.reduce((sum, { byteLength }) => sum + padded(byteLength), 0));
    bytes.set(magic);
    new DataView(bytes.buffer).setUint32(magic.length, text.length, true);
    bytes.set(text, magic.length + 4);
    let at = start;
    for (const { buffer, byteOffset, byteLength } of arrays) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += padded(byteLength);
    }
    return bytes;
  }

  /**
   * The table in these bytes. Shares their memory where they lie on a multiple of eight, else copies them once.
   * @throws InputError (`input.features`) when they are no feature table, or not all of one
   */
  static decode(bytes: Uint8Array): FeatureTable {
    const aligned = bytes.byteOffset % alignment === 0 ? bytes : Uint8Array.from(bytes);
    const reader = new Reader(aligned);
    const header = reader.header();
    const width = header.names.length;
    const centre = reader.next(Float64Array, width);
    const scale = reader.next(Float64Array, width);
    const descriptors = reader.next(Float32Array, header.length * width);
    const views = header.views.map(({ name, entries }) => ({
      name,
      offsets: reader.next(Uint32Array, header.length + 1),
      keys: reader.next(Uint32Array, entries),
      counts: reader.next(Uint8Array, entries),
    }));
    reader.end();
    return FeatureTable.from(header.length, { views, names: header.names, descriptors, centre, scale });
  }

  #parts(): FeatureParts {
    const { views, names, descriptors, centre, scale } = this;
    return { views, names, descriptors, centre, scale };
  }
}

/** Reads the arrays of an encoded table, one after another, where they lie. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  header(): Header {
    const bytes = this.#bytes;
    const known = bytes.length >= magic.length + 4 && magic.equals(bytes.subarray(0, magic.length));
    if (!known) throw wrong(`${bytes.length} bytes do not begin as one; read the search space again`);
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length, true);
    const text = Buffer.from(bytes.subarray(magic.length + 4))
      .subarray(0, length)
      .toString();
    this.#at = padded(magic.length + 4 + length);
    const header = headerSchema.safeParse(parsed(text)).data;
    if (header === undefined) throw wrong('its header cannot be read; read the search space again');
    return header;
  }

  next<T>(
    kind: { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
    length: number,
  ): T {
    const start = this.#at;
    this.#at += padded(length * kind.BYTES_PER_ELEMENT);
    if (this.#at > this.#bytes.length) throw wrong(`${this.#bytes.length} bytes are not all of it`);
    return new kind(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw wrong(`${this.#bytes.length - this.#at} bytes follow it`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller reports what the schema does not find.
    return null;
  }
}

function checkView({ name, offsets, keys, counts }: CountView, length: number): void {
  need(offsets.length === length + 1, `the offsets of view "${name}" are not ${length + 1}`);
  need(keys.length === counts.length, `view "${name}" has ${keys.length} keys and ${counts.length} counts`);
  for (let row = 0; row < length; row++) {
    const [start = 0, end = 0] = [offsets[row], offsets[row + 1]];
    need(start <= end && end <= keys.length, `the offsets of view "${name}" are out of order at row ${row}`);
    for (let at = start + 1; at < end; at++) {
      if ((keys[at] as number) <= (keys[at - 1] as number))
        throw wrong(`the keys of view "${name}" do not rise at row ${row}`);
    }
  }
}

/** A view's own entries only, with offsets from 0. */
function compactView(view: CountView): CountView {
  const { offsets, keys, counts } = view;
  const [start = 0, end = 0] = [offsets[0], offsets.at(-1)];
  if (start === 0) return { ...view, keys: keys.subarray(0, end), counts: counts.subarray(0, end) };
  return {
    ...view,
    offsets: offsets.map((offset) => offset - start),
    keys: keys.subarray(start, end),
    counts: counts.subarray(start, end),
  };
}

function takeView({ name, offsets, keys, counts }: CountView, rows: readonly number[]): CountView {
  const taken = new Uint32Array(rows.length + 1);
  for (const [place, row] of rows.entries()) {
    taken[place + 1] = (taken[place] as number) + (offsets[row + 1] as number) - (offsets[row] as number);
  }
  const entries = taken.at(-1) ?? 0;
  const view = { name, offsets: taken, keys: new Uint32Array(entries), counts: new Uint8Array(entries) };
  for (const [place, row] of rows.entries()) {
    const [start, end] = [offsets[row] as number, offsets[row + 1] as number];
    view.keys.set(keys.subarray(start, end), taken[place]);
    view.counts.set(counts.subarray(start, end), taken[place]);
  }
  return view;
}

function joinViews(first: CountView, second: CountView): CountView {
  const [one, two] = [compactView(first), compactView(second)];
  const border = one.offsets.at(-1) ?? 0;
  const offsets = new Uint32Array(one.offsets.length + two.offsets.length - 1);
  offsets.set(one.offsets);
  offsets.set(
    two.offsets.map((offset) => offset + border),
    one.offsets.length - 1,
  );
  const keys = new Uint32Array(border + two.keys.length);
  keys.set(one.keys);
  keys.set(two.keys, border);
  const counts = new Uint8Array(keys.length);
  counts.set(one.counts);
  counts.set(two.counts, border);
  return { name: one.name, offsets, keys, counts };
}

const wrong = (what: string): InputError =>
  new InputError(`These features are no feature table: ${what}`, { code: 'input.features' });

function need(holds: boolean, otherwise: string): void {
  if (!holds) throw wrong(otherwise);
}
