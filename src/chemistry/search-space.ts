/** Search spaces: the candidates of a campaign, each once, by RDKit's canonical SMILES. */
import { setImmediate } from 'node:timers/promises';
import { InputError } from '../protocol/errors.ts';
import { fingerprintBytes, fingerprintOfMolecule } from './fingerprint.ts';
import { type FileSurvey, surveyFile } from './file-survey.ts';
import { withMolecule } from './rdkit.ts';

/** The candidates of a campaign. */
export interface SearchSpace {
  /** Canonical SMILES [n], in the file's order of first appearance, all different. */
  readonly smiles: readonly string[];
  /** How many rows were another writing of a molecule that came before. */
  readonly duplicates: number;
  /** Rows whose SMILES RDKit refused: line from 1, and the SMILES as written. */
  readonly refused: readonly { readonly line: number; readonly smiles: string }[];
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly digest: string;
}

/** A search space and the packed Morgan fingerprints of its molecules: [n x 32], see {@link fingerprintBytes}. */
export interface FingerprintedSpace extends SearchSpace {
  readonly fingerprints: Uint8Array;
}

/** Told now and then how many of the file's lines are done. */
export type Progress = (linesDone: number, linesTotal: number) => void;

/** Rows between two reports of progress, after which other work of the process has its turn (about 40 ms). */
const rowsPerTurn = 512;

/**
 * The search space in a file: CSV or TSV (cells may be quoted) or blank-separated columns with a header that names a `smiles`
 * column in any case, or a bare list of SMILES with an optional name after a blank. `#` comments, blank lines, CRLF and a
 * byte-order mark are taken as they come. About 0.1 ms a molecule.
 * @throws InputError that names the file when it cannot be read, is empty, has no `smiles` column, or RDKit refuses all of it
 */
export async function readSearchSpace(path: string): Promise<SearchSpace> {
  const { fingerprints: _, ...space } = await parseSearchSpace(path, await surveyFile(path), {
    withFingerprints: false,
  });
  return space;
}

/**
 * As {@link readSearchSpace}, for a file that was surveyed, and with the fingerprints where they are asked for ([0] otherwise).
 */
export async function parseSearchSpace(
  path: string,
  { digest, lines }: FileSurvey,
  { withFingerprints, onProgress }: { withFingerprints: boolean; onProgress?: Progress | undefined },
): Promise<FingerprintedSpace> {
  const seen = new Set<string>();
  const packed = new PackedFingerprints();
  const refused: { line: number; smiles: string }[] = [];
  let duplicates = 0;
  let rows = 0;
  // Loaded here, because it takes 20 ms and every process of Coxswain imports this module.
  const { moleculesInFile } = await import('./molecule-table.ts');
  for await (const row of moleculesInFile(path)) {
    rows += 1;
    if (rows % rowsPerTurn === 0) {
      onProgress?.(Math.min(row.line, lines), lines);
      await setImmediate();
    }
    const read = await withMolecule(row.smiles, (molecule) => {
      const canonical = molecule.get_smiles();
      const isNew = canonical !== '' && !seen.has(canonical);
      return { canonical, bits: isNew && withFingerprints ? fingerprintOfMolecule(molecule) : null };
    });
    if (read === null || read.canonical === '') refused.push({ line: row.line, smiles: row.smiles });
    else if (seen.has(read.canonical)) duplicates += 1;
    else {
      seen.add(read.canonical);
      if (read.bits !== null) packed.add(read.bits);
    }
  }
  onProgress?.(lines, lines);
  if (seen.size === 0) throw allRefused(path, refused);
  return { smiles: [...seen], duplicates, refused, digest, fingerprints: packed.bytes() };
}

/** Fingerprints one after another in one growing array: no object a molecule. */
class PackedFingerprints {
  #bytes = new Uint8Array(1024 * fingerprintBytes);
  #length = 0;

  add(one: Uint8Array): void {
    if (this.#length + fingerprintBytes > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(one, this.#length);
    this.#length += fingerprintBytes;
  }

  /** All that were added, [n x 32]. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

const allRefused = (path: string, refused: SearchSpace['refused']): InputError =>
  new InputError(
    `search space ${path}: RDKit refuses all ${refused.length} SMILES, the first on line ${refused[0]?.line ?? 1}: ` +
      `"${(refused[0]?.smiles ?? '').slice(0, 60)}"`,
    { code: 'space.all-refused', details: { refused: refused.slice(0, 10) } },
  );
