import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { symmetricEigenvalues } from '../../../src/chemistry/eigenvalues.ts';
import { type FrontierLevels, frontierLevels } from '../../../src/chemistry/frontier-levels.ts';
import { graphOfMolecule } from '../../../src/chemistry/molecular-graph.ts';
import { loadRdkit, type Rdkit } from '../../../src/chemistry/rdkit.ts';

let rdkit: Rdkit;
beforeAll(async () => {
  rdkit = await loadRdkit();
});

function levelsOf(smiles: string): FrontierLevels {
  const molecule = rdkit.get_mol(smiles);
  if (molecule === null) throw new Error(`RDKit refuses ${smiles}`);
  try {
    return frontierLevels(graphOfMolecule(molecule));
  } finally {
    molecule.delete();
  }
}
const highest = (smiles: string): number => levelsOf(smiles).highestFilled;

/** Eigenvalues by Jacobi's rotations: slow, plain, and of no kin to the other way. */
function byRotations(matrix: readonly (readonly number[])[]): number[] {
  const a = matrix.map((row) => [...row]);
  const n = a.length;
  const at = (i: number, j: number): number => a[i]?.[j] ?? 0;
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(at(p, q)) < 1e-300) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const [c, s] = [1 / Math.hypot(t, 1), t / Math.hypot(t, 1)];
        for (const row of a) {
          const [x = 0, y = 0] = [row[p], row[q]];
          [row[p], row[q]] = [c * x - s * y, s * x + c * y];
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [at(p, k), at(q, k)];
          (a[p] as number[])[k] = c * x - s * y;
          (a[q] as number[])[k] = s * x + c * y;
        }
      }
    }
  }
  return a.map((row, i) => row[i] ?? 0).sort((one, other) => one - other);
}

describe('eigenvalues', () => {
  it('are those that rotations find, of any symmetric matrix', () => {
    const matrix = fc.integer({ min: 1, max: 9 }).chain((n) =>
      fc.array(fc.integer({ min: -5, max: 5 }), { minLength: n * n, maxLength: n * n }).map((numbers) =>
        // Many zeros and equal numbers, as in graphs.
        Array.from({ length: n }, (_, i) =>
          Array.from({ length: n }, (__, j) => numbers[Math.min(i, j) * n + Math.max(i, j)] ?? 0),
        ),
      ),
    );
    fc.assert(
      fc.property(matrix, (rows) => {
        const found = symmetricEigenvalues(Float64Array.from(rows.flat()), rows.length);
        for (const [index, value] of byRotations(rows).entries()) expect(found[index]).toBeCloseTo(value, 9);
      }),
      { numRuns: 500 },
    );
  });

  it('of a chain and a ring are what Hückel wrote down', () => {
    const coupled = (n: number, pairs: readonly (readonly [number, number])[]): Float64Array => {
      const matrix = new Float64Array(n * n);
      for (const [i, j] of pairs) matrix[i * n + j] = matrix[j * n + i] = -1;
      return matrix;
    };
    const chain = symmetricEigenvalues(coupled(4, [[0, 1], [1, 2], [2, 3]]), 4); // prettier-ignore
    const golden = (1 + Math.sqrt(5)) / 2;
    for (const [index, value] of [-golden, 1 - golden, golden - 1, golden].entries()) {
      expect(chain[index]).toBeCloseTo(value, 12);
    }
    const ring = symmetricEigenvalues(
      coupled(
        6,
        [0, 1, 2, 3, 4, 5].map((i) => [i, (i + 1) % 6] as const),
      ),
      6,
    );
    for (const [index, value] of [-2, -1, -1, 1, 1, 2].entries()) expect(ring[index]).toBeCloseTo(value, 12);
    expect(symmetricEigenvalues(new Float64Array(), 0)).toHaveLength(0);
  });
});

describe('frontier levels', () => {
  it('lie where the ionization energies of simple molecules put them', () => {
    expect(highest('c1ccccc1')).toBeCloseTo(-9.2, 6);
    expect(highest('O')).toBeCloseTo(-12.6, 6);
    expect(highest('N')).toBeCloseTo(-10.8, 6);
    expect(highest('S')).toBeCloseTo(-10.5, 6);
  });

  it('stand in the order in which these molecules give their electrons', () => {
    for (const [easier, harder] of [
      ['Nc1ccccc1', 'c1ccccc1'],
      ['CN(C)C', 'N'],
      ['COC', 'CO'],
      ['CSC', 'COC'],
      ['CI', 'CCl'],
      ['C=CC=C', 'C=C'],
      ['CCCCCC', 'CC'],
      ['CC(C)=O', 'C=O'],
      ['c1cc[nH]c1', 'c1ccoc1'],
      ['CC#N', 'FC(F)(F)C#N'],
      ['C', 'FC(F)(F)F'],
    ] as const) {
      expect(highest(easier), `${easier} before ${harder}`).toBeGreaterThan(highest(harder));
    }
  });

  it('leave a smaller gap the longer the conjugation', () => {
    const gap = ({ highestFilled, lowestEmpty }: FrontierLevels): number => lowestEmpty - highestFilled;
    const gaps = ['CC', 'C=C', 'C=CC=C', 'C=CC=CC=C'].map((smiles) => gap(levelsOf(smiles)));
    expect([...gaps].sort((one, other) => other - one)).toEqual(gaps);
    expect(levelsOf('CC').nextFilled).toBeLessThanOrEqual(levelsOf('CC').highestFilled);
  });

  it.each([
    '[H][H]',
    '[He]',
    '[U]',
    '*',
    '[Na+].[Cl-]',
    'C[N+](=O)[O-]',
    'F[Xe]F',
    'OB(O)O',
    'C[Si](C)(C)C',
    'O=S(=O)(C)C',
    `C${'=CC'.repeat(60)}`,
  ])('of %s are finite', (smiles) => {
    expect(Object.values(levelsOf(smiles)).every(Number.isFinite)).toBe(true);
  });
});
