/** A molecule as the sanity rules ask about it. */
import { type Element, type Graph, hydrogens, type Perceived } from './molecule-graph.ts';

/** An atom as one that is bonded to it sees it. */
export interface Neighbour {
  readonly atom: number;
  readonly element: Element;
  readonly order: number;
  readonly aromatic: boolean;
}

/** A graph with what the rules ask of it worked out once. */
export class Structure {
  readonly atoms: readonly number[];
  readonly neighbours: readonly (readonly Neighbour[])[];
  readonly hydrogens: readonly number[];

  readonly graph: Graph;
  readonly perceived: Perceived;

  constructor(graph: Graph, perceived: Perceived) {
    this.graph = graph;
    this.perceived = perceived;
    this.atoms = graph.elements.map((_, atom) => atom);
    this.hydrogens = this.atoms.map((atom) => hydrogens(graph, atom));
    this.neighbours = this.atoms.map((atom) =>
      graph.bonds.flatMap(({ a, b, order }, index) => {
        if (a !== atom && b !== atom) return [];
        const other = a === atom ? b : a;
        return [{ atom: other, element: this.element(other), order, aromatic: perceived.aromaticBonds.has(index) }];
      }),
    );
  }

  element = (atom: number): Element => this.graph.elements[atom] ?? 'C';
  count = (element: Element): number => this.graph.elements.filter((one) => one === element).length;
  of = (atom: number): readonly Neighbour[] => this.neighbours[atom] ?? [];
  h = (atom: number): number => this.hydrogens[atom] ?? 0;
  isAromatic = (atom: number): boolean => this.perceived.aromaticAtoms.has(atom);

  /** Neighbours by a double bond that is no part of an aromatic ring. */
  doubles = (atom: number): readonly Neighbour[] => this.of(atom).filter((n) => n.order === 2 && !n.aromatic);
  triples = (atom: number): readonly Neighbour[] => this.of(atom).filter((n) => n.order === 3);
  singles = (atom: number): readonly Neighbour[] => this.of(atom).filter((n) => n.order === 1 || n.aromatic);
  isSaturated = (atom: number): boolean =>
    !this.isAromatic(atom) && this.doubles(atom).length === 0 && this.triples(atom).length === 0;
  isCarbonyl = (atom: number): boolean => !this.isAromatic(atom) && this.doubles(atom).some((n) => n.element === 'O');
  ringsOf = (atom: number): readonly (readonly number[])[] =>
    this.perceived.rings.filter((ring) => ring.includes(atom));
}

/** Whether a neighbour is nitrogen or oxygen. */
export const isNOrO = ({ element }: Neighbour): boolean => element === 'N' || element === 'O';

/** Whether a molecule has what is left out. */
export type Rule = (molecule: Structure) => boolean;
