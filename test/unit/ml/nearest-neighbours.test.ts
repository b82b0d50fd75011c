import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestNeighbours } from '../../../src/ml/nearest-neighbours.ts';
import { InputError } from '../../../src/protocol/errors.ts';
import { indexOf, jaccardDistance, rowOf, rowsArbitrary } from './random-fingerprints.ts';
import { rowsOf } from './random-rows.ts';

/** Made by scikit-learn itself; `make-fixtures.py` beside it. */
const fixture = JSON.parse(readFileSync(new URL('fixtures/nearest-neighbours.json', import.meta.url), 'utf8')) as {
  cases: { name: string; training: string[]; values: number[]; queries: string[]; mean: number[] }[];
};
const rowsOfHex = (rows: string[]): Uint8Array[] => rows.map((row) => Uint8Array.from(Buffer.from(row, 'hex')));

const valueArbitrary = fc.double({ min: 0.2, max: 1, noNaN: true });
const trainingArbitrary = rowsArbitrary(1, 15).chain((rows) =>
  fc.tuple(fc.constant(rows), fc.array(valueArbitrary, { minLength: rows.length, maxLength: rows.length })),
);

const load = (training: Uint8Array[], values: number[]) =>
  nearestNeighbours.load(new Uint8Array(), rowsOf(indexOf(training)), Float64Array.from(values), null);
const predict = async (training: Uint8Array[], values: number[], queries: Uint8Array[]): Promise<number[]> => {
  const model = await load(training, values);
  return [...(await model.predict(rowsOf(indexOf(queries)))).mean];
};

/** The regressor from its definition, pair by pair. */
function naive(training: Uint8Array[], values: number[], query: Uint8Array): number {
  const nearest = training
    .map((row, point) => ({ distance: jaccardDistance(row, query), value: values[point] ?? Number.NaN }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 4);
  const equal = nearest.filter(({ distance }) => distance === 0);
  const weighted = (equal.length > 0 ? equal : nearest).map(({ distance, value }) => ({
    value,
    weight: equal.length > 0 ? 1 : 1 / distance,
  }));
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
}

describe('nearest neighbours', () => {
  it.each(fixture.cases)('agrees with scikit-learn: $name', async ({ training, values, queries, mean }) => {
    const predicted = await predict(rowsOfHex(training), values, rowsOfHex(queries));
    expect(mean.length).toBeGreaterThan(0);
    expect(predicted).toHaveLength(mean.length);
    mean.forEach((expected, place) =>
      expect(Math.abs((predicted[place] ?? Number.NaN) - expected)).toBeLessThan(1e-12),
    );
  });

  it('agrees with its definition, ties, equal and empty rows included', async () => {
    await fc.assert(
      fc.asyncProperty(trainingArbitrary, rowsArbitrary(1, 6), async ([training, values], others) => {
        const queries = [...others, ...training];
        const predicted = await predict(training, values, queries);
        queries.forEach((query, place) => {
          expect(predicted[place]).toBeCloseTo(naive(training, values, query), 12);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('does not depend on the order of the training points where no tie decides', async () => {
    await fc.assert(
      fc.asyncProperty(
        trainingArbitrary,
        rowsArbitrary(1, 4),
        fc.infiniteStream(fc.nat()),
        async ([training, values], queries, keys) => {
          const distances = (query: Uint8Array) =>
            training.map((row) => jaccardDistance(row, query)).sort((a, b) => a - b);
          fc.pre(
            queries.every((query) => {
              const sorted = distances(query);
              return sorted.length <= 4 || sorted[3] !== sorted[4];
            }),
          );
          const order = training
            .map((_, point) => ({ point, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ point }) => point);
          const shuffled = await predict(
            order.map((point) => training[point] ?? rowOf([])),
            order.map((point) => values[point] ?? Number.NaN),
            queries,
          );
          (await predict(training, values, queries)).forEach((mean, place) =>
            expect(shuffled[place]).toBeCloseTo(mean, 12),
          );
        },
      ),
    );
  });

  it('predicts each row alone as it does in a chunk, and within the range of the values', async () => {
    await fc.assert(
      fc.asyncProperty(trainingArbitrary, rowsArbitrary(1, 8), async ([training, values], queries) => {
        const model = await load(training, values);
        const { mean, deviation } = await model.predict(rowsOf(indexOf(queries)));
        expect(deviation).toBeNull();
        for (const [place, query] of queries.entries()) {
          expect((await model.predict(rowsOf(indexOf([query])))).mean[0]).toBe(mean[place]);
          expect(mean[place]).toBeGreaterThanOrEqual(Math.min(...values) - 1e-12);
          expect(mean[place]).toBeLessThanOrEqual(Math.max(...values) + 1e-12);
        }
      }),
    );
  });

  it('takes the first given of points that are equally far', async () => {
    const training = [rowOf([0, 10]), rowOf([0, 11]), rowOf([0, 12]), rowOf([0, 13]), rowOf([0, 14])];
    expect((await predict(training, [1, 2, 3, 4, 100], [rowOf([0])]))[0]).toBeCloseTo(2.5, 12);
    expect((await predict(training.toReversed(), [100, 4, 3, 2, 1], [rowOf([0])]))[0]).toBeCloseTo(109 / 4, 12);
  });

  it('predicts no rows', async () => {
    expect(await predict([rowOf([1])], [0.5], [])).toEqual([]);
  });

  it('refuses bytes of its own, for there are none', () => {
    const given = rowsOf(indexOf([rowOf([1])]));
    expect(() => nearestNeighbours.load(Uint8Array.of(1), given, Float64Array.of(1), null)).toThrow(InputError);
  });
});
