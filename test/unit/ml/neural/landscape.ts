import { FeatureTable } from '../../../../src/ml/feature-table.ts';
import { FingerprintIndex, fingerprintBytes } from '../../../../src/ml/fingerprint-index.ts';
import { SeededRandom } from '../../../../src/ml/seeded-random.ts';
import { MoleculeRows } from '../../../../src/ml/rows.ts';

/** Molecules told apart by two descriptors, drawn evenly from a square of this half width around 0, with empty fingerprints. */
export function molecules(length: number, seed: number, halfWidth = 2): MoleculeRows {
  const random = new SeededRandom(seed);
  const descriptors = Float32Array.from({ length: 2 * length }, () => halfWidth * (2 * random.next() - 1));
  return MoleculeRows.from(
    FingerprintIndex.from(new Uint8Array(length * fingerprintBytes)),
    FeatureTable.from(length, {
      views: [],
      names: ['first', 'second'],
      descriptors,
      centre: Float64Array.of(0, 0),
      scale: Float64Array.of(1, 1),
    }),
  );
}

/** A smooth function of a molecule's descriptors, which no line follows. */
export const heights = ({ features: { descriptors } }: MoleculeRows): Float64Array =>
  Float64Array.from({ length: descriptors.length / 2 }, (_, row) => {
    const [x = 0, y = 0] = descriptors.subarray(2 * row, 2 * row + 2);
    return 10 + 0.02 * (x + Math.sin(2 * y) + 0.5 * x * x);
  });

/** The part of the variance of `values` that a prediction explains. */
export function explained(mean: Float64Array, values: Float64Array): number {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
  const missed = values.reduce((sum, value, row) => sum + (value - (mean[row] as number)) ** 2, 0);
  return 1 - missed / values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
}
