import { describe, expect, it } from 'vitest';
import { calibration } from '../../../src/ml/index.ts';
import { normalOf } from '../../../src/ml/normal.ts';
import { InputError } from '../../../src/protocol/errors.ts';

const count = 20_000;
const observed = Array.from({ length: count }, (_, i) => 3 + 0.2 * normalOf(1, 1, i));
const predicted = observed.map(() => 3);
const withDeviation = (deviation: number) =>
  calibration(
    predicted,
    predicted.map(() => deviation),
    observed,
  );

describe('calibration', () => {
  it('of a model that is as sure as it should be follows the diagonal', () => {
    const { withinOne, withinTwo, curve, error, deviation } = withDeviation(0.2);
    expect(withinOne).toBeCloseTo(0.683, 1.7);
    expect(withinTwo).toBeCloseTo(0.954, 1.7);
    expect(error).toBeCloseTo(0.2, 2);
    expect(deviation).toBeCloseTo(0.2, 12);
    expect(curve.map(({ nominal }) => nominal)).toEqual(Array.from({ length: 19 }, (_, i) => (i + 1) / 20));
    for (const point of curve) expect(Math.abs(point.observed - point.nominal)).toBeLessThan(0.02);
  });

  it('of a model that is too sure lies below it, of one that is too unsure above', () => {
    for (const { nominal, observed: share } of withDeviation(0.1).curve) expect(share).toBeLessThan(nominal);
    for (const { nominal, observed: share } of withDeviation(0.4).curve) expect(share).toBeGreaterThan(nominal);
  });

  it('counts a value as within nothing where there is no deviation, unless it is exact', () => {
    const { withinTwo, curve } = calibration([1, 2], [0, 0], [1, 3]);
    expect(withinTwo).toBe(0.5);
    expect(curve.every((point) => point.observed === 0.5)).toBe(true);
  });

  it('refuses nothing, what is of different lengths, and what is no number', () => {
    expect(() => calibration([], [], [])).toThrow(InputError);
    expect(() => calibration([1], [1], [1, 2])).toThrow(InputError);
    expect(() => calibration([1], [1, 2], [1])).toThrow(InputError);
    expect(() => calibration([Number.NaN], [1], [1])).toThrow(InputError);
    expect(() => calibration([1], [1], [Infinity])).toThrow(InputError);
  });
});
