/** The order within a batch: what is chosen together should not tell the same thing twice. */
import { compareRanked, type Ranked } from '../protocol/ranking.ts';
import { scorerOf, type Acquisition } from './acquisition.ts';
import { fingerprintBytes, type FingerprintIndex } from './fingerprint-index.ts';
import type { JointPrediction } from './model.ts';
import type { MoleculeRows } from './rows.ts';
import { digitsFor, significant } from './significant.ts';
import type { TrainedModel } from './trained-model.ts';

/** What is to be arranged. */
export interface Arrangement {
  readonly ranking: Ranked;
  /** Candidates that are being simulated. */
  readonly pending: readonly number[];
  /** How many are arranged; those behind stay as they are. */
  readonly take: number;
  readonly acquisition: Acquisition;
  readonly update: number;
}

/** Fingerprints that share more than this of their bits (Tanimoto) are taken for near-copies. */
const nearCopy = 0.65;

/**
 * The same candidates, the first `take` of them in an order in which they may be simulated together, beside those that are being
 * simulated already. Where the model knows how its deviations depend on each other and the acquisition uses them, each is chosen as
 * if those before it had been simulated and come out at their mean (GP-BUCB: Desautels et al., J. Mach. Learn. Res. 2014, 15, 4053,
 * https://jmlr.org/papers/v15/desautels14a.html); its score is the one that it was chosen by, and behind the chosen the others follow
 * by theirs. Otherwise scores stay, and whatever is a near-copy of something pending or before it moves behind the first `take`.
 * Means and deviations stay what the model says of each alone.
 *
 * @throws InputError when a candidate is not of the space; ConfigError as `scorerOf`.
 */
export function arrange(trained: TrainedModel, space: MoleculeRows, task: Arrangement): Ranked {
  const { kind } = task.acquisition;
  const usesDeviation = kind === 'ucb' || kind === 'ei' || kind === 'thompson';
  if (trained.model.joint === undefined || !usesDeviation) return withoutCopies(space.fingerprints, task);
  const ranked = task.ranking.map(([candidate]) => candidate);
  const joint = trained.model.joint(space.take([...ranked, ...task.pending]));
  for (const place of task.pending.keys()) joint.condition(ranked.length + place);
  return hallucinated(joint, trained.values, task);
}

function hallucinated(joint: JointPrediction, values: Float64Array, task: Arrangement): Ranked {
  const { ranking, take, acquisition, update } = task;
  const score = scorerOf(acquisition, { values, update }, true);
  const digits = digitsFor(values);
  const entries = ranking.map(([candidate, , mean, deviation]) => ({ candidate, mean, deviation }));
  const left = new Set(entries.keys());
  const scored = (place: number): Ranked[number] => {
    const { candidate, mean, deviation } = entries[place] as (typeof entries)[number];
    const now = score(candidate, joint.mean[place] as number, joint.deviation[place] as number);
    return [candidate, significant(now, digits), mean, deviation];
  };
  const chosen: Ranked = [];
  while (chosen.length < take && left.size > 0) {
    let best: { place: number; entry: Ranked[number] } | null = null;
    for (const place of left) {
      const entry = scored(place);
      if (best === null || compareRanked(entry, best.entry) < 0) best = { place, entry };
    }
    if (best === null) break;
    left.delete(best.place);
    chosen.push(best.entry);
    joint.condition(best.place);
  }
  return [...chosen, ...[...left].map(scored).sort(compareRanked)];
}

function withoutCopies(fingerprints: FingerprintIndex, { ranking, pending, take }: Arrangement): Ranked {
  const taken = fingerprints.take(pending);
  const others = Array.from({ length: pending.length }, (_, row) => ({ index: taken, row }));
  const own = fingerprints.take(ranking.map(([candidate]) => candidate));
  const first: Ranked = [];
  const behind: Ranked = [];
  for (const [row, entry] of ranking.entries()) {
    const isCopy = (): boolean => others.some((other) => similarity(own, row, other.index, other.row) > nearCopy);
    if (first.length >= take || isCopy()) {
      behind.push(entry);
    } else {
      first.push(entry);
      others.push({ index: own, row });
    }
  }
  return [...first, ...behind];
}

/** Share of the bits of either fingerprint that both have; 1 of two empty ones. */
function similarity(a: FingerprintIndex, row: number, b: FingerprintIndex, other: number): number {
  let both = 0;
  for (let place = 0; place < fingerprintBytes; place++) {
    const one = a.bytes[row * fingerprintBytes + place] as number;
    let shared = one & (b.bytes[other * fingerprintBytes + place] as number);
    for (; shared > 0; shared &= shared - 1) both++;
  }
  const either = (a.popcounts[row] as number) + (b.popcounts[other] as number) - both;
  return either === 0 ? 1 : both / either;
}
