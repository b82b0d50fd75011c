import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contradictions, describeContradictions, parseXyz, toXyz } from '../../../src/chemistry/geometry.ts';
import { MethodError } from '../../../src/protocol/errors.ts';

const coordinate = fc.integer({ min: -9_999_999, max: 9_999_999 }).map((value) => value / 1e5);
const atom = fc.record({
  element: fc.constantFrom('H', 'C', 'N', 'O', 'F', 'Cl'),
  place: fc.tuple(coordinate, coordinate, coordinate),
});

describe('XYZ text', () => {
  it('gives back the geometry that was written, under any comment', () => {
    fc.assert(
      fc.property(fc.array(atom), fc.string(), (atoms, comment) => {
        const geometry = { elements: atoms.map((a) => a.element), coordinates: atoms.map((a) => a.place) };
        const read = parseXyz(toXyz(geometry, comment));
        expect(read.elements).toEqual(geometry.elements);
        for (const [index, place] of read.coordinates.entries()) {
          for (const axis of [0, 1, 2] as const) {
            expect(place[axis]).toBeCloseTo(geometry.coordinates[index]?.[axis] ?? NaN, 7);
          }
        }
      }),
    );
  });

  it('is refused with the line that does not fit, and never gives a coordinate that is no number', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom('2', 'C 0 0 0', 'C 0 0', 'C 0 0x1 0', 'C NaN 0 0', '9 9 9 9'));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          expect(parseXyz(lines.join('\n')).coordinates.flat().every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(MethodError);
          expect((error as MethodError).code).toBe('xyz.invalid');
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['many\n', 1],
    ['2\n\nC 0 0 0\nC 0 0\n', 4],
    ['1\n\nC 0 0x10 0', 3],
  ])('%j is refused at line %i', (text, line) => {
    expect(() => parseXyz(text)).toThrow(expect.objectContaining({ details: { line } }) as MethodError);
  });
});

describe('contradictions between a geometry and its formula', () => {
  const water = (oxygenToHydrogen: number, hydrogenToHydrogen: number) => ({
    elements: ['O', 'H', 'H'],
    coordinates: [
      [0, 0, 0],
      [0.96, 0, 0],
      [0.96 - hydrogenToHydrogen, oxygenToHydrogen, 0],
    ] as [number, number, number][],
  });
  const bonds = [
    [0, 1],
    [0, 2],
  ] as const;

  it('are none in a sound molecule', () => {
    expect(describeContradictions(water(0.93, 1.2), contradictions(water(0.93, 1.2), bonds))).toBe('');
  });

  it('tell a bond that broke, a bond that formed, and atoms that clash', () => {
    const far = water(3, 1);
    expect(describeContradictions(far, contradictions(far, bonds))).toBe('the bond O1-H3 broke');
    const near = { ...far, coordinates: far.coordinates.with(2, [1.2, 0.7, 0]) };
    expect(describeContradictions(near, contradictions(near, bonds))).toBe('the bond O1-H3 broke, a bond H2-H3 formed');
    const same = { ...far, coordinates: far.coordinates.with(2, [0.96, 0.1, 0]) };
    expect(describeContradictions(same, contradictions(same, bonds))).toBe('the atoms H2-H3 clash');
  });
});
