/** Search spaces that were read before: parsing and fingerprints cost seconds, and every start needs them. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, ResourceError } from '../protocol/errors.ts';
import { fingerprintBytes } from './fingerprint.ts';
import { surveyFile } from './file-survey.ts';
import { rdkitVersion } from './rdkit.ts';
import { type FingerprintedSpace, parseSearchSpace, type Progress } from './search-space.ts';

/** A search space with fingerprints, and where it came from. */
export interface LoadedSpace extends FingerprintedSpace {
  /** Whether the cache had it. */
  readonly cached: boolean;
}

/** Changes with everything that changes what a cache file holds: its layout, the fingerprint's settings, what is refused. */
const formatVersion = 1;

/** First bytes of a cache file; after them SHA-256 of the rest, lengths of the three parts (uint32 LE), and the parts. */
const magic = Buffer.from(`cox-space-${formatVersion}\n`, 'latin1');
const headerBytes = magic.length + 32 + 3 * 4;

const factsSchema = z.object({
  digest: z.string(),
  duplicates: z.number().int().nonnegative(),
  refused: z.array(z.object({ line: z.number().int(), smiles: z.string() })),
});

/**
 * The search space in a file, as `readSearchSpace` gives it, and the packed fingerprints of its molecules [n x 32]. Kept in
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
  const made = await parseSearchSpace(path, survey, { withFingerprints: true, onProgress });
  await writeWhole(cacheDir, file, encodeSpace(made));
  return { ...made, cached: false };
}

/** The bytes of a cache file. */
export function encodeSpace({ smiles, fingerprints, ...facts }: FingerprintedSpace): Buffer {
  const parts = [Buffer.from(JSON.stringify(facts)), Buffer.from(smiles.join('\n')), Buffer.from(fingerprints)];
  const lengths = Buffer.alloc(3 * 4);
  for (const [index, part] of parts.entries()) lengths.writeUInt32LE(part.length, index * 4);
  const rest = Buffer.concat([lengths, ...parts]);
  return Buffer.concat([magic, createHash('sha256').update(rest).digest(), rest]);
}

/** What a cache file holds, or null when its bytes are not all, and exactly, those that were written. */
export function decodeSpace(bytes: Buffer): FingerprintedSpace | null {
  if (bytes.length < headerBytes || !bytes.subarray(0, magic.length).equals(magic)) return null;
  const rest = bytes.subarray(magic.length + 32);
  const sum = bytes.subarray(magic.length, magic.length + 32);
  if (!createHash('sha256').update(rest).digest().equals(sum)) return null;
  let end = 3 * 4;
  const [facts = '', smiles = '', fingerprints = Buffer.alloc(0)] = [0, 4, 8].map((at) => {
    const start = end;
    end += rest.readUInt32LE(at);
    return rest.subarray(start, end);
  });
  const list = smiles.toString('latin1').split('\n');
  if (end !== rest.length || fingerprints.length !== list.length * fingerprintBytes) return null;
  // Copied, so that the file's bytes can be freed.
  return {
    ...factsSchema.parse(JSON.parse(facts.toString())),
    smiles: list,
    fingerprints: Uint8Array.from(fingerprints),
  };
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new ResourceError(`the cache file ${file} cannot be read: ${messageOf(error)}; remove it`, {
      code: 'cache.unreadable',
      cause: error,
    });
  }
}

/** Written beside its place and moved there, so that no process ever sees half a file. */
async function writeWhole(folder: string, file: string, bytes: Buffer): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, bytes);
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new ResourceError(
      `the search space's cache cannot be written to ${folder}: ${messageOf(cause)}; free some space, or set COX_HOME to ` +
        'a folder that can be written',
      { code: 'cache.unwritable', cause },
    );
  }
}
