import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeatureTable, type CountView, type FeatureParts } from '../../../src/ml/feature-table.ts';
import { FingerprintIndex } from '../../../src/ml/fingerprint-index.ts';
import { MoleculeRows } from '../../../src/ml/rows.ts';
import { InputError } from '../../../src/protocol/errors.ts';

/** Fragments of molecules as maps, the plainest form there is. */
type Fragments = readonly (readonly (readonly [key: number, count: number])[])[];

function viewOf(name: string, molecules: Fragments): CountView {
  const sorted = molecules.map((one) => [...one].sort(([a], [b]) => a - b));
  const offsets = new Uint32Array(molecules.length + 1);
  sorted.forEach((one, row) => (offsets[row + 1] = (offsets[row] ?? 0) + one.length));
  const entries = sorted.flat();
  return {
    name,
    offsets,
    keys: Uint32Array.from(entries, ([key]) => key),
    counts: Uint8Array.from(entries, ([, count]) => count),
  };
}

const rowsOf = (table: FeatureTable): unknown[] =>
  Array.from({ length: table.length }, (_, row) => ({
    descriptors: [...table.descriptors.subarray(row * table.width, (row + 1) * table.width)],
    views: table.views.map(({ offsets, keys, counts }) =>
      [...keys.subarray(offsets[row], offsets[row + 1])].map((key, at) => [key, counts[(offsets[row] ?? 0) + at]]),
    ),
  }));

const fragments = fc.uniqueArray(fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 1, max: 255 })), {
  selector: ([key]) => key,
  maxLength: 6,
});
const molecule = fc.record({
  first: fragments,
  second: fragments,
  descriptors: fc.tuple(...Array.from({ length: 3 }, () => fc.float({ noNaN: true, noDefaultInfinity: true }))),
});
const table = fc.array(molecule, { maxLength: 12 }).map((molecules) =>
  FeatureTable.from(molecules.length, {
    views: [
      viewOf(
        'first',
        molecules.map(({ first }) => first),
      ),
      viewOf(
        'second',
        molecules.map(({ second }) => second),
      ),
    ],
    names: ['size', 'rings', 'same'],
    descriptors: Float32Array.from(molecules.flatMap(({ descriptors }) => descriptors)),
    centre: Float64Array.of(1, 2, 3),
    scale: Float64Array.of(0.5, 4, 0),
  }),
);

const small = (): FeatureParts => ({
  views: [viewOf('bits', [[[3, 1]], [[1, 2], [7, 1]]])], // prettier-ignore
  names: ['size', 'same'],
  descriptors: Float32Array.of(3, 5, 1, 5),
  centre: Float64Array.of(2, 5),
  scale: Float64Array.of(0.5, 0),
});

describe('a feature table', () => {
  it('comes back from its bytes, wherever they lie', () => {
    fc.assert(
      fc.property(table, fc.nat(9), (whole, shift) => {
        const bytes = whole.encode();
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const back = FeatureTable.decode(moved.subarray(shift));
        expect(rowsOf(back)).toEqual(rowsOf(whole));
        expect(back).toEqual(whole);
      }),
    );
  });

  it('shares the memory of its bytes where they are aligned', () => {
    const bytes = FeatureTable.from(2, small()).encode();
    const { descriptors, views } = FeatureTable.decode(bytes);
    for (const array of [descriptors, views[0]?.keys, views[0]?.offsets, views[0]?.counts]) {
      expect(array?.buffer).toBe(bytes.buffer);
    }
  });

  it('has the rows asked for, as a slice, copied, and through its bytes', () => {
    const cut = fc.tuple(table, fc.nat(12), fc.nat(12), fc.array(fc.nat(11)));
    fc.assert(
      fc.property(cut, ([whole, one, other, some]) => {
        const [from, to] = [Math.min(one, other, whole.length), Math.min(Math.max(one, other), whole.length)];
        const numbers = some.filter((row) => row < whole.length);
        const rows = rowsOf(whole);
        const slice = whole.slice(from, to);
        expect(rowsOf(slice)).toEqual(rows.slice(from, to));
        expect(rowsOf(FeatureTable.decode(slice.encode()))).toEqual(rows.slice(from, to));
        expect(rowsOf(whole.take(numbers))).toEqual(numbers.map((row) => rows[row]));
        expect(rowsOf(slice.take([...slice.descriptors.keys()].filter((row) => row < slice.length)))).toEqual(
          rowsOf(slice),
        );
        expect(whole.take(numbers).scale).toBe(whole.scale);
      }),
    );
  });

  it('standardises by the whole space, and what never varies to 0', () => {
    const whole = FeatureTable.from(2, small());
    expect([...whole.standardised()]).toEqual([2, 0, -2, 0]);
    expect([...whole.slice(1, 2).standardised()]).toEqual([-2, 0]);
  });

  it.each([
    ['descriptors are not 2 x 2', { descriptors: Float32Array.of(1, 2, 3) }],
    ['scales are not of 2', { scale: Float64Array.of(1) }],
    ['the number NaN', { descriptors: Float32Array.of(1, NaN, 3, 4) }],
    ['the number Infinity', { centre: Float64Array.of(1, Infinity) }],
    ['offsets of view "bits" are not 3', { views: [viewOf('bits', [[[3, 1]]])] }],
    ['2 keys and 1 counts', { views: [{ ...viewOf('bits', [[], [[1, 1], [2, 1]]]), counts: Uint8Array.of(1) }] }], // prettier-ignore
    ['out of order at row 1', { views: [{ ...viewOf('bits', [[[1, 1]], []]), offsets: Uint32Array.of(0, 1, 0) }] }],
    ['do not rise at row 0', { views: [{ ...viewOf('bits', [[[1, 1], [2, 1]], []]), keys: Uint32Array.of(2, 2) }] }], // prettier-ignore
  ])('is refused when %s', (message, parts) => {
    expect(() => FeatureTable.from(2, { ...small(), ...parts })).toThrow(InputError);
    expect(() => FeatureTable.from(2, { ...small(), ...parts })).toThrow(message);
  });

  it('says which rows it lacks', () => {
    const whole = FeatureTable.from(2, small());
    for (const ask of [() => whole.slice(1, 3), () => whole.slice(-1, 1), () => whole.slice(2, 1)]) {
      expect(ask).toThrow(/do not lie in a feature table of 2 rows/);
    }
    expect(() => whole.take([0, 2])).toThrow(/Row 2/);
    expect(() => whole.take([0.5])).toThrow(InputError);
  });

  it('of bytes that are cut, lengthened or of something else is refused', () => {
    const bytes = FeatureTable.from(2, small()).encode();
    for (let end = 0; end < bytes.length; end++) {
      expect(() => FeatureTable.decode(bytes.subarray(0, end)), `${end} bytes`).toThrow(InputError);
    }
    expect(() => FeatureTable.decode(Uint8Array.of(...bytes, 0))).toThrow(/1 bytes follow/);
    fc.assert(
      fc.property(fc.uint8Array(), (garbage) => {
        expect(() => FeatureTable.decode(garbage)).toThrow(InputError);
      }),
    );
  });
});

describe('molecule rows', () => {
  const fingerprints = FingerprintIndex.from(Uint8Array.from({ length: 64 }, (_, at) => (at < 32 ? 1 : 2)));

  it('keep fingerprints and features of a molecule together', () => {
    const rows = MoleculeRows.from(fingerprints, FeatureTable.from(2, small()));
    expect(rows.length).toBe(2);
    for (const part of [rows.slice(1, 2), rows.take([1])]) {
      expect(part.length).toBe(1);
      expect(part.fingerprints.bytes[0]).toBe(2);
      expect([...part.features.descriptors]).toEqual([1, 5]);
    }
  });

  it('are refused when there are more of one than of the other', () => {
    expect(() => MoleculeRows.from(fingerprints, FeatureTable.from(2, small()).slice(0, 1))).toThrow(
      /2 fingerprints and features of 1 molecules/,
    );
  });
});
