/** More molecules for a search space, as people write them. */
import { FeatureTable } from '../ml/feature-table.ts';
import { InputError } from '../protocol/errors.ts';
import { MoleculeGathering } from './features.ts';
import { withMolecule } from './rdkit.ts';

/** Molecules and what models see of them: SMILES [n], packed fingerprints [n x 32], and an encoded feature table [n]. */
export interface Molecules {
  readonly smiles: readonly string[];
  readonly fingerprints: Uint8Array;
  readonly features: Uint8Array;
}

/** What became of a line: the number of its molecule, and whether it was new; or why it is none. */
export type ReadLine = { readonly candidate: number; readonly isNew: boolean } | { readonly refused: string };

/**
 * The molecules with those behind them whose SMILES the lines begin with (a name may follow, behind a blank or a comma), each once,
 * by RDKit's canonical SMILES. Descriptors stay standardised as they were, so that a model of the old ones is one of the new. Copies
 * all of them, about 300 bytes a molecule of nine heavy atoms.
 * @throws InputError when the features are no table
 */
export async function extendMolecules(
  { smiles, fingerprints, features }: Molecules,
  lines: readonly string[],
): Promise<{ molecules: Molecules; lines: readonly ReadLine[] }> {
  const numbers = new Map(smiles.map((one, number) => [one, number]));
  const gathering = new MoleculeGathering();
  const read: ReadLine[] = [];
  for (const line of lines) {
    const [written = ''] = line.trim().split(/[\s,]/, 1);
    const canonical = await withMolecule(written, (molecule) => {
      const found = molecule.get_smiles();
      if (found !== '' && !numbers.has(found)) gathering.add(molecule);
      return found;
    });
    const known = numbers.get(canonical ?? '');
    if (canonical === null || canonical === '') read.push({ refused: 'RDKit reads no molecule in it' });
    else if (known !== undefined) read.push({ candidate: known, isNew: false });
    else {
      read.push({ candidate: numbers.size, isNew: true });
      numbers.set(canonical, numbers.size);
    }
  }
  if (numbers.size === smiles.length) return { molecules: { smiles, fingerprints, features }, lines: read };
  const more = gathering.all();
  const table = FeatureTable.decode(features);
  if (table.length !== smiles.length) {
    throw new InputError(`${smiles.length} molecules have the features of ${table.length}`, { code: 'input.features' });
  }
  const molecules = {
    smiles: [...numbers.keys()],
    fingerprints: Buffer.concat([fingerprints, more.fingerprints]),
    features: table.with(more.features).encode(),
  };
  return { molecules, lines: read };
}
