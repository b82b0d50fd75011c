/** How the generator comes to a molecule: from a seed, by random moves, to a number of heavy atoms. */
import { type Bond, copyOf, type Element, type Graph, hydrogens, mostBonds } from './molecule-graph.ts';

/** Things, and how often each is taken. */
export type Weighted<T> = readonly (readonly [thing: T, weight: number])[];

/** What molecules of a kind are grown from. */
export interface Palette {
  /** What one begins with. */
  readonly seeds: Weighted<Graph>;
  /** Groups that are attached whole, by their first atom. */
  readonly groups: Weighted<Graph>;
  /** Elements of single atoms that are added. */
  readonly added: Weighted<Element>;
  /** Elements that a carbon is exchanged for. */
  readonly swapped: Weighted<Element>;
}

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

/** One of several things, each as often as its weight. */
export function pick<T>(random: () => number, choices: Weighted<T>): T {
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

type Move = (random: () => number, graph: Graph, palette: Palette) => void;

/** A new atom on one that has hydrogens to give. */
const addAtom: Move = (random, graph, { added }) => {
  const element = pick(random, added);
  const wanted = pick(random, [[1, 82], [2, 14], [3, 4]]); // prettier-ignore
  const order = Math.min(wanted, mostBonds[element]);
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

/** A carbon exchanged for a heteroatom. */
const swapElement: Move = (random, graph, { swapped }) => {
  const element = pick(random, swapped);
  const spare = 4 - mostBonds[element];
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
export function grow(random: () => number, size: number, palette: Palette): Graph | null {
  const graph = copyOf(pick(random, palette.seeds.filter(([seed]) => seed.elements.length <= size))); // prettier-ignore
  for (let step = 0; step < 30 && graph.elements.length < size; step += 1) {
    const room = size - graph.elements.length;
    const fitting = palette.groups.filter(([part]) => part.elements.length <= room);
    const chance = random();
    if (chance < 0.3 && fitting.length > 0) attach(random, graph, pick(random, fitting));
    else if (chance < 0.86) addAtom(random, graph, palette);
    else if (chance < 0.91) closeRing(random, graph, palette);
    else if (chance < 0.96) raiseBond(random, graph, palette);
    else swapElement(random, graph, palette);
  }
  for (let extra = Math.floor(random() * 3); extra > 0; extra -= 1) {
    pick(random, [[closeRing, 2], [raiseBond, 3], [swapElement, 4]] as const)(random, graph, palette); // prettier-ignore
  }
  return graph.elements.length === size ? graph : null;
}
