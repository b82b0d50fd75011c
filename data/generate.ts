/**
 * Makes `search-space.csv`: small organic molecules of C, N, O and F, the same bytes at every run. `npx tsx data/generate.ts`
 * writes the file and prints what `README.md` says of it. `npx tsx data/generate.ts s-cl FILE` writes the molecules with sulfur and
 * chlorine whose answers are in `ionization-energies-s-cl.tsv`.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadRdkit } from '../src/chemistry/rdkit.ts';
import { grow, randomFrom } from './growth.ts';
import { perceive } from './molecule-graph.ts';
import { type PaletteName, paletteOf } from './palettes.ts';
import { flawOf } from './sanity-rules.ts';

const name: PaletteName = process.argv[2] === 's-cl' ? 's-cl' : 'cnof';
const file = process.argv[3] ?? fileURLToPath(new URL('search-space.csv', import.meta.url));

const seed = 20_240_601;
/** How many molecules of each number of heavy atoms are wanted; a size is left when nothing new has come for `patience` tries. */
const wanted: Readonly<Record<PaletteName, readonly (readonly [size: number, count: number])[]>> = {
  cnof: [[1, 10], [2, 20], [3, 100], [4, 300], [5, 1_000], [6, 2_000], [7, 4_500], [8, 6_500], [9, 9_500]], // prettier-ignore
  's-cl': [[3, 20], [4, 60], [5, 160], [6, 260], [7, 400], [8, 500], [9, 600]], // prettier-ignore
};
const patience = 20_000;

const rdkit = await loadRdkit();
const palette = paletteOf(rdkit, name);

const space: string[] = [];
/** How many molecules have what, for the README. */
const tally = new Map<string, number>();
const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
const leftOut = new Map<string, number>();
for (const [size, goal] of wanted[name]) {
  // A stream of its own for each size, so that a change to one leaves the others as they are.
  const random = randomFrom(seed + size);
  const found = new Set<string>();
  const seen = new Set<string>();
  for (let fruitless = 0; found.size < goal && fruitless < patience; fruitless += 1) {
    const graph = grow(random, size, palette);
    const perceived = graph === null ? null : perceive(rdkit, graph, seen);
    if (graph === null || perceived === null) continue;
    seen.add(perceived.smiles);
    const flaw = flawOf(graph, perceived);
    if (flaw === null) {
      found.add(perceived.smiles);
      for (const element of new Set(graph.elements)) count(`with ${element}`);
      count(`rings: ${perceived.rings.length}`);
      if (perceived.aromaticAtoms.size > 0) count('aromatic');
      fruitless = 0;
    } else leftOut.set(flaw, (leftOut.get(flaw) ?? 0) + 1);
  }
  console.log(`${size} heavy atoms: ${found.size}`);
  // By code units: the same order in every locale.
  space.push(...[...found].sort());
}

const text = `smiles\n${space.join('\n')}\n`;
await writeFile(file, text);
console.log(`${space.length} molecules, sha256 ${createHash('sha256').update(text).digest('hex')}`);
for (const [what, molecules] of [...tally].sort()) console.log(`${what}: ${molecules}`);
for (const [flaw, times] of [...leftOut].sort(([, a], [, b]) => b - a)) console.log(`left out ${times}: ${flaw}`);
