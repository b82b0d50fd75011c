/** Search spaces: the candidates of a campaign, each once, by RDKit's canonical SMILES. */
import { setImmediate } from 'node:timers/promises';
import type { FeatureTable } from '../ml/feature-table.ts';
import { InputError } from '../protocol/errors.ts';
import { MoleculeGathering } from './features.ts';
import { type FileSurvey, surveyFile } from './file-survey.ts';
import { type Molecule, withMolecule } from './rdkit.ts';

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

/** A search space and what models see of its molecules. */
export interface FeaturedSpace extends SearchSpace {
  /** Packed Morgan fingerprints [n x 32], 32 bytes a molecule. */
  readonly fingerprints: Uint8Array;
  readonly features: FeatureTable;
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
  const { smiles, duplicates, refused, digest } = await parseSearchSpace(path, await surveyFile(path), null);
  return { smiles, duplicates, refused, digest };
}

/** What is worked out of each new molecule while a file is read. */
interface Gathering {
  add(molecule: Molecule): void;
}

/** A search space with the fingerprints and features of its molecules, about 0.3 ms a molecule: as {@link readSearchSpace}. */
export async function readFeaturedSpace(
  path: string,
  survey: FileSurvey,
  onProgress?: Progress,
): Promise<FeaturedSpace> {
  const gathering = new MoleculeGathering();
  const space = await parseSearchSpace(path, survey, gathering, onProgress);
  return { ...space, ...gathering.all() };
}

async function parseSearchSpace(
  path: string,
  { digest, lines }: FileSurvey,
  gathering: Gathering | null,
  onProgress?: Progress,
): Promise<SearchSpace> {
  const seen = new Set<string>();
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
      if (canonical !== '' && !seen.has(canonical)) gathering?.add(molecule);
      return canonical;
    });
    if (read === null || read === '') refused.push({ line: row.line, smiles: row.smiles });
    else if (seen.has(read)) duplicates += 1;
    else seen.add(read);
  }
  onProgress?.(lines, lines);
  if (seen.size === 0) throw allRefused(path, refused);
  return { smiles: [...seen], duplicates, refused, digest };
}

const allRefused = (path: string, refused: SearchSpace['refused']): InputError =>
  new InputError(
    `search space ${path}: RDKit refuses all ${refused.length} SMILES, the first on line ${refused[0]?.line ?? 1}: ` +
      `"${(refused[0]?.smiles ?? '').slice(0, 60)}"`,
    { code: 'space.all-refused', details: { refused: refused.slice(0, 10) } },
  );
