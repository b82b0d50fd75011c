import { ConfigError, InputError } from '../protocol/errors.ts';
import type { FingerprintIndex } from './fingerprint-index.ts';
import { openModel, type Model, type ModelKind } from './model.ts';
import { nearestNeighbours } from './nearest-neighbours.ts';

const kinds: readonly ModelKind[] = [nearestNeighbours];

/** The names under which models can be asked for. */
export const modelNames: readonly string[] = kinds.map((kind) => kind.name);

/**
 * A model of the named kind, fitted to fingerprints [n x 256 bits] and values [n].
 * @throws ConfigError when there is no such kind; InputError when it cannot be fitted to this.
 */
export function fitModel(name: string, fingerprints: FingerprintIndex, values: readonly number[]): Model {
  const kind = kinds.find((known) => known.name === name);
  if (kind === undefined) {
    throw new ConfigError(`Unknown model "${name}"; choose one of: ${modelNames.join(', ')}`, { code: 'config.model' });
  }
  return kind.fit(fingerprints, values);
}

/**
 * The model in these bytes.
 * @throws InputError when they are no saved model, are damaged, or are of a kind or version that is not known here.
 */
export function loadModel(blob: Uint8Array): Model {
  const { kind: name, version, body } = openModel(blob);
  const kind = kinds.find((known) => known.name === name && known.version === version);
  if (kind === undefined) {
    throw new InputError(
      `A saved model is of kind "${name}", version ${version}, which this Coxswain does not know; update it, or train again`,
      { code: 'input.model' },
    );
  }
  return kind.load(body);
}
