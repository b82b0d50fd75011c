import { InputError } from '../protocol/errors.ts';
import type { FeatureTable } from './feature-table.ts';
import type { FingerprintIndex } from './fingerprint-index.ts';

/** What models see of molecules: row i of `fingerprints` and row i of `features` are of the same one. */
export class MoleculeRows {
  readonly length: number;
  readonly fingerprints: FingerprintIndex;
  readonly features: FeatureTable;

  private constructor(fingerprints: FingerprintIndex, features: FeatureTable) {
    this.length = fingerprints.length;
    this.fingerprints = fingerprints;
    this.features = features;
  }

  /**
   * Fingerprints [n x 256 bits] and features [n] as one.
   * @throws InputError (`input.rows`) when they are not of equally many molecules
   */
  static from(fingerprints: FingerprintIndex, features: FeatureTable): MoleculeRows {
    if (fingerprints.length !== features.length) {
      throw new InputError(
        `${fingerprints.length} fingerprints and features of ${features.length} molecules are not of the same search space`,
        { code: 'input.rows' },
      );
    }
    return new MoleculeRows(fingerprints, features);
  }

  /**
   * Rows `from` up to, not including, `to`; shares the memory of the whole.
   * @throws InputError when they are not rows of these
   */
  slice(from: number, to: number): MoleculeRows {
    return new MoleculeRows(this.fingerprints.slice(from, to), this.features.slice(from, to));
  }

  /**
   * The rows with these numbers, in this order, copied.
   * @throws InputError that names a number which is no row of these
   */
  take(rows: readonly number[]): MoleculeRows {
    return new MoleculeRows(this.fingerprints.take(rows), this.features.take(rows));
  }
}
