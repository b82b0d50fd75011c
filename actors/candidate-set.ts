/**
 * A set of candidates in bounded memory and with little to copy a change: bits, in pages. As JSON a set of up to a million
 * candidates takes at most 350 kB; a list of them would take 7 MB, and grow with every task.
 */
export interface CandidateSet {
  readonly size: number;
  /** Page n stands for the candidates from `n * 1024` on, 32 a word; a page that never held any is empty. */
  readonly pages: readonly (readonly number[])[];
}

const wordBits = 32;
const pageBits = 1_024;

export const noCandidates: CandidateSet = { size: 0, pages: [] };

const pageOf = (candidate: number): number => Math.floor(candidate / pageBits);
const wordOf = (candidate: number): number => Math.floor((candidate % pageBits) / wordBits);
const bitOf = (candidate: number): number => 1 << (candidate % wordBits);

/** Whether a candidate, 0 or above, is in the set. */
export function isIn({ pages }: CandidateSet, candidate: number): boolean {
  return ((pages[pageOf(candidate)]?.[wordOf(candidate)] ?? 0) & bitOf(candidate)) !== 0;
}

/** The same with one more candidate. */
export function withCandidate(set: CandidateSet, candidate: number): CandidateSet {
  return isIn(set, candidate) ? set : flip(set, candidate, 1);
}

/** The same without a candidate. */
export function withoutCandidate(set: CandidateSet, candidate: number): CandidateSet {
  return isIn(set, candidate) ? flip(set, candidate, -1) : set;
}

/** The candidates of the set in `from` up to, not including, `to`, ascending. */
export function candidatesIn({ pages }: CandidateSet, from: number, to: number): number[] {
  const found: number[] = [];
  for (let page = pageOf(from); page <= pageOf(to - 1) && page < pages.length; page += 1) {
    for (const [index, word] of (pages[page] ?? []).entries()) {
      if (word === 0) continue;
      const first = page * pageBits + index * wordBits;
      for (let bit = 0; bit < wordBits; bit += 1) {
        const candidate = first + bit;
        if ((word & (1 << bit)) !== 0 && candidate >= from && candidate < to) found.push(candidate);
      }
    }
  }
  return found;
}

function flip({ size, pages }: CandidateSet, candidate: number, change: 1 | -1): CandidateSet {
  const page = pageOf(candidate);
  const copies = [...pages];
  while (copies.length <= page) copies.push([]);
  const words = [...(copies[page] ?? [])];
  while (words.length <= wordOf(candidate)) words.push(0);
  // Unsigned: a sign would be one more character in the JSON of half of all words.
  words[wordOf(candidate)] = ((words[wordOf(candidate)] ?? 0) ^ bitOf(candidate)) >>> 0;
  copies[page] = words;
  return { size: size + change, pages: copies };
}
