import { InputError } from '../protocol/errors.ts';

/** Bits of a fingerprint, and the bytes they are packed into. */
export const fingerprintBits = 256;
export const fingerprintBytes = fingerprintBits / 8;

const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
});

/**
 * Packed bit fingerprints of a search space or of a training set: `bytes [length x 32]`, bit i of a row at byte i >> 3,
 * bit i & 7, and `popcounts [length]`, the bits set in each row. Made without a copy: nobody writes to the bytes afterwards.
 */
export class FingerprintIndex {
  readonly bytes: Uint8Array;
  readonly popcounts: Uint16Array;
  readonly length: number;

  private constructor(bytes: Uint8Array, popcounts: Uint16Array) {
    this.bytes = bytes;
    this.popcounts = popcounts;
    this.length = popcounts.length;
  }

  /**
   * The fingerprints in these bytes, row after row.
   * @throws InputError when the bytes are no whole number of rows.
   */
  static from(bytes: Uint8Array): FingerprintIndex {
    if (bytes.length % fingerprintBytes !== 0) {
      throw new InputError(
        `The fingerprint matrix has ${bytes.length} bytes, which is no multiple of the ${fingerprintBytes} of a row; store it again`,
        { code: 'input.fingerprints' },
      );
    }
    const popcounts = new Uint16Array(bytes.length / fingerprintBytes);
    for (let row = 0, at = 0; row < popcounts.length; row++) {
      let bits = 0;
      for (const end = at + fingerprintBytes; at < end; at++) bits += bitsOfByte[bytes[at] as number] as number;
      popcounts[row] = bits;
    }
    return new FingerprintIndex(bytes, popcounts);
  }

  /**
   * Rows `from` up to, not including, `to`; shares the memory of the whole.
   * @throws InputError when they are not rows of this index.
   */
  slice(from: number, to: number): FingerprintIndex {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from > to || to > this.length) {
      throw new InputError(`Rows ${from} to ${to} do not lie in a fingerprint matrix of ${this.length} rows`, {
        code: 'input.fingerprints',
      });
    }
    return new FingerprintIndex(
      this.bytes.subarray(from * fingerprintBytes, to * fingerprintBytes),
      this.popcounts.subarray(from, to),
    );
  }

  /**
   * The rows with these numbers, in this order, copied.
   * @throws InputError that names a number which is no row of this index.
   */
  take(rows: readonly number[]): FingerprintIndex {
    const bytes = new Uint8Array(rows.length * fingerprintBytes);
    for (const [place, row] of rows.entries()) {
      if (!Number.isInteger(row) || row < 0 || row >= this.length) {
        throw new InputError(`Row ${row} does not lie in a fingerprint matrix of ${this.length} rows`, {
          code: 'input.fingerprints',
        });
      }
      const start = row * fingerprintBytes;
      bytes.set(this.bytes.subarray(start, start + fingerprintBytes), place * fingerprintBytes);
    }
    return FingerprintIndex.from(bytes);
  }
}
