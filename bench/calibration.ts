/**
 * Is the model as sure as it should be? Fitted to molecules of a table of known answers, drawn at random, it predicts the others; how
 * many of these lie how near. Usage: node dist/bench/calibration.js [table] [column] [--points 64,200] [--model gp] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadAnswers } from '../src/chemistry/index.ts';
import { calibration, FingerprintIndex, modelKinds, MoleculeRows, ourModels } from '../src/ml/index.ts';
import { normalOf } from '../src/ml/normal.ts';
import { InputError } from '../src/protocol/errors.ts';
import { root } from './cox-process.ts';

const seeds = 5;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    points: { type: 'string', default: '64,200' },
    model: { type: 'string', default: 'gp' },
    json: { type: 'boolean', default: false },
  },
});
const [table = join(root, 'data', 'ionization-energies.tsv'), column] = positionals;
const cache = await mkdtemp(join(tmpdir(), 'cox-bench-'));
const answers = await loadAnswers(table, cache, { column });
await rm(cache, { recursive: true });
const space = MoleculeRows.from(FingerprintIndex.from(answers.fingerprints), answers.features);
const kinds = modelKinds(ourModels);

const results = [];
for (const points of flags.points.split(',').map(Number)) {
  const predicted: number[] = [];
  const deviations: number[] = [];
  const observed: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const order = [...answers.values.keys()].sort((a, b) => normalOf(seed, 0, a) - normalOf(seed, 0, b));
    const [known, others] = [order.slice(0, points), order.slice(points)];
    const valuesOf = (rows: readonly number[]): number[] => rows.map((row) => answers.values[row] as number);
    const fitted = await kinds.fit(flags.model, space, { candidates: known, values: valuesOf(known) }, { seed });
    const { mean, deviation } = await fitted.model.predict(space.take(others));
    if (deviation === null) {
      throw new InputError(`The model "${flags.model}" knows no deviation; choose one that does, such as gp`);
    }
    predicted.push(...mean);
    deviations.push(...deviation);
    observed.push(...valuesOf(others));
  }
  results.push({ points, seeds, ...calibration(predicted, deviations, observed) });
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
if (flags.json) {
  console.log(JSON.stringify({ bench: 'calibration', table, column: answers.column, model: flags.model, results }));
} else {
  for (const { points, count, error, deviation, withinOne, withinTwo, curve } of results) {
    const sizes = `error ${error.toPrecision(3)}, deviation ${deviation.toPrecision(3)}`;
    console.log(`${flags.model}, ${points} points, ${count} predictions: ${sizes} (root mean squares)`);
    console.log(`  within 1 deviation ${percent(withinOne)} (68 %), within 2 ${percent(withinTwo)} (95 %)`);
    const shown = curve.filter((_, place) => place % 2 === 1);
    console.log(`  nominal  ${shown.map(({ nominal }) => percent(nominal).padStart(5)).join('')}`);
    console.log(`  observed ${shown.map(({ observed: share }) => percent(share).padStart(5)).join('')}`);
  }
}
