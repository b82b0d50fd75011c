/** How the generator comes to a molecule: from a seed, by random moves, to a number of heavy atoms. */
import { type Bond, copyOf, type Element, type Graph, hydrogens, valence } from './molecule-graph.ts';

/** Numbers in [0, 1), the same for the same seed (mulberry32, by Tommy Ettinger; public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where molecules grow from, and how often: chains, rings, and the aromatic systems that no single move would reach. */
export const seeds: readonly (readonly [smiles: string, weight: number])[] = [
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

/** Groups that are attached whole, by their first atom. */
export const groups: readonly (readonly [smiles: string, weight: number])[] = [
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

function weighted(weight: number, smiles: readonly string[]): (readonly [string, number])[] {
  return smiles.map((one) => [one, weight] as const);
}

/** One of several things, each as often as its weight. */
export function pick<T>(random: () => number, choices: readonly (readonly [T, number])[]): T {
  let left = random() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  const chosen = choices.find(([, weight]) => (left -= weight) < 0) ?? choices.at(-1);
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen[0];
}

/** One of several things, all equally often; undefined when there are none. */
const any = <T>(random: () => number, choices: readonly T[]): T | undefined =>
  choices[Math.floor(random() * choices.length)];

const atomsOf = (graph: Graph): number[] => graph.elements.map((_, atom) => atom);
const open = (graph: Graph, count = 1): number[] => atomsOf(graph).filter((atom) => hydrogens(graph, atom) >= count);

type Move = (random: () => number, graph: Graph) => void;

/** A new atom on one that has hydrogens to give. */
const addAtom: Move = (random, graph) => {
  const element = pick<Element>(random, [['C', 69], ['N', 11], ['O', 14], ['F', 6]]); // prettier-ignore
  const wanted = pick(random, [[1, 82], [2, 14], [3, 4]]); // prettier-ignore
  const order = Math.min(wanted, valence[element]);
  const host = any(random, open(graph, order));
  if (host === undefined) return;
  graph.elements.push(element);
  graph.bonds.push({ a: host, b: graph.elements.length - 1, order });
};

/** A ring, closed between two atoms that are two to six bonds apart. */
const closeRing: Move = (random, graph) => {
  const a = any(random, open(graph));
  if (a === undefined) return;
  const away = distancesFrom(graph, a);
  const b = any(random, open(graph).filter((atom) => (away[atom] ?? 0) >= 2 && (away[atom] ?? 0) <= 6)); // prettier-ignore
  if (b !== undefined) graph.bonds.push({ a, b, order: 1 });
};

/** A bond made one order higher. */
const raiseBond: Move = (random, graph) => {
  const candidates = graph.bonds.filter(({ a, b }) => hydrogens(graph, a) >= 1 && hydrogens(graph, b) >= 1);
  const bond: Bond | undefined = any(random, candidates);
  if (bond !== undefined && bond.order < 3) bond.order += 1;
};

/** A carbon exchanged for nitrogen or oxygen. */
const swapElement: Move = (random, graph) => {
  const element = pick<Element>(random, [['N', 1], ['O', 1]]); // prettier-ignore
  const spare = 4 - valence[element];
  const atom = any(random, open(graph, spare).filter((one) => graph.elements[one] === 'C')); // prettier-ignore
  if (atom !== undefined) graph.elements[atom] = element;
};

function attach(random: () => number, graph: Graph, group: Graph): void {
  const host = any(random, open(graph));
  if (host === undefined || hydrogens(group, 0) < 1) return;
  const shift = graph.elements.length;
  graph.elements.push(...group.elements);
  graph.bonds.push(...group.bonds.map(({ a, b, order }) => ({ a: a + shift, b: b + shift, order })));
  graph.bonds.push({ a: host, b: shift, order: 1 });
}

function distancesFrom(graph: Graph, start: number): number[] {
  const away: number[] = [];
  away[start] = 0;
  for (const queue = [start]; queue.length > 0;) {
    const here = queue.shift() ?? start;
    for (const { a, b } of graph.bonds) {
      const next = a === here ? b : b === here ? a : here;
      if (away[next] !== undefined) continue;
      away[next] = (away[here] ?? 0) + 1;
      queue.push(next);
    }
  }
  return away;
}

/**
 * A molecule of `size` heavy atoms, grown at random from one of the seeds that fit; null when the moves led nowhere. Valences
 * hold; whether a chemist would believe in it is for the sanity rules.
 */
export function grow(
  random: () => number,
  size: number,
  from: readonly (readonly [Graph, number])[],
  parts: readonly (readonly [Graph, number])[],
): Graph | null {
  const graph = copyOf(pick(random, from.filter(([seed]) => seed.elements.length <= size))); // prettier-ignore
  for (let step = 0; step < 30 && graph.elements.length < size; step += 1) {
    const room = size - graph.elements.length;
    const fitting = parts.filter(([part]) => part.elements.length <= room);
    const chance = random();
    if (chance < 0.3 && fitting.length > 0) attach(random, graph, pick(random, fitting));
    else if (chance < 0.86) addAtom(random, graph);
    else if (chance < 0.91) closeRing(random, graph);
    else if (chance < 0.96) raiseBond(random, graph);
    else swapElement(random, graph);
  }
  for (let extra = Math.floor(random() * 3); extra > 0; extra -= 1) {
    pick(random, [[closeRing, 2], [raiseBond, 3], [swapElement, 4]] as const)(random, graph); // prettier-ignore
  }
  return graph.elements.length === size ? graph : null;
}
