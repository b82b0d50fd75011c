import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { descriptorNames, descriptorsOf } from '../../../src/chemistry/descriptors.ts';
import { MoleculeGathering } from '../../../src/chemistry/features.ts';
import { fragmentKeys, paths } from '../../../src/chemistry/fragments.ts';
import { graphOfMolecule, type MolecularGraph } from '../../../src/chemistry/molecular-graph.ts';
import { loadRdkit, withMolecule, type Rdkit } from '../../../src/chemistry/rdkit.ts';

let rdkit: Rdkit;
beforeAll(async () => {
  rdkit = await loadRdkit();
});

function graphOf(smiles: string): MolecularGraph {
  const molecule = rdkit.get_mol(smiles);
  if (molecule === null) throw new Error(`RDKit refuses ${smiles}`);
  try {
    return graphOfMolecule(molecule);
  } finally {
    molecule.delete();
  }
}

const descriptor = (smiles: string, name: string): number | undefined =>
  descriptorsOf(graphOf(smiles))[descriptorNames.indexOf(name)];

describe('descriptors', () => {
  it.each([
    ['C', 'heavy atoms', 1],
    ['C', 'hydrogens', 4],
    ['C', 'fraction H', 0.8],
    ['CO', 'fraction O', 1 / 6],
    ['ClCCl', 'fraction Cl', 2 / 5],
    ['C[Si](C)(C)C', 'fraction of other elements', 1 / 17],
    ['CP(C)(C)=O', 'heteroatoms of later periods', 1],
    ['FC(F)(F)CBr', 'halogens', 4],
    ['CCCC', 'mean electronegativity', (4 * 2.55 + 10 * 2.2) / 14],
    ['[H][H]', 'spread of electronegativity', 0],
    ['C1CC1c1ccccc1', 'rings', 2],
    ['C1CC1c1ccccc1', 'atoms in small rings', 3],
    ['Cc1ccco1', 'atoms in rings', 5 / 6],
    ['c1ccsc1', 'aromatic atoms', 5],
    ['c1cocn1', 'aromatic heteroatoms', 2],
    ['c1ccccc1C=C', 'double bonds', 1],
    ['c1ccccc1C=C', 'conjugated single bonds', 1],
    ['C#CC#N', 'triple bonds', 2],
    ['C#CC#N', 'triple bonds C#N', 1],
    ['CC(=O)OC', 'double bonds C=O', 1],
    ['CC(=O)OC', 'carbonyls beside heteroatoms', 1],
    ['CC(=O)OC', 'heteroatoms that give to a pi system', 1],
    ['CC(C)=CC', 'double bonds C=C', 1],
    ['CC(C)=CC', 'methyls', 3],
    ['CC(C)=CC', 'ends of chains', 3],
    ['CC(C)(C)C', 'branched atoms', 1],
    ['CC(C)=CC', 'saturated carbons', 3],
    ['OCCS', 'hydroxyls and thiols', 2],
    ['NCCN(C)C', 'nitrogens with hydrogen', 1],
    ['NCCN(C)C', 'saturated nitrogens', 2],
    ['CSCCOC', 'saturated oxygens and sulfurs', 2],
    ['ClC(Cl)CCl', 'carbons with two or more halogens', 1],
    ['Fc1ccccc1CF', 'halogens on a pi system', 1],
    ['CSSC', 'bonds between heteroatoms', 1],
    ['CCO', 'nitrogens', 0],
    ['NCCO', 'oxygens', 1],
  ])('of %s: %s is %d', (smiles, name, value) => {
    expect(descriptor(smiles, name)).toBeCloseTo(value, 12);
  });

  it.each([
    '[H][H]',
    '[He]',
    '[U]',
    '*',
    'C[N+](=O)[O-]',
    '[Na+].[Cl-]',
    '[2H]C',
    'C[Fe]C',
    'CC->[Pt]',
    'F[Xe]F',
    'OB(O)O',
  ])('of %s are all finite', (smiles) => {
    const values = descriptorsOf(graphOf(smiles));
    expect(values).toHaveLength(descriptorNames.length);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('count an explicit hydrogen as one that is not written', () => {
    const fraction = descriptorNames.indexOf('fraction H');
    expect(descriptorsOf(graphOf('[2H]C'))[fraction]).toBe(descriptorsOf(graphOf('C'))[fraction]);
  });
});

describe('paths', () => {
  const counts = (smiles: string, longest: number): number[] =>
    [...paths(graphOf(smiles), longest).values()].sort((one, other) => one - other);

  it.each([
    ['C', 3, [1]],
    // C, O; C-C, C-O; C-C-O.
    ['CCO', 2, [1, 1, 1, 1, 2]],
    // C; C-C, C-C-C, C-C-C-C.
    ['CCCCC', 3, [2, 3, 4, 5]],
    ['CCCCC', 1, [4, 5]],
    // A ring of six: six of each length.
    ['c1ccccc1', 3, [6, 6, 6, 6]],
    ['C1CC1', 3, [3, 3, 3]],
    ['[Na+].[Cl-]', 3, [1, 1]],
  ])('of %s up to %d bonds are %j', (smiles, longest, expected) => {
    expect(counts(smiles, longest)).toEqual(expected);
  });

  it('tell elements, bonds and aromatic rings apart', () => {
    const keys = (smiles: string): string => [...paths(graphOf(smiles), 1).keys()].sort().join(' ');
    expect(new Set(['CO', 'CS', 'C=O', 'CC', 'C=C', 'C#C', 'c1ccccc1', 'C1CC1'].map(keys)).size).toBe(7);
    expect(keys('C1CC1')).toBe(keys('CC'));
  });

  it('have keys below their limit, and counts up to 255', () => {
    const many = paths(graphOf('C'.repeat(290)), 3);
    expect(Math.max(...many.values())).toBe(255);
    expect([...many.keys()].every((key) => key >= 0 && key < fragmentKeys)).toBe(true);
  });
});

describe('features', () => {
  const table = readFileSync(new URL('../../../data/search-space.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  const gather = (smiles: readonly string[]) => {
    const gathering = new MoleculeGathering();
    for (const one of smiles) {
      const molecule = rdkit.get_mol(one);
      if (molecule !== null) gathering.add(molecule);
      molecule?.delete();
    }
    return gathering.all();
  };

  it('of a molecule do not depend on how its SMILES is written', async () => {
    const molecules = fc.nat(table.length - 1).map((row) => table[row] ?? 'C');
    await fc.assert(
      fc.asyncProperty(molecules, fc.nat(1000), async (smiles, seed) => {
        const options = JSON.stringify({ doRandom: true, randomSeed: seed });
        const other = await withMolecule(smiles, (molecule) => molecule.get_smiles(options));
        const [one, two] = [gather([smiles]).features, gather([other ?? '']).features];
        expect(two.views).toEqual(one.views);
        for (const [column, value] of one.descriptors.entries()) expect(two.descriptors[column]).toBeCloseTo(value, 5);
      }),
      { numRuns: 100 },
    );
  });

  it('stand row by row as the molecules were added, with the scale of all', () => {
    const smiles = ['CCO', 'c1ccccc1', 'CC(F)(F)F', 'CCO'];
    const { fingerprints, features } = gather(smiles);
    expect([fingerprints.length, features.length]).toEqual([4 * 32, 4]);
    for (const [row, one] of smiles.entries()) {
      const alone = gather([one]);
      expect(fingerprints.subarray(row * 32, row * 32 + 32)).toEqual(alone.fingerprints);
      expect(features.take([row]).descriptors).toEqual(alone.features.descriptors);
      expect(features.take([row]).views).toEqual(alone.features.views);
    }
    const heavy = descriptorNames.indexOf('heavy atoms');
    expect(features.centre[heavy]).toBe((3 + 6 + 5 + 3) / 4);
    expect(features.scale[heavy]).toBeCloseTo(Math.sqrt((1.25 ** 2 * 2 + 1.75 ** 2 + 0.75 ** 2) / 4), 12);
    expect(features.scale[descriptorNames.indexOf('fraction Cl')]).toBe(0);
    // Levels count twice: their standardised deviation is 2.
    const standardised = features.standardised();
    const column = descriptorNames.indexOf('gap of levels');
    const squares = smiles.map((_, row) => (standardised[row * features.width + column] ?? 0) ** 2);
    expect(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / 4)).toBeCloseTo(2, 9);
  });

  it('have the bits that RDKit sets', async () => {
    const settings = JSON.stringify({ radius: 2, nBits: 2048 });
    const text = await withMolecule('CC(=O)Nc1ccsc1', (molecule) => molecule.get_morgan_fp(settings));
    const { keys, counts } = gather(['CC(=O)Nc1ccsc1']).features.views[0] ?? { keys: [], counts: [] };
    expect([...keys]).toEqual((text ?? '').split('').flatMap((bit, place) => (bit === '1' ? [place] : [])));
    expect([...counts].every((count) => count === 1)).toBe(true);
  });

  it('of no molecules are an empty table', () => {
    expect(gather([]).features.length).toBe(0);
  });
});
