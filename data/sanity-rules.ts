/** What the search space leaves out: structures that a chemist would not expect to find in a bottle. */
import { laterRules } from './later-rules.ts';
import type { Graph, Perceived } from './molecule-graph.ts';
import { isNOrO, type Rule, Structure } from './structure.ts';

/** Each rule by the name of what it leaves out; true when the molecule has it. */
const ownRules: Readonly<Record<string, Rule>> = {
  'no carbon, or more nitrogen and oxygen than the carbons bear': (m) => {
    const heteroatoms = m.count('N') + m.count('O');
    const carbons = m.count('C');
    return carbons === 0 || heteroatoms > 4 || heteroatoms > (m.atoms.length < 6 ? carbons + 1 : carbons);
  },
  'more than five fluorines': (m) => m.count('F') > 5,
  'bonds between O and O, or between F and N, O or F': (m) =>
    m.atoms.some((atom) =>
      m.of(atom).some(({ element }) => {
        const pair = m.element(atom) + element;
        return pair === 'OO' || (m.element(atom) === 'F' && element !== 'C');
      }),
    ),
  'N-N outside aromatic rings, and N-O outside aromatic rings and oximes': (m) =>
    m.atoms.some(
      (atom) =>
        m.element(atom) === 'N' &&
        m.of(atom).some((n) => {
          if (n.aromatic) return false;
          const isOxime = m.doubles(atom).some(({ element }) => element === 'C') && m.ringsOf(atom).length === 0;
          return n.element === 'N' || (n.element === 'O' && !(n.order === 1 && isOxime));
        }),
    ),
  'chains of three heteroatoms': (m) =>
    m.atoms.some(
      (atom) => (m.element(atom) === 'N' || m.element(atom) === 'O') && m.of(atom).filter(isNOrO).length > 1,
    ),
  'cumulated double bonds': (m) =>
    m.atoms.some((atom) => m.doubles(atom).length > 1 || (m.doubles(atom).length > 0 && m.triples(atom).length > 0)),
  'triple bonds in rings, more than two, or beside N, O, F or a carbonyl': (m) =>
    m.atoms.filter((atom) => m.triples(atom).length > 0).length > 4 ||
    m.atoms.some((atom) => {
      const [triple] = m.triples(atom);
      if (triple === undefined) return false;
      const bad = triple.element === 'N' ? ['O', 'F'] : ['N', 'O', 'F'];
      return (
        m.ringsOf(atom).length > 0 ||
        m.singles(atom).some((n) => bad.includes(n.element) || (triple.element === 'N' && m.isCarbonyl(n.atom)))
      );
    }),
  'more than three double or triple bonds outside aromatic rings': (m) =>
    m.atoms.reduce((sum, atom) => sum + m.doubles(atom).length + m.triples(atom).length, 0) > 6,
  'enols, enamines with hydrogen on the nitrogen, and ketene acetals': (m) =>
    m.atoms.some((atom) => {
      if (m.element(atom) !== 'C' || !m.doubles(atom).some(({ element }) => element === 'C')) return false;
      const heteroatoms = m.singles(atom).filter(isNOrO);
      return heteroatoms.length > 1 || heteroatoms.some((n) => m.h(n.atom) > 0);
    }),
  'imines of ammonia (amidines excepted) and of formaldehyde, imidic acids': (m) =>
    m.atoms.some((atom) => {
      const carbon = m.element(atom) === 'N' ? m.doubles(atom).find(({ element }) => element === 'C') : undefined;
      if (carbon === undefined) return false;
      const others = m.singles(carbon.atom);
      const isAmidine = others.some((n) => n.element === 'N' && !m.isAromatic(n.atom));
      const isOxime = m.singles(atom).some(({ element }) => element === 'O');
      const isOfFormaldehyde = m.h(carbon.atom) === 2 && !isOxime;
      const isImidicAcid = others.some((n) => n.element === 'O' && m.h(n.atom) > 0);
      return (m.h(atom) > 0 && !isAmidine) || isOfFormaldehyde || isImidicAcid;
    }),
  'gem-diols, hemiacetals, aminals with hydrogen, orthoesters': (m) =>
    m.atoms.some((atom) => {
      if (m.element(atom) !== 'C' || !m.isSaturated(atom)) return false;
      const heteroatoms = m.of(atom).filter(isNOrO);
      return heteroatoms.length > 2 || (heteroatoms.length === 2 && heteroatoms.some((n) => m.h(n.atom) > 0));
    }),
  'fluorine on a carbon that bears N, OH, two O, or a C=O or C=N bond': (m) =>
    m.atoms.some((atom) => {
      if (m.isAromatic(atom) || !m.of(atom).some(({ element }) => element === 'F')) return false;
      const heteroatoms = m.of(atom).filter(isNOrO);
      return heteroatoms.length > 1 || heteroatoms.some((n) => n.element === 'N' || n.order > 1 || m.h(n.atom) > 0);
    }),
  'carbonic and carbamic acids': (m) =>
    m.atoms.some((atom) => {
      if (!m.isCarbonyl(atom)) return false;
      const heteroatoms = m.singles(atom).filter(isNOrO);
      return heteroatoms.length > 1 && heteroatoms.some((n) => n.element === 'O' && m.h(n.atom) > 0);
    }),
  'three carbonyls in a row, or three on one nitrogen': (m) =>
    m.atoms.some((atom) => {
      const carbonyls = m.singles(atom).filter((n) => m.isCarbonyl(n.atom)).length;
      return (m.isCarbonyl(atom) && carbonyls > 1) || (m.element(atom) === 'N' && carbonyls > 2);
    }),
  'amines with hydrogen beside an aldehyde': (m) =>
    m.atoms.some((atom) => m.isCarbonyl(atom) && m.h(atom) > 0 && !m.singles(atom).some(isNOrO)) &&
    m.atoms.some((atom) => m.element(atom) === 'N' && m.h(atom) > 0 && m.of(atom).every((n) => m.isSaturated(n.atom))),
  'more than two rings, or rings of more than seven': (m) =>
    m.perceived.rings.length > 2 || m.perceived.rings.some((ring) => ring.length > 7),
  'three- and four-membered rings: two, fused, unsaturated, or with two heteroatoms': (m) => {
    const small = m.perceived.rings.filter((ring) => ring.length < 5);
    return small.length > 1 || small.some((ring) => !isPlainSmallRing(m, ring));
  },
  'other rings: antiaromatic, fulvenes, cyclopentadienones, more than two double bonds or two heteroatoms': (m) =>
    m.perceived.rings.some((ring) => ring.length > 4 && !isAromaticRing(m, ring) && !isPlainRing(m, ring)),
  'bridgeheads that are unsaturated, or amides': (m) => {
    const [one = [], two = []] = m.perceived.rings;
    const shared = one.filter((atom) => two.includes(atom));
    if (shared.length < 3) return false;
    const heads = shared.filter((atom) => m.of(atom).filter((n) => m.ringsOf(n.atom).length > 0).length > 2);
    return heads.some(
      (atom) => !m.isSaturated(atom) || (m.element(atom) === 'N' && m.of(atom).some((n) => !m.isSaturated(n.atom))),
    );
  },
  'aromatic rings: other than of five or six, more than three heteroatoms, exocyclic double bonds but to O': (m) =>
    m.perceived.rings.some((ring) => {
      if (!isAromaticRing(m, ring)) return false;
      const exocyclic = ring.flatMap((atom) => m.doubles(atom));
      return (
        ring.length < 5 ||
        ring.length > 6 ||
        ring.filter((atom) => m.element(atom) !== 'C').length > 3 ||
        exocyclic.length > 2 ||
        exocyclic.some(({ element }) => element !== 'O')
      );
    }),
  'OH on five-membered aromatic rings, NH on furans': (m) =>
    m.perceived.rings.some((ring) => {
      if (!isAromaticRing(m, ring) || ring.length !== 5) return false;
      const isFuran = ring.some((atom) => m.element(atom) === 'O') && !ring.some((atom) => m.element(atom) === 'N');
      return ring.some((atom) =>
        m.of(atom).some((n) => !n.aromatic && m.h(n.atom) > 0 && (n.element === 'O' || (n.element === 'N' && isFuran))),
      );
    }),
};

const isAromaticRing = (m: Structure, ring: readonly number[]): boolean => ring.every((atom) => m.isAromatic(atom));

function isPlainSmallRing(m: Structure, ring: readonly number[]): boolean {
  const others = m.perceived.rings.filter((other) => other !== ring);
  const isFused = others.some((other) => other.filter((atom) => ring.includes(atom)).length > 1);
  const doubles = ring.flatMap((atom) => m.doubles(atom).map((n) => ({ ...n, inside: ring.includes(n.atom) })));
  const mayHaveOxo = ring.length === 4 && doubles.length < 2;
  const isSaturated = doubles.every((n) => mayHaveOxo && !n.inside && n.element === 'O');
  return !isFused && isSaturated && ring.filter((atom) => m.element(atom) !== 'C').length < 2;
}

function isPlainRing(m: Structure, ring: readonly number[]): boolean {
  const doubles = ring.flatMap((atom) => m.doubles(atom).map((n) => ({ ...n, inside: ring.includes(n.atom) })));
  const inside = doubles.filter((n) => n.inside).length / 2;
  const outside = doubles.filter((n) => !n.inside);
  const heteroatoms = ring.filter((atom) => m.element(atom) !== 'C').length;
  return inside <= 2 && (inside < 2 || outside.length === 0) && heteroatoms < 3;
}

/** Those that fire only on sulfur, phosphorus, chlorine and bromine are asked last. */
const rules: Readonly<Record<string, Rule>> = { ...ownRules, ...laterRules };

/** The names of all rules, in the order in which they are asked. */
export const ruleNames = Object.keys(rules);

/** The first rule that a molecule breaks, or null when it keeps them all. */
export function flawOf(graph: Graph, perceived: Perceived): string | null {
  const structure = new Structure(graph, perceived);
  return Object.entries(rules).find(([, breaks]) => breaks(structure))?.[0] ?? null;
}
