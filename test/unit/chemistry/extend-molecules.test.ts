import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { extendMolecules } from '../../../src/chemistry/extend-molecules.ts';
import { fingerprint } from '../../../src/chemistry/fingerprint.ts';
import { loadSearchSpace, type LoadedSpace } from '../../../src/chemistry/search-space-cache.ts';
import { FeatureTable } from '../../../src/ml/feature-table.ts';
import { FingerprintIndex } from '../../../src/ml/fingerprint-index.ts';
import { modelKinds, ourModels } from '../../../src/ml/model-kinds.ts';
import { MoleculeRows } from '../../../src/ml/rows.ts';

const smiles = ['CCO', 'CCN', 'CC(F)F', 'c1ccccc1', 'C#N', 'OCCO'];

async function spaceOf(lines: readonly string[]): Promise<LoadedSpace> {
  const folder = await mkdtemp(join(tmpdir(), 'cox-space-'));
  try {
    await writeFile(join(folder, 'space.smi'), lines.join('\n'));
    return await loadSearchSpace(join(folder, 'space.smi'), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const rowsOf = ({ fingerprints, features }: { fingerprints: Uint8Array; features: Uint8Array }): MoleculeRows =>
  MoleculeRows.from(FingerprintIndex.from(fingerprints), FeatureTable.decode(features));

it('adds the molecules that are new and good behind the others, which stay as they were, and tells of each line', async () => {
  const space = await spaceOf(smiles);
  const before = { ...space, features: space.features.encode() };
  const { molecules, lines } = await extendMolecules(before, ['CCCO my idea', 'OCC', 'C1CC', 'FC,name', 'OCCC', '']);
  expect(lines).toEqual([
    { candidate: 6, isNew: true },
    { candidate: 0, isNew: false },
    { refused: 'RDKit reads no molecule in it' },
    { candidate: 7, isNew: true },
    { candidate: 6, isNew: false },
    { refused: 'RDKit reads no molecule in it' },
  ]);
  expect(molecules.smiles).toEqual([...space.smiles, 'CCCO', 'CF']);
  const rows = rowsOf(molecules);
  expect(rows.slice(0, 6).features.encode()).toEqual(before.features);
  expect(molecules.fingerprints.subarray(-32)).toEqual(Buffer.from(await fingerprint('CF')));
  // The rows are those of a space that had them from the start, but for what descriptors are standardised by.
  const whole = await spaceOf([...smiles, 'CCCO', 'CF']);
  const { centre, scale } = rows.features;
  const { views, names, descriptors } = whole.features;
  expect(molecules.features).toEqual(FeatureTable.from(8, { views, names, descriptors, centre, scale }).encode());
});

it('keeps models of the molecules that were there before', async () => {
  const space = await spaceOf(smiles);
  const before = { ...space, features: space.features.encode() };
  const { molecules } = await extendMolecules(before, ['CCCO']);
  const kinds = modelKinds(ourModels);
  const points = { candidates: [0, 1, 2, 3], values: [0.4, 0.3, 0.5, 0.35] };
  const saved = (await kinds.fit('gp', rowsOf(before), points)).save();
  const previous = await kinds.load(saved, rowsOf(molecules));
  const grown = await kinds.fit('gp', rowsOf(molecules), { candidates: [6], values: [0.41] }, { previous });
  expect(grown.candidates).toEqual([0, 1, 2, 3, 6]);
});
