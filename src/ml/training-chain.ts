import { createHash, type Hash } from 'node:crypto';
import { fingerprintBytes } from './fingerprint-index.ts';
import type { ModelKind } from './model.ts';
import type { MoleculeRows } from './rows.ts';

/**
 * Digests of every beginning of what a model learnt: entry i tells its first i molecules and values, [n + 1], and entry 0 what it is
 * beside them, its kind and the bytes that it saves. A model can go on where another stopped exactly where the other's last entry is
 * also its own, at the same place.
 */
export function chainOf(
  { name, version }: Pick<ModelKind, 'name' | 'version'>,
  body: Uint8Array,
  rows: MoleculeRows,
  values: Float64Array,
): string[] {
  const { features } = rows;
  const start = createHash('sha256').update(`${name}/${version}/${body.length}\n`).update(body);
  start.update(JSON.stringify([features.names, features.views.map(({ name }) => name)]));
  addArray(start, features.centre);
  addArray(start, features.scale);
  const chain = [start.digest('hex')];
  for (let row = 0; row < rows.length; row++) {
    const link = createHash('sha256').update(chain[row] as string);
    addRow(link, rows, row);
    addArray(link, values.subarray(row, row + 1));
    chain.push(link.digest('hex'));
  }
  return chain;
}

function addRow(hash: Hash, { fingerprints, features }: MoleculeRows, row: number): void {
  hash.update(fingerprints.bytes.subarray(row * fingerprintBytes, (row + 1) * fingerprintBytes));
  addArray(hash, features.descriptors.subarray(row * features.width, (row + 1) * features.width));
  for (const { offsets, keys, counts } of features.views) {
    const [from, to] = [offsets[row] as number, offsets[row + 1] as number];
    // How many there are says where the next array begins.
    hash.update(`${to - from}\n`);
    addArray(hash, keys.subarray(from, to));
    hash.update(counts.subarray(from, to));
  }
}

/** As every host that we run on stores numbers, the low byte first. */
function addArray(hash: Hash, { buffer, byteOffset, byteLength }: Float64Array | Float32Array | Uint32Array): void {
  hash.update(new Uint8Array(buffer, byteOffset, byteLength));
}
