import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitModel, loadModel } from '../../../src/ml/index.ts';
import { openModel, sealModel } from '../../../src/ml/model.ts';
import { ConfigError, InputError } from '../../../src/protocol/errors.ts';
import { indexOf, jaccardDistance, rowOf, rowsArbitrary } from './random-fingerprints.ts';

/** Made by scikit-learn itself; the file says how. */
const fixture = JSON.parse(readFileSync(new URL('fixtures/scikit-learn.json', import.meta.url), 'utf8')) as {
  cases: { name: string; training: string[]; values: number[]; queries: string[]; mean: number[] }[];
};
const rowsOfHex = (rows: string[]): Uint8Array[] => rows.map((row) => Uint8Array.from(Buffer.from(row, 'hex')));

const valueArbitrary = fc.double({ min: 0.2, max: 1, noNaN: true });
const trainingArbitrary = rowsArbitrary(1, 15).chain((rows) =>
  fc.tuple(fc.constant(rows), fc.array(valueArbitrary, { minLength: rows.length, maxLength: rows.length })),
);

const predict = (training: Uint8Array[], values: number[], queries: Uint8Array[]): number[] => [
  ...fitModel('knn', indexOf(training), values).predict(indexOf(queries)).mean,
];

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
  it.each(fixture.cases)('agrees with scikit-learn: $name', ({ training, values, queries, mean }) => {
    const predicted = predict(rowsOfHex(training), values, rowsOfHex(queries));
    expect(mean.length).toBeGreaterThan(0);
    expect(predicted).toHaveLength(mean.length);
    mean.forEach((expected, place) =>
      expect(Math.abs((predicted[place] ?? Number.NaN) - expected)).toBeLessThan(1e-12),
    );
  });

  it('agrees with its definition, ties, equal and empty rows included', () => {
    fc.assert(
      fc.property(trainingArbitrary, rowsArbitrary(1, 6), ([training, values], others) => {
        const queries = [...others, ...training];
        const predicted = predict(training, values, queries);
        queries.forEach((query, place) => {
          expect(predicted[place]).toBeCloseTo(naive(training, values, query), 12);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('does not depend on the order of the training points where no tie decides', () => {
    fc.assert(
      fc.property(
        trainingArbitrary,
        rowsArbitrary(1, 4),
        fc.infiniteStream(fc.nat()),
        ([training, values], queries, keys) => {
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
          const shuffled = predict(
            order.map((point) => training[point] ?? rowOf([])),
            order.map((point) => values[point] ?? Number.NaN),
            queries,
          );
          predict(training, values, queries).forEach((mean, place) => expect(shuffled[place]).toBeCloseTo(mean, 12));
        },
      ),
    );
  });

  it('predicts each row alone as it does in a chunk, and within the range of the values', () => {
    fc.assert(
      fc.property(trainingArbitrary, rowsArbitrary(1, 8), ([training, values], queries) => {
        const model = fitModel('knn', indexOf(training), values);
        const { mean, deviation } = model.predict(indexOf(queries));
        expect(deviation).toBeNull();
        queries.forEach((query, place) => {
          expect(model.predict(indexOf([query])).mean[0]).toBe(mean[place]);
          expect(mean[place]).toBeGreaterThanOrEqual(Math.min(...values) - 1e-12);
          expect(mean[place]).toBeLessThanOrEqual(Math.max(...values) + 1e-12);
        });
      }),
    );
  });

  it('takes the first given of points that are equally far', () => {
    const training = [rowOf([0, 10]), rowOf([0, 11]), rowOf([0, 12]), rowOf([0, 13]), rowOf([0, 14])];
    expect(predict(training, [1, 2, 3, 4, 100], [rowOf([0])])[0]).toBeCloseTo(2.5, 12);
    expect(predict(training.toReversed(), [100, 4, 3, 2, 1], [rowOf([0])])[0]).toBeCloseTo(109 / 4, 12);
  });

  it('predicts no rows', () => {
    expect(predict([rowOf([1])], [0.5], [])).toEqual([]);
  });
});

describe('fitting', () => {
  const rows = indexOf([rowOf([1]), rowOf([2])]);

  it('names the models it knows when asked for another', () => {
    expect(() => fitModel('oracle', rows, [1, 2])).toThrow(ConfigError);
    expect(() => fitModel('oracle', rows, [1, 2])).toThrow('Unknown model "oracle"; choose one of: knn');
  });

  it.each([[[1]], [[1, 2, 3]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY, 1]]])(
    'refuses the values %j',
    (values) => {
      expect(() => fitModel('knn', rows, values)).toThrow(InputError);
    },
  );

  it('refuses to be fitted to nothing', () => {
    expect(() => fitModel('knn', rows.slice(0, 0), [])).toThrow(InputError);
  });
});

describe('saved models', () => {
  it('predict as the model that was saved, to the last bit', () => {
    fc.assert(
      fc.property(trainingArbitrary, rowsArbitrary(1, 6), ([training, values], queries) => {
        const model = fitModel('knn', indexOf(training), values);
        const blob = model.save();
        const loaded = loadModel(Buffer.concat([Buffer.from('x'), blob]).subarray(1));
        expect(loaded.predict(indexOf(queries)).mean).toEqual(model.predict(indexOf(queries)).mean);
        expect(Buffer.compare(loaded.save(), blob)).toBe(0);
      }),
    );
  });

  const blob = fitModel('knn', indexOf([rowOf([1, 7]), rowOf([2])]), [0.4, 0.5]).save();

  it('are refused when any one byte is another', () => {
    for (let place = 0; place < blob.length; place++) {
      for (const flip of [1, 32, 128]) {
        const damaged = Uint8Array.from(blob);
        damaged[place] = (damaged[place] ?? 0) ^ flip;
        expect(() => loadModel(damaged), `byte ${place}, bit ${flip}`).toThrow(InputError);
      }
    }
  });

  it('are refused when cut short or too long', () => {
    for (let length = 0; length < blob.length; length++) {
      expect(() => loadModel(blob.subarray(0, length)), `${length} bytes`).toThrow(InputError);
    }
    expect(() => loadModel(Buffer.concat([blob, Buffer.alloc(40)]))).toThrow(InputError);
  });

  it('are refused when they are something else', () => {
    const refused = (bytes: Uint8Array): void => {
      expect(() => loadModel(bytes)).toThrow(InputError);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), refused));
    fc.assert(fc.property(fc.json(), (text) => refused(Buffer.from(`${text}\n`))));
  });

  it('are refused by name when of a kind or version that is not known, and when their size is wrong', () => {
    const { body } = openModel(blob);
    expect(() => loadModel(sealModel('forest', 1, body))).toThrow('kind "forest", version 1');
    expect(() => loadModel(sealModel('knn', 2, body))).toThrow('kind "knn", version 2');
    expect(() => loadModel(sealModel('knn', 1, body.subarray(1)))).toThrow('no whole number of points');
    expect(() => loadModel(sealModel('knn', 1, new Uint8Array()))).toThrow('no whole number of points');
  });
});
