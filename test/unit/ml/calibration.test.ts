import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAnswers } from '../../../src/chemistry/index.ts';
import { calibration, FingerprintIndex, modelKinds, MoleculeRows, ourModels } from '../../../src/ml/index.ts';
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

describe('the Gaussian process', () => {
  it('is about as sure of ionization energies as it should be', async () => {
    const table = new URL('../../../data/ionization-energies.tsv', import.meta.url);
    const folder = await mkdtemp(join(tmpdir(), 'cox-calibration-'));
    const [header = '', ...lines] = (await readFile(table, 'utf8')).split('\n');
    const path = join(folder, 'some.tsv');
    // Every fifth molecule: enough to tell, and read in a second.
    await writeFile(path, [header, ...lines.filter((_, i) => i % 5 === 0)].join('\n'));
    const answers = await loadAnswers(path, folder);
    await rm(folder, { recursive: true });
    const space = MoleculeRows.from(FingerprintIndex.from(answers.fingerprints), answers.features);
    const order = [...answers.values.keys()].sort((a, b) => normalOf(1, 0, a) - normalOf(1, 0, b));
    const [known, others] = [order.slice(0, 64), order.slice(64)];
    const valuesOf = (rows: readonly number[]): number[] => rows.map((row) => answers.values[row] ?? Number.NaN);
    const fitted = await modelKinds(ourModels).fit('gp', space, { candidates: known, values: valuesOf(known) });
    const { mean, deviation } = await fitted.model.predict(space.take(others));
    const measured = calibration(mean, deviation ?? [], valuesOf(others));
    expect(measured.count).toBeGreaterThan(750);
    // 74 % and 97 % of the whole table (bench/calibration.ts).
    expect(measured.withinOne).toBeGreaterThan(0.55);
    expect(measured.withinOne).toBeLessThan(0.9);
    expect(measured.withinTwo).toBeGreaterThan(0.88);
    // Far better than the mean of what is known, too: the energies' own deviation is 0.027 hartree.
    expect(measured.error).toBeLessThan(0.016);
    expect(measured.deviation / measured.error).toBeGreaterThan(0.6);
    expect(measured.deviation / measured.error).toBeLessThan(1.7);
  });
});
