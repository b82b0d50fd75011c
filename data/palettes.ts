/** What the generator grows molecules from: one palette for each search space and table in this folder. */
import type { Rdkit } from '../src/chemistry/rdkit.ts';
import type { Palette, Weighted } from './growth.ts';
import { type Element, graphOf } from './molecule-graph.ts';

/** Where molecules grow from, and how often: chains, rings, and the aromatic systems that no single move would reach. */
const seeds: Weighted<string> = [
  ...weighted(40, ['C']),
  ...weighted(3, ['CC=C', 'CC#C', 'CC#N', 'CC(C)=O', 'CC(N)=O', 'CC(=O)O', 'COC', 'CN(C)C']),
  ...weighted(2, ['C1CC1', 'C1CCC1', 'C1CO1', 'C1CN1', 'C1COC1', 'C1CNC1']),
  ...weighted(4, ['C1CCCC1', 'C1CCOC1', 'C1CCNC1', 'C1CCCCC1', 'C1CCOCC1', 'C1CCNCC1', 'C1COCCN1', 'C1CCCCCC1']),
  ...weighted(2, ['C1CC=CC1', 'C1CC=CCC1', 'O=C1CCCC1', 'O=C1CCCCC1', 'O=C1CCCN1', 'O=C1CCCO1']),
  ...weighted(9, ['c1ccccc1', 'c1ccncc1', 'c1cc[nH]c1', 'c1ccoc1']),
  ...weighted(4, [
    'c1cnccn1',
    'c1cncnc1',
    'c1ccnnc1',
    'c1cn[nH]c1',
    'c1c[nH]cn1',
    'c1cocn1',
    'c1cnoc1',
    'O=c1cccc[nH]1',
  ]),
  ...weighted(1, ['c1ncncn1', 'c1nc[nH]n1', 'c1ncon1', 'c1nnco1', 'O=c1ccocc1', 'O=c1nccc[nH]1']),
  ...weighted(1, ['C1CC2CCC1C2', 'C1CC2CCC1CC2', 'C1CN2CCC1CC2', 'C1CC2CCCC2C1', 'C1CCC2CCCC2C1', 'C1CCC2(C1)CC2']),
  ...weighted(1, ['c1ccc2[nH]ccc2c1', 'c1ccc2occc2c1', 'c1ccc2[nH]cnc2c1', 'c1ccc2[nH]ncc2c1', 'c1ccc2ocnc2c1']),
  ...weighted(1, [
    'c1ccc2c(c1)CCC2',
    'c1ccc2c(c1)OCO2',
    'c1ccn2ccnc2c1',
    'c1ccn2cccc2c1',
    'c1cc2c([nH]1)CCC2',
    'c1ccn2nccc2c1',
  ]),
];

const groups: Weighted<string> = [
  ...weighted(3, ['CC', 'OC', 'C#N', 'C=C', 'C=O', 'C(C)=O', 'NC']),
  ...weighted(2, ['C#C', 'C(C)C', 'C(=O)O', 'C(=O)N', 'C(F)(F)F', 'CO', 'N(C)C', 'C(=O)OC', 'C(=O)NC', 'OC(C)=O']),
  ...weighted(1, [
    'NC(C)=O',
    'NC=O',
    'OC=O',
    'C=NO',
    'C(C)(C)C',
    'C1CC1',
    'C1CO1',
    'OC(F)(F)F',
    'OC(F)F',
    'C(N)=N',
    'C=CC',
  ]),
];

function weighted(weight: number, smiles: readonly string[]): Weighted<string> {
  return smiles.map((one) => [one, weight] as const);
}

/** The same for sulfur, chlorine, bromine and phosphorus: systems and groups that no single move would reach. Sulfones are grown here, too, and left out by the rules. */
const laterSeeds: Weighted<string> = [
  ...weighted(9, ['c1ccsc1', 'c1cscn1', 'C1CCSC1', 'C1CCSCC1', 'CSC', 'CCS', 'CCCl']),
  ...weighted(4, ['Clc1ccccc1', 'CS(C)(=O)=O', 'CS(C)=O', 'CSSC', 'C1CSC1', 'c1cnsc1', 'c1ccc2sccc2c1', 'CC(=S)N']),
  ...weighted(2, ['C1CSCCN1', 'C1CSCCO1', 'C1CSCS1', 'C1CS1', 'c1nncs1', 'CP(C)(C)=O', 'CP(C)C', 'Brc1ccccc1', 'CCBr']),
];
const laterGroups: Weighted<string> = [
  ...weighted(5, ['SC', 'CCl', 'CS', 'C(Cl)Cl', 'S(C)(=O)=O']),
  ...weighted(2, ['C(Cl)(Cl)Cl', 'C(=O)SC', 'S(C)=O', 'SC(F)(F)F', 'S(N)(=O)=O', 'C(N)=S', 'SC#N', 'SSC', 'CBr']),
  ...weighted(1, ['P(C)C', 'P(C)(C)=O', 'C(F)(F)Cl', 'C(F)(Cl)Cl']),
];

interface Source {
  readonly seeds: Weighted<string>;
  readonly groups: Weighted<string>;
  readonly added: Weighted<Element>;
  readonly swapped: Weighted<Element>;
}

/** Palettes by the name of the space that is made of them. */
const sources = {
  cnof: {
    seeds,
    groups,
    added: [['C', 69], ['N', 11], ['O', 14], ['F', 6]], // prettier-ignore
    swapped: [['N', 1], ['O', 1]], // prettier-ignore
  },
  's-cl': {
    seeds: [...seeds, ...laterSeeds],
    groups: [...groups, ...laterGroups],
    added: [['C', 58], ['N', 8], ['O', 10], ['F', 3], ['S', 9], ['Cl', 10], ['Br', 2]], // prettier-ignore
    swapped: [['N', 1], ['O', 1], ['S', 2]], // prettier-ignore
  },
} satisfies Record<string, Source>;

/** The names of the palettes. */
export type PaletteName = keyof typeof sources;

/** A palette with its molecules read. */
export function paletteOf(rdkit: Rdkit, name: PaletteName): Palette {
  const { seeds: from, groups: parts, added, swapped }: Source = sources[name];
  const read = (list: Weighted<string>) => list.map(([smiles, weight]) => [graphOf(rdkit, smiles), weight] as const);
  return { seeds: read(from), groups: read(parts), added, swapped };
}
