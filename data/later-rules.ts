/** What is left out of molecules with sulfur, phosphorus, chlorine or bromine, beside what the other rules leave out. */
import { isNOrO, type Rule, type Structure } from './structure.ts';

const isHalide = (element: string): boolean => element === 'Cl' || element === 'Br';
const of = (m: Structure, ...elements: readonly string[]): readonly number[] =>
  m.atoms.filter((atom) => elements.includes(m.element(atom)));

/** Each rule by the name of what it leaves out; none fires on a molecule of C, N, O and F. */
export const laterRules: Readonly<Record<string, Rule>> = {
  'more than three of sulfur, phosphorus, chlorine and bromine, or more than carbons': (m) => {
    const later = of(m, 'S', 'P', 'Cl', 'Br').length;
    return later > 3 || later > m.count('C');
  },
  'chlorine and bromine but on carbon, or on one that bears N, O, S or P, or a C=O, C=N or C=S bond': (m) =>
    of(m, 'Cl', 'Br').some((halide) =>
      m.of(halide).some(({ atom, element }) => {
        if (element !== 'C') return true;
        const others = m.of(atom).filter((n) => n.element !== 'C' && n.element !== 'F' && !isHalide(n.element));
        return m.isAromatic(atom) ? false : others.length > 0;
      }),
    ),
  'fluorine on sulfur, phosphorus, or a carbon that bears SH or a C=S bond': (m) =>
    of(m, 'F').some((fluorine) =>
      m.of(fluorine).some(({ atom, element }) => {
        const beside = m.of(atom).filter((n) => n.element === 'S');
        return element === 'S' || element === 'P' || beside.some((n) => n.order > 1 || m.h(n.atom) > 0);
      }),
    ),
  'bonds of sulfur to N, O and P but in sulfoxides and aromatic rings': (m) =>
    of(m, 'S').some((sulfur) =>
      m.of(sulfur).some(({ element, order, aromatic }) => {
        if (aromatic || (element === 'O' && order === 2)) return false;
        return element === 'O' || element === 'P' || element === 'N';
      }),
    ),
  'sulfur bonds to sulfur but in plain disulfides': (m) =>
    of(m, 'S').some((sulfur) => {
      const others = m.of(sulfur).filter(({ element }) => element === 'S');
      const isPlain = m.of(sulfur).length === 2 && m.h(sulfur) === 0;
      return others.length > 1 || (others.length > 0 && !isPlain);
    }),
  'sulfur of more than two bonds with hydrogen, in aromatic rings, or with double bonds but to O': (m) =>
    of(m, 'S').some((sulfur) => {
      const bonds = m.of(sulfur).reduce((sum, { order }) => sum + order, 0);
      const isWrong =
        m.h(sulfur) > 0 || m.isAromatic(sulfur) || m.doubles(sulfur).some(({ element }) => element !== 'O');
      return bonds > 2 && (isWrong || m.of(sulfur).length < 3);
    }),
  'phosphorus with hydrogen, in aromatic rings, or bonded but to C and =O': (m) =>
    of(m, 'P').some(
      (phosphorus) =>
        m.h(phosphorus) > 0 ||
        m.isAromatic(phosphorus) ||
        m.of(phosphorus).some(({ element, order }) => (element === 'C' ? order > 1 : element !== 'O' || order !== 2)),
    ),
  'C=S but in thioamides, and SH on a double bond or beside another heteroatom': (m) =>
    of(m, 'S').some((sulfur) => {
      const carbons = m.of(sulfur).filter(({ element }) => element === 'C');
      if (carbons.some(({ order, atom }) => order === 2 && !m.singles(atom).some(({ element }) => element === 'N'))) {
        return true;
      }
      const beside = (atom: number): boolean =>
        (!m.isSaturated(atom) && !m.isAromatic(atom)) || m.of(atom).some((n) => isNOrO(n) || isHalide(n.element));
      return m.h(sulfur) > 0 && carbons.some(({ atom }) => beside(atom));
    }),
  'carbons with two of N, O and S of which one bears hydrogen, or with three': (m) =>
    m.atoms.some((atom) => {
      if (m.element(atom) !== 'C' || !m.isSaturated(atom)) return false;
      const heteroatoms = m.of(atom).filter((n) => isNOrO(n) || n.element === 'S');
      const isPair = heteroatoms.length === 2 && heteroatoms.some((n) => m.h(n.atom) > 0);
      return heteroatoms.some((n) => n.element === 'S') && (isPair || heteroatoms.length > 2);
    }),
};
