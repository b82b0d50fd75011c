/**
 * How long is the computing part of a model update: fit, save and load the reference model, score a space, rank it?
 * One core, random fingerprints: `sparse` rows have about as many bits as a small molecule's, `dense` ones half of them.
 * `--json` prints one JSON value and nothing else.
 */
import {
  FingerprintIndex,
  MoleculeRows,
  bestOf,
  fingerprintBits,
  mergeBest,
  modelKinds,
  ourModels,
} from '../src/ml/index.ts';
import { withoutFeatures } from '../src/ml/warm-objects.ts';

const kinds = modelKinds(ourModels);

const chunkRows = 20_000;
const keep = 100;
const densities = { sparse: 24, dense: 128 } as const;

/** xorshift32: the same fingerprints at every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function randomFingerprints(rows: number, bits: number, seed: number): FingerprintIndex {
  const random = generator(seed);
  const bytes = new Uint8Array(rows * (fingerprintBits / 8));
  for (let row = 0; row < rows; row++) {
    for (let set = 0; set < bits;) {
      const bit = Math.floor(random() * fingerprintBits);
      const at = row * (fingerprintBits / 8) + (bit >> 3);
      const before = bytes[at] as number;
      bytes[at] = before | (1 << (bit & 7));
      if (bytes[at] !== before) set++;
    }
  }
  return FingerprintIndex.from(bytes);
}

interface Sample {
  fitMs: number;
  scoreMs: number;
  rankMs: number;
  totalMs: number;
}

async function update(space: MoleculeRows, values: number[]): Promise<Sample> {
  const start = performance.now();
  const candidates = [...values.keys()];
  const { model } = await kinds.load((await kinds.fit('knn', space, { candidates, values })).save(), space);
  const fitted = performance.now();
  let rankMs = 0;
  const lists = [];
  for (let from = 0; from < space.length; from += chunkRows) {
    const { mean } = await model.predict(space.slice(from, Math.min(from + chunkRows, space.length)));
    const scored = performance.now();
    lists.push(bestOf(mean, keep, from));
    rankMs += performance.now() - scored;
  }
  const merging = performance.now();
  mergeBest(lists, keep);
  const end = performance.now();
  rankMs += end - merging;
  return { fitMs: fitted - start, scoreMs: end - fitted - rankMs, rankMs, totalMs: end - start };
}

async function measure(density: keyof typeof densities, candidates: number, points: number, runs: number) {
  const random = generator(7);
  const fingerprints = randomFingerprints(candidates, densities[density], 1);
  const space = MoleculeRows.from(fingerprints, withoutFeatures(candidates));
  const values = Array.from({ length: points }, () => 0.4 + 0.3 * random());
  const first = await update(space, values);
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++) samples.push(await update(space, values));
  samples.sort((a, b) => a.totalMs - b.totalMs);
  const median = samples[samples.length >> 1] ?? first;
  return { density, candidates, points, runs, firstMs: first.totalMs, ...median };
}

const questions: Parameters<typeof measure>[] = [
  ['sparse', 20_000, 64, 9],
  ['sparse', 20_000, 200, 9],
  ['dense', 20_000, 64, 9],
  ['dense', 20_000, 200, 9],
  ['sparse', 1_000_000, 200, 1],
];
const rows = [];
for (const question of questions) {
  const row = Object.entries(await measure(...question));
  rows.push(
    Object.fromEntries(
      row.map(([name, value]) => [name, typeof value === 'number' ? Number(value.toFixed(2)) : value]),
    ),
  );
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ benchmark: 'scoring', node: process.version, rows }));
} else {
  console.log(
    'One update on one core, ms: median of the runs after the first, and the first, with nothing compiled yet.',
  );
  console.table(rows);
}
