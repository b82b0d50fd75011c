import { InputError } from '../protocol/errors.ts';
import { withMolecule } from './rdkit.ts';

/**
 * RDKit's canonical SMILES of the same molecule.
 * @throws InputError (code `smiles.refused`) that names the SMILES when RDKit cannot read it.
 */
export async function canonicalSmiles(smiles: string): Promise<string> {
  const canonical = await withMolecule(smiles, (molecule) => molecule.get_smiles());
  if (canonical === null || canonical === '') throw refusedSmiles(smiles);
  return canonical;
}

/** The error for a SMILES that RDKit cannot read. */
export function refusedSmiles(smiles: string): InputError {
  const shown = smiles.length > 80 ? `${smiles.slice(0, 80)}...` : smiles;
  return new InputError(
    `RDKit refuses the SMILES "${shown}": look for unclosed rings or brackets and impossible valences`,
    { code: 'smiles.refused', details: { smiles: shown } },
  );
}
