import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { graphOf, perceive } from '../../../data/molecule-graph.ts';
import { flawOf, ruleNames } from '../../../data/sanity-rules.ts';
import { loadRdkit, type Rdkit } from '../../../src/chemistry/rdkit.ts';
import { readSearchSpace, type SearchSpace } from '../../../src/chemistry/search-space.ts';

const inData = (name: string): string => fileURLToPath(new URL(`../../../data/${name}`, import.meta.url));
const heavyAtoms = (smiles: string): number => smiles.match(/[CNOFcno]/g)?.length ?? 0;

let rdkit: Rdkit;
let space: SearchSpace;
let text = '';
let readme = '';
beforeAll(async () => {
  rdkit = await loadRdkit();
  space = await readSearchSpace(inData('search-space.csv'));
  text = await readFile(inData('search-space.csv'), 'utf8');
  readme = await readFile(inData('README.md'), 'utf8');
});

/** The rule that a molecule breaks, or null. */
function flaw(smiles: string): string | null {
  const graph = graphOf(rdkit, smiles);
  const perceived = perceive(rdkit, graph, new Set());
  if (perceived === null) throw new Error(`RDKit refuses ${smiles}`);
  return flawOf(graph, perceived);
}

describe('the search space of the repository', () => {
  it('has at least 20,000 molecules, all different, as RDKit writes them', () => {
    expect(space.smiles.length).toBeGreaterThanOrEqual(20_000);
    expect(space).toMatchObject({ duplicates: 0, refused: [] });
    expect(text).toBe(`smiles\n${space.smiles.join('\n')}\n`);
  });

  it('is of C, N, O and F, without charges or stereo marks, up to nine heavy atoms', () => {
    const strange = space.smiles.filter((smiles) => !/^([CNOFcno()=#1-9]|\[nH\])+$/.test(smiles));
    expect(strange).toEqual([]);
    expect(Math.max(...space.smiles.map(heavyAtoms))).toBe(9);
  });

  it('keeps its own rules', () => {
    const some = space.smiles.filter((_, index) => index % 20 === 0);
    expect(some.filter((smiles) => flaw(smiles) !== null)).toEqual([]);
  });

  it('is what its README says: checksum, number, sizes, rules', () => {
    expect(readme).toContain(`sha256  ${space.digest}`);
    expect(readme).toContain(`${space.smiles.length.toLocaleString('en')} distinct`);
    const sizes = Array.from({ length: 9 }, (_, index) =>
      space.smiles.filter((smiles) => heavyAtoms(smiles) === index + 1).length.toLocaleString('en'),
    );
    expect(readme).toContain(`| molecules | ${sizes.join(' | ')} |`);
    expect(readme.match(/^- .*$/gm)).toEqual(ruleNames.map((name) => `- ${name}`));
  });

  it.each([
    'C',
    'CO',
    'C#N',
    'C=O',
    'c1ccccc1',
    'CC(=O)O',
    'CC#N',
    'CC(N)=O',
    'c1ccoc1',
    'Cn1ccnc1',
    'C1CC2CCC1C2',
    'CC(F)(F)F',
    'C1CO1',
    'COC',
    'CCN',
    'CC=NO',
    'C#CC',
  ])('has %s', (smiles) => {
    expect(space.smiles).toContain(smiles);
  });
});

describe('the sanity rules', () => {
  it.each([
    ['O', 'no carbon'],
    ['NC(N)=NC#N', 'no carbon'],
    ['FC(F)(F)C(F)(F)F', 'more than five fluorines'],
    ['COOC', 'bonds between O and O'],
    ['COF', 'bonds between O and O'],
    ['CN(C)F', 'bonds between O and O'],
    ['CNN', 'N-N outside'],
    ['CNO', 'N-N outside'],
    ['c1nonc1', 'chains of three'],
    ['c1cn[nH]n1', 'chains of three'],
    ['C=C=C', 'cumulated'],
    ['O=C=C(C)C', 'cumulated'],
    ['C1CCC#CCC1', 'triple bonds in rings'],
    ['CC#CF', 'triple bonds in rings'],
    ['CC(=O)C#N', 'triple bonds in rings'],
    ['C=CC=CC=CC=C', 'more than three double'],
    ['C=CO', 'enols'],
    ['C=CN', 'enols'],
    ['CC=N', 'imines'],
    ['C=NC', 'imines'],
    ['OC(C)=NC', 'imines'],
    ['CC(O)OC', 'gem-diols'],
    ['COC(OC)OC', 'gem-diols'],
    ['OCF', 'fluorine on'],
    ['CC(=O)F', 'fluorine on'],
    ['CNC(=O)O', 'carbonic'],
    ['CC(=O)C(=O)C(C)=O', 'three carbonyls'],
    ['NCCCC=O', 'amines with hydrogen'],
    ['C1CC2CC1CC2C1CC1', 'more than two rings'],
    ['C1CCCCCCC1', 'more than two rings'],
    ['C1=CC1', 'three- and four'],
    ['C1CC1C1CC1', 'three- and four'],
    ['C1CC2CC12', 'three- and four'],
    ['C=C1C=CC=C1', 'other rings'],
    ['O=C1C=CC=C1', 'other rings'],
    ['C1CC2CCC1=C2', 'bridgeheads'],
    ['O=C1CC2CCN1C2', 'bridgeheads'],
    ['O=c1cccccc1', 'aromatic rings'],
    ['Oc1ccoc1', 'OH on five'],
    ['Nc1ccoc1', 'OH on five'],
    ['ClC(Cl)(Cl)CCl', 'more than three of sulfur'],
    ['CNCl', 'chlorine and bromine'],
    ['CC(=O)Cl', 'chlorine and bromine'],
    ['CC(F)S', 'fluorine on sulfur'],
    ['COSC', 'bonds of sulfur to N'],
    ['CSNC', 'bonds of sulfur to N'],
    ['CSSS(C)CC', 'sulfur bonds to sulfur'],
    ['CS(=C)(C)CC', 'sulfur of more than two'],
    ['CPC', 'phosphorus with hydrogen'],
    ['COP(C)C', 'phosphorus with hydrogen'],
    ['CC(C)=S', 'C=S but in thioamides'],
    ['C=CS', 'C=S but in thioamides'],
    ['CC(S)SC', 'carbons with two of N, O and S'],
  ])('leave out %s: %s', (smiles, rule) => {
    expect(flaw(smiles)).toContain(rule);
  });

  it.each([
    'O=C1C=CCC1',
    'O=c1cccc[nH]1',
    'CC(=N)N',
    'C=NO',
    'COCOC',
    'C1CC2CCN1C2',
    'COC=C',
    'C1CC12CCCC2',
    'O=C1CCN1',
    'CC(=O)NC=O',
    'CSSC',
    'CS(C)=O',
    'CP(C)(C)=O',
    'Clc1ncccn1',
    'CC(N)=S',
    'Brc1ccsc1',
  ])('let %s pass', (smiles) => {
    expect(flaw(smiles)).toBeNull();
  });
});
