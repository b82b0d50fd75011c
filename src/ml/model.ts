import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../protocol/errors.ts';
import type { FingerprintIndex } from './fingerprint-index.ts';

/** What a model says of `n` molecules: mean [n] in the unit of its training values, and its deviation [n] if it knows one. */
export interface Prediction {
  readonly mean: Float64Array;
  readonly deviation: Float64Array | null;
}

/** A regression model that was fitted to fingerprints. */
export interface Model {
  /** Fingerprints [n x 256 bits] -> what is predicted of each. */
  predict(rows: FingerprintIndex): Prediction;
  /** The model as bytes that say what they are; `loadModel` makes it again. */
  save(): Uint8Array;
}

/** A way to make a model. */
export interface ModelKind {
  /** What settings and saved models call it. */
  readonly name: string;
  /** Of the saved form; a blob of another version is refused. */
  readonly version: number;
  /**
   * Fingerprints [n x 256 bits], values [n] -> a model.
   * @throws InputError when there is nothing, when lengths differ, or when a value is not finite.
   */
  fit(fingerprints: FingerprintIndex, values: readonly number[]): Model;
  /** The model whose own bytes, without the header, these are; their checksum has been verified. */
  load(body: Uint8Array): Model;
}

const headerSchema = z.strictObject({
  coxswain: z.literal('model'),
  kind: z.string(),
  version: z.number().int().positive(),
  sha256: z.string(),
});

const newline = 0x0a;
const checksum = (kind: string, version: number, body: Uint8Array): string =>
  createHash('sha256').update(`${kind}/${version}\n`).update(body).digest('hex');

/** A saved model as it is stored: one line of JSON that says what it is (`head -1` shows it), then its own bytes. */
export function sealModel(kind: string, version: number, body: Uint8Array): Uint8Array {
  const header: z.infer<typeof headerSchema> = {
    coxswain: 'model',
    kind,
    version,
    sha256: checksum(kind, version, body),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
}

/**
 * The kind, version and bytes of a stored model.
 * @throws InputError when the blob is something else, or was changed since it was stored.
 */
export function openModel(blob: Uint8Array): { kind: string; version: number; body: Uint8Array } {
  const end = blob.subarray(0, 1024).indexOf(newline);
  const header = end < 0 ? null : parseHeader(new TextDecoder().decode(blob.subarray(0, end)));
  if (header === null) {
    throw new InputError(
      `A blob of ${blob.length} bytes is no saved model; pass the reference that train-model returned`,
      {
        code: 'input.model',
      },
    );
  }
  const body = blob.subarray(end + 1);
  if (checksum(header.kind, header.version, body) !== header.sha256) {
    throw new InputError(`A saved model of kind "${header.kind}" is damaged: its checksum differs; train it again`, {
      code: 'input.model',
    });
  }
  return { kind: header.kind, version: header.version, body };
}

function parseHeader(line: string): z.infer<typeof headerSchema> | null {
  try {
    return headerSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    // Not JSON: a foreign blob, which the caller reports.
    return null;
  }
}

/**
 * Check what a model is to be fitted to.
 * @throws InputError when there is nothing, when lengths differ, or when a value is not finite.
 */
export function checkTraining(fingerprints: FingerprintIndex, values: readonly number[]): void {
  if (fingerprints.length !== values.length) {
    throw new InputError(
      `A model cannot be fitted to ${fingerprints.length} fingerprints and ${values.length} values`,
      {
        code: 'input.training',
      },
    );
  }
  if (values.length === 0) {
    throw new InputError('A model cannot be fitted to no values; run some simulations first', {
      code: 'input.training',
    });
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InputError(`A model cannot be fitted to ${values[bad] as number}, the value of training point ${bad}`, {
      code: 'input.training',
    });
  }
}
