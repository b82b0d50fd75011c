import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeatureTable } from '../../../src/ml/feature-table.ts';
import { FingerprintIndex } from '../../../src/ml/fingerprint-index.ts';
import { firstChoice } from '../../../src/ml/first-choice.ts';
import { MoleculeRows } from '../../../src/ml/rows.ts';
import { InputError } from '../../../src/protocol/errors.ts';

function rowsOf(points: readonly (readonly number[])[]): MoleculeRows {
  const width = points[0]?.length ?? 0;
  const features = FeatureTable.from(points.length, {
    views: [],
    names: Array.from({ length: width }, (_, column) => `x${column}`),
    descriptors: Float32Array.from(points.flat()),
    centre: new Float64Array(width),
    scale: new Float64Array(width).fill(1),
  });
  return MoleculeRows.from(FingerprintIndex.from(new Uint8Array(points.length * 32)), features);
}

const distance = (one: readonly number[] = [], other: readonly number[] = []): number =>
  one.reduce((sum, x, column) => sum + (x - (other[column] ?? 0)) ** 2, 0);

const point = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }));
const space = fc.array(point, { maxLength: 40 });

describe('the first choice', () => {
  it('takes, each time, one of those that are farthest from all before', () => {
    fc.assert(
      fc.property(space, fc.nat(12), fc.integer(), (points, count, seed) => {
        const chosen = firstChoice(rowsOf(points), count, seed);
        expect(chosen).toHaveLength(Math.min(count, points.length));
        expect(new Set(chosen).size).toBe(chosen.length);
        for (const place of chosen.keys()) {
          const before = chosen.slice(0, place);
          if (before.length === 0) continue;
          const away = (row: number): number => Math.min(...before.map((one) => distance(points[row], points[one])));
          const left = points.map((_, row) => row).filter((row) => !before.includes(row));
          expect(away(chosen[place] ?? NaN)).toBe(Math.max(...left.map(away)));
        }
      }),
    );
  });

  it('is the same for the same seed, and another for another', () => {
    const many = rowsOf(Array.from({ length: 300 }, (_, row) => [Math.sin(row), Math.cos(row * 1.7)]));
    expect(firstChoice(many, 8, 7)).toEqual(firstChoice(many, 8, 7));
    const starts = new Set(Array.from({ length: 20 }, (_, seed) => firstChoice(many, 8, seed)[0]));
    expect(starts.size).toBeGreaterThan(10);
  });

  it('does not repeat a molecule for its duplicates before all others are taken', () => {
    const points = [...Array.from({ length: 50 }, () => [0, 0]), [5, 0], [0, 5], [5, 5]];
    for (let seed = 0; seed < 10; seed++) {
      const kinds = firstChoice(rowsOf(points), 4, seed).map((row) => String(points[row]));
      expect(new Set(kinds).size).toBe(4);
    }
  });

  it('is at random where there are no descriptors, and all there is where there is less', () => {
    const bare = rowsOf(Array.from({ length: 100 }, () => []));
    const one = firstChoice(bare, 8, 1);
    expect(new Set(one).size).toBe(8);
    expect(firstChoice(bare, 8, 2)).not.toEqual(one);
    expect(firstChoice(rowsOf([[1], [2]]), 8, 1).sort()).toEqual([0, 1]);
    expect(firstChoice(rowsOf([]), 8, 1)).toEqual([]);
    expect(firstChoice(bare, 0, 1)).toEqual([]);
  });

  it('looks at a sample of a large space, from all of it', () => {
    const large = rowsOf(Array.from({ length: 60_000 }, (_, row) => [Math.sin(row * 0.1), row]));
    const chosen = firstChoice(large, 8, 3);
    expect(new Set(chosen).size).toBe(8);
    expect(Math.max(...chosen)).toBeGreaterThan(55_000);
    expect(Math.min(...chosen)).toBeLessThan(5_000);
  });

  it('of half a molecule is refused', () => {
    for (const count of [-1, 0.5, NaN]) expect(() => firstChoice(rowsOf([[1]]), count, 1)).toThrow(InputError);
  });
});
