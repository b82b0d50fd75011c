/**
 * How long does an update of the model take: fit, store, predict a whole space on two threads, rank and merge? All anew, and going on
 * from a model that knew four results less; beside scikit-learn's nearest neighbours and a Gaussian process in NumPy, which begin
 * anew each time, on the same molecules, in the same minutes. `--json` prints one JSON value and nothing else; `--small` leaves out
 * the million.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadSearchSpace } from '../src/chemistry/index.ts';
import { fixedSettings } from '../src/ml/gaussian-process-settings.ts';
import { FingerprintIndex, mergeBest, modelKinds, MoleculeRows, ourModels } from '../src/ml/index.ts';
import { normalOf } from '../src/ml/normal.ts';
import { InvariantError, messageOf, MissingError } from '../src/protocol/errors.ts';
import { root } from './cox-process.ts';
import { pythonWith } from './python.ts';
import { openSpace, ScoringThreads, type SharedSpace } from './scoring-threads.ts';

const points = 200;
const added = 4;
const keep = 256;
const rows = 20_000;
const threads = 2;
const models = ['knn', 'gp'] as const;
const kinds = modelKinds(ourModels);
const quiet = process.argv.includes('--json');
const say = (line: string): void => console.error(line);

/** Candidates, and how often an update is timed. */
const runs: readonly (readonly [candidates: number, times: number])[] = process.argv.includes('--small')
  ? [[rows, 5]]
  : [
      [rows, 5],
      [1_000_000, 1],
    ];

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

function shared<T extends Uint8Array | Uint32Array | Float32Array | Float64Array>(array: T): T {
  const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

/** The molecules of the project's own space, over and over, in memory that threads share. */
function spaceOf(candidates: number, own: MoleculeRows): SharedSpace {
  const { fingerprints, features } = own.take(Array.from({ length: candidates }, (_, i) => i % own.length));
  const { names, centre, scale, descriptors, views } = features;
  const parts = views.map(({ name, ...view }) => ({
    name,
    offsets: shared(view.offsets),
    keys: shared(view.keys),
    counts: shared(view.counts),
  }));
  const all = { names, centre, scale, descriptors: shared(descriptors), views: parts };
  return { length: candidates, fingerprints: shared(fingerprints.bytes), features: all };
}

/** Made-up values: what they are costs nothing. */
const candidates = Array.from({ length: points }, (_, i) => (i * 97) % rows);
const values = candidates.map((candidate) => 0.5 + 0.03 * normalOf(1, 1, candidate));

interface Timing {
  readonly model: string;
  readonly candidates: number;
  readonly fullSeconds: number;
  readonly grownSeconds: number;
}

async function measure(count: number, times: number, own: MoleculeRows): Promise<Timing[]> {
  const parts = spaceOf(count, own);
  const space = openSpace(parts);
  const pool = await ScoringThreads.start(parts, threads);
  const pieces = Math.max(8, Math.floor(count / 20_000));
  const edge = (i: number): number => Math.floor((i * count) / pieces);
  const chunks = Array.from({ length: pieces }, (_, i) => [edge(i), edge(i + 1)] as const);
  const update = async (name: string, known: number, forget: boolean): Promise<number> => {
    const start = performance.now();
    const data = { candidates: candidates.slice(0, known), values: values.slice(0, known) };
    const blob = (await kinds.fit(name, space, data)).save();
    const best = mergeBest(await pool.score(chunks, { blob, keep, forget }), keep);
    if (best.length !== keep) throw new InvariantError(`a ranking of ${best.length} came back, not of ${keep}`);
    return (performance.now() - start) / 1e3;
  };
  const timings: Timing[] = [];
  for (const model of models) {
    const full: number[] = [];
    const grown: number[] = [];
    // The first is slower, with nothing compiled yet: of a large space it does not show.
    if (times > 1) await update(model, points, true);
    for (let time = 0; time < times; time++) {
      full.push(await update(model, points, true));
      await update(model, points - added, true);
      grown.push(await update(model, points, false));
    }
    timings.push({ model, candidates: count, fullSeconds: median(full), grownSeconds: median(grown) });
  }
  await pool.close();
  return timings;
}

interface PeerTiming {
  readonly model: string;
  readonly candidates: number;
  readonly seconds: number;
  readonly mean: number[];
  readonly deviation: number[] | null;
}

/** What the peers take for the same, and what they predict. @throws MissingError when there is no Python for them. */
async function measurePeers(own: MoleculeRows): Promise<{ versions: string; results: PeerTiming[] }> {
  const python = await pythonWith(['scikit-learn'], say);
  const folder = await mkdtemp(join(tmpdir(), 'cox-bench-'));
  const { features, fingerprints } = own;
  const { scale, width } = features;
  const varying = [...scale.keys()].filter((column) => (scale[column] as number) > 0);
  const standardised = features.standardised();
  const x = Float64Array.from({ length: own.length * varying.length }, (_, at) => {
    const row = Math.floor(at / varying.length);
    return standardised[row * width + (varying[at % varying.length] as number)] as number;
  });
  const spec = { rows: own.length, chunk: 20_000, keep, runs, candidates, values, settings: fixedSettings };
  await Promise.all([
    writeFile(join(folder, 'spec.json'), JSON.stringify({ ...spec, views: features.views.map(({ name }) => name) })),
    writeFile(join(folder, 'fingerprints'), fingerprints.bytes),
    writeFile(join(folder, 'descriptors'), x),
    ...features.views.flatMap(({ name, offsets, keys, counts }) => [
      writeFile(join(folder, `${name}.offsets`), offsets),
      writeFile(join(folder, `${name}.keys`), keys),
      writeFile(join(folder, `${name}.counts`), counts),
    ]),
  ]);
  try {
    const script = join(root, 'bench', 'peers', 'scoring.py');
    const { stdout } = await promisify(execFile)(python, [script, folder], { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout) as { versions: string; results: PeerTiming[] };
  } catch (cause) {
    throw new MissingError(`the peers did not run: ${messageOf(cause)}`, { code: 'bench.peers', cause });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Peers that predict something else would be no peers. Where ties decide, neighbours may be others: few rows. */
async function agreement(own: MoleculeRows, results: readonly PeerTiming[]): Promise<void> {
  for (const { model, mean, deviation } of results) {
    const trained = await kinds.fit(model, own, { candidates, values });
    const ours = await trained.model.predict(own.slice(0, mean.length));
    const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).filter((one, i) => Math.abs(one - (b[i] as number)) > 1e-9).length;
    const different = apart(mean, ours.mean) + (deviation === null ? 0 : apart(deviation, ours.deviation ?? []));
    if (different > (model === 'knn' ? mean.length / 5 : 0)) {
      throw new InvariantError(`${different} of ${mean.length} predictions of ${model} differ from the peer's`);
    }
  }
}

const cache = await mkdtemp(join(tmpdir(), 'cox-bench-'));
const loaded = await loadSearchSpace(join(root, 'data', 'search-space.csv'), cache);
await rm(cache, { recursive: true });
const whole = MoleculeRows.from(FingerprintIndex.from(loaded.fingerprints), loaded.features);
const own = whole.take(Array.from({ length: rows }, (_, row) => row));

const ours: Timing[] = [];
for (const [count, times] of runs) ours.push(...(await measure(count, times, own)));
let peers: Awaited<ReturnType<typeof measurePeers>> | null = null;
try {
  peers = await measurePeers(own);
  await agreement(own, peers.results);
} catch (error) {
  if (!(error instanceof MissingError)) throw error;
  say(`without peers: ${error.message}`);
}

const results = ours.map((timing) => {
  const peer = peers?.results.find(({ model, candidates: n }) => model === timing.model && n === timing.candidates);
  const peerSeconds = peer?.seconds ?? null;
  return { ...timing, peerSeconds, ratio: peerSeconds === null ? null : peerSeconds / timing.fullSeconds };
});
if (quiet) {
  console.log(JSON.stringify({ bench: 'scoring', points, added, threads, peers: peers?.versions ?? null, results }));
} else {
  console.log(`One update, ${points} results, ${threads} threads; grown: from a model with ${added} results less`);
  for (const { model, candidates: count, fullSeconds, grownSeconds, peerSeconds, ratio } of results) {
    const [full, grown] = [fullSeconds, grownSeconds].map((seconds) => seconds.toFixed(3));
    const beside = ratio === null ? '' : `; peer ${(peerSeconds ?? 0).toFixed(3)} s, ${ratio.toFixed(1)} times ours`;
    console.log(`  ${model}, ${count.toLocaleString('en')} candidates: ${full} s anew, ${grown} s grown${beside}`);
  }
  if (peers !== null) console.log(`  peers: ${peers.versions}`);
}
