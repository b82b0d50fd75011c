/**
 * Which of the numbers 1, 2, 3, ... were seen, in bounded memory and with little to copy a change: all up to a mark, and those
 * above it, that came early, as pages of bits.
 */
export interface SeenNumbers {
  readonly upTo: number;
  /** In the order of their numbers. */
  readonly pages: readonly Page[];
}

interface Page {
  /** It stands for the numbers from `page * 1024` on. */
  readonly page: number;
  readonly words: readonly number[];
}

const wordBits = 32;
const pageBits = 1_024;

export const noneSeen: SeenNumbers = { upTo: 0, pages: [] };

const pageOf = (number: number): number => Math.floor(number / pageBits);
const wordOf = (number: number): number => Math.floor((number % pageBits) / wordBits);
const bitOf = (number: number): number => 1 << (number % wordBits);

function isIn(page: Page | undefined, number: number): boolean {
  return page !== undefined && ((page.words[wordOf(number)] ?? 0) & bitOf(number)) !== 0;
}

const find = (pages: readonly Page[], number: number): Page | undefined => {
  const wanted = pageOf(number);
  return pages.find(({ page }) => page === wanted);
};

export function isSeen(seen: SeenNumbers, number: number): boolean {
  return number <= seen.upTo || isIn(find(seen.pages, number), number);
}

/** The same with one more number. */
export function see(seen: SeenNumbers, number: number): SeenNumbers {
  if (isSeen(seen, number)) return seen;
  const pages = withNumber(seen.pages, number);
  if (number !== seen.upTo + 1) return { upTo: seen.upTo, pages };
  let upTo = number;
  for (let page = find(pages, upTo + 1); isIn(page, upTo + 1); upTo += 1) {
    if ((upTo + 2) % pageBits === 0) page = find(pages, upTo + 2);
  }
  return { upTo, pages: pages.filter((page) => hasAbove(page, upTo)) };
}

function withNumber(pages: readonly Page[], number: number): Page[] {
  const page = pageOf(number);
  const old = find(pages, number);
  const words = [...(old?.words ?? Array.from({ length: pageBits / wordBits }, () => 0))];
  words[wordOf(number)] = (words[wordOf(number)] ?? 0) | bitOf(number);
  const others = pages.filter((other) => other !== old);
  const behind = others.findIndex((other) => other.page > page);
  others.splice(behind < 0 ? others.length : behind, 0, { page, words });
  return others;
}

/** Whether any number of a page stands above the mark. */
function hasAbove({ page, words }: Page, upTo: number): boolean {
  const last = page * pageBits + pageBits - 1;
  if (last <= upTo) return false;
  for (let number = Math.max(upTo + 1, page * pageBits); number <= last; number += 1) {
    if (((words[wordOf(number)] ?? 0) & bitOf(number)) !== 0) return true;
  }
  return false;
}
