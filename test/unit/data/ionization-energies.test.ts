import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = (name: string): string => readFileSync(new URL(`../../../data/${name}`, import.meta.url), 'utf8');

test('the table of known answers is whole, and of this search space', () => {
  const table = text('ionization-energies.tsv');
  expect(text('README.md')).toContain(createHash('sha256').update(table).digest('hex'));
  const [header, ...rows] = table.trimEnd().split('\n');
  expect(header).toBe('smiles\tionizationEnergyHa\thomoLumoGapHa\tneutralEnergyHa\tcationEnergyHa');
  const space = new Set(text('search-space.csv').split('\n').slice(1));
  const seen = new Set<string>();
  for (const row of rows) {
    const [smiles = '', ...numbers] = row.split('\t');
    const [ionization = NaN, gap = NaN, neutral = NaN, cation = NaN] = numbers.map(Number);
    expect(space.has(smiles) && !seen.has(smiles), smiles).toBe(true);
    seen.add(smiles);
    expect(Math.abs(cation - neutral - ionization), smiles).toBeLessThan(3e-9);
    expect(gap, smiles).toBeGreaterThan(0);
  }
  expect(seen.size).toBe(4_401);
});
