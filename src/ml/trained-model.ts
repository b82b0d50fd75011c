/** Models as they are stored: what was learnt, and from which candidates and values. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../protocol/errors.ts';
import type { Model, ModelKind } from './model.ts';

/** A model, and what it was fitted to. */
export class TrainedModel {
  readonly kind: ModelKind;
  readonly model: Model;
  /** Rows of the space [n], in the order in which their values came. */
  readonly candidates: readonly number[];
  readonly values: Float64Array;
  /** Digests of what it learnt, as `chainOf` gives them. */
  readonly chain: readonly string[];

  constructor(kind: ModelKind, model: Model, { candidates, values }: TrainingData, chain: readonly string[]) {
    this.kind = kind;
    this.model = model;
    this.candidates = candidates;
    this.values = values;
    this.chain = chain;
  }

  /**
   * The model as it is stored: one line of JSON that says what it is (`head -1` shows it), candidates (uint32) and values (float64)
   * with the low byte first, then what the model itself saves. About twelve bytes a training point: the molecules are found in the
   * space's own objects.
   */
  save(): Uint8Array {
    const body = this.model.save();
    const points = this.values.length;
    const training = new Uint8Array(points * pointBytes);
    const view = new DataView(training.buffer);
    for (let point = 0; point < points; point++) {
      view.setUint32(point * 4, this.candidates[point] as number, true);
      view.setFloat64(points * 4 + point * 8, this.values[point] as number, true);
    }
    const { name: kind, version } = this.kind;
    const said = { coxswain: 'model', kind, version, points, digest: this.chain[points] as string } as const;
    const header: Header = { ...said, sha256: checksum(said, training, body) };
    return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), training, body]);
  }
}

/** What a model was fitted to: candidates [n] and values [n]. */
export interface TrainingData {
  readonly candidates: readonly number[];
  readonly values: Float64Array;
}

/** What a stored model is, before its kind has read it. */
export interface OpenedModel {
  readonly kind: string;
  readonly version: number;
  readonly training: TrainingData;
  /** The last entry of its chain. */
  readonly digest: string;
  readonly body: Uint8Array;
}

/** Of a training point: its candidate and its value. */
const pointBytes = 4 + 8;

const headerSchema = z.strictObject({
  coxswain: z.literal('model'),
  kind: z.string(),
  version: z.number().int().positive(),
  points: z.number().int().positive(),
  digest: z.string(),
  sha256: z.string(),
});
type Header = z.infer<typeof headerSchema>;

/**
 * What a stored model is, and what it was fitted to.
 * @throws InputError when the blob is something else, or was changed since it was stored.
 */
export function openModel(blob: Uint8Array): OpenedModel {
  const end = blob.subarray(0, 1024).indexOf(newline);
  const header = end < 0 ? null : parseHeader(new TextDecoder().decode(blob.subarray(0, end)));
  if (header === null) {
    throw new InputError(
      `A blob of ${blob.length} bytes is no saved model; pass the reference that train-model returned`,
      { code: 'input.model' },
    );
  }
  const { sha256, ...said } = header;
  const { kind, version, points, digest } = said;
  const border = end + 1 + points * pointBytes;
  const [training, body] = [blob.subarray(end + 1, border), blob.subarray(border)];
  if (training.length !== points * pointBytes || checksum(said, training, body) !== sha256) {
    throw new InputError(`A saved model of kind "${kind}" is damaged: its checksum differs; train it again`, {
      code: 'input.model',
    });
  }
  const view = new DataView(training.buffer, training.byteOffset, training.byteLength);
  const candidates = Array.from({ length: points }, (_, point) => view.getUint32(point * 4, true));
  const values = Float64Array.from({ length: points }, (_, point) => view.getFloat64(points * 4 + point * 8, true));
  return { kind, version, training: { candidates, values }, digest, body };
}

const newline = 0x0a;

function checksum(said: Omit<Header, 'sha256'>, training: Uint8Array, body: Uint8Array): string {
  return createHash('sha256').update(JSON.stringify(said)).update('\n').update(training).update(body).digest('hex');
}

function parseHeader(line: string): Header | null {
  try {
    return headerSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    // Not JSON: a foreign blob, which the caller reports.
    return null;
  }
}
