/** Search spaces that were read before: parsing and fingerprints cost seconds, and every start needs them. */
import { join } from 'node:path';
import { z } from 'zod';
import { FeatureTable } from '../ml/feature-table.ts';
import { openParts, readIfThere, sealParts, writeWhole } from './cached-file.ts';
import { fingerprintBytes } from './fingerprint.ts';
import { surveyFile } from './file-survey.ts';
import { rdkitVersion } from './rdkit.ts';
import { type FeaturedSpace, type Progress, readFeaturedSpace } from './search-space.ts';

/** A search space with what models see of it, and where it came from. */
export interface LoadedSpace extends FeaturedSpace {
  /** Whether the cache had it. */
  readonly cached: boolean;
}

/** Changes with everything that changes what a cache file holds: its layout, the fingerprint's settings, features, what is refused. */
const formatVersion = 4;
const magic = `cox-space-${formatVersion}\n`;

const factsSchema = z.object({
  digest: z.string(),
  duplicates: z.number().int().nonnegative(),
  refused: z.array(z.object({ line: z.number().int(), smiles: z.string() })),
});

/**
 * The search space in a file, as `readSearchSpace` gives it, with the packed fingerprints [n x 32] and features of its molecules. Kept in
 * `cacheDir` under the digest of the file's bytes and RDKit's version: a hit loads no toolkit and takes milliseconds. A cache
 * file that is damaged, whatever the damage, is made anew.
 * @throws InputError as `readSearchSpace`; ResourceError (`cache.unwritable`) when the cache cannot be written
 */
export async function loadSearchSpace(path: string, cacheDir: string, onProgress?: Progress): Promise<LoadedSpace> {
  const [survey, version] = await Promise.all([surveyFile(path), rdkitVersion()]);
  const file = join(cacheDir, `space-${survey.digest.slice(0, 32)}-rdkit-${version}-v${formatVersion}.bin`);
  const kept = await readIfThere(file);
  const space = kept === null ? null : decodeSpace(kept);
  if (space?.digest === survey.digest) return { ...space, cached: true };
  const made = await readFeaturedSpace(path, survey, onProgress);
  await writeWhole(cacheDir, file, encodeSpace(made));
  return { ...made, cached: false };
}

/** The bytes of a cache file: facts, SMILES, fingerprints and features. */
export function encodeSpace({ smiles, fingerprints, features, ...facts }: FeaturedSpace): Buffer {
  const { digest, duplicates, refused } = facts;
  const texts = [JSON.stringify({ digest, duplicates, refused }), smiles.join('\n')].map((text) => Buffer.from(text));
  return sealParts(magic, [...texts, fingerprints, features.encode()]);
}

/** What a cache file holds, or null when its bytes are not all, and exactly, those that were written. */
export function decodeSpace(bytes: Buffer): FeaturedSpace | null {
  const parts = openParts(magic, 4, bytes);
  if (parts === null) return null;
  const [facts, smiles, fingerprints, features] = parts as [Buffer, Buffer, Buffer, Buffer];
  const list = smiles.toString('latin1').split('\n');
  const table = FeatureTable.decode(features);
  if (fingerprints.length !== list.length * fingerprintBytes || table.length !== list.length) return null;
  return {
    ...factsSchema.parse(JSON.parse(facts.toString())),
    smiles: list,
    fingerprints: new Uint8Array(fingerprints.buffer, fingerprints.byteOffset, fingerprints.length),
    features: table,
  };
}
