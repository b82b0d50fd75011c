import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { graphOf, perceive } from '../../../data/molecule-graph.ts';
import { flawOf } from '../../../data/sanity-rules.ts';
import { loadRdkit, type Rdkit } from '../../../src/chemistry/rdkit.ts';

const text = (name: string): string => readFileSync(new URL(`../../../data/${name}`, import.meta.url), 'utf8');

let rdkit: Rdkit;
beforeAll(async () => {
  rdkit = await loadRdkit();
});

/** The SMILES of a table, after what every table has to keep. */
function moleculesOf(name: string): string[] {
  const table = text(name);
  expect(text('README.md')).toContain(createHash('sha256').update(table).digest('hex'));
  const [header, ...rows] = table.trimEnd().split('\n');
  expect(header).toBe('smiles\tionizationEnergyHa\thomoLumoGapHa\tneutralEnergyHa\tcationEnergyHa');
  for (const row of rows) {
    const [smiles = '', ...numbers] = row.split('\t');
    const [ionization = NaN, gap = NaN, neutral = NaN, cation = NaN] = numbers.map(Number);
    expect(Math.abs(cation - neutral - ionization), smiles).toBeLessThan(3e-9);
    expect(gap, smiles).toBeGreaterThan(0);
  }
  const molecules = rows.map((row) => row.split('\t')[0] ?? '');
  expect(new Set(molecules).size).toBe(rows.length);
  return molecules;
}

test('the table of known answers is whole, and of this search space', () => {
  const molecules = moleculesOf('ionization-energies.tsv');
  const space = new Set(text('search-space.csv').split('\n').slice(1));
  expect(molecules.filter((smiles) => !space.has(smiles))).toEqual([]);
  expect(molecules).toHaveLength(4_401);
});

test('the table of other elements is whole, as RDKit writes them, and keeps its rules', () => {
  const molecules = moleculesOf('ionization-energies-s-cl.tsv');
  expect(molecules).toHaveLength(2_000);
  for (const [element, count] of [
    ['[Ss]', 898],
    ['Cl', 433],
    ['Br', 131],
    ['P', 46],
  ] as const) {
    expect(
      molecules.filter((smiles) => new RegExp(element).test(smiles)),
      element,
    ).toHaveLength(count);
  }
  for (const smiles of molecules.filter((_, row) => row % 10 === 0)) {
    const graph = graphOf(rdkit, smiles);
    const perceived = perceive(rdkit, graph, new Set());
    expect(perceived?.smiles).toBe(smiles);
    expect(perceived === null ? 'refused' : flawOf(graph, perceived), smiles).toBeNull();
  }
});
