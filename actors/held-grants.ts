/**
 * The grants that are held, as plain JSON with O(√n) to copy a change: ten thousand of them in one record would be copied whole at
 * every event. By pool, in pages in the order of the grants' numbers; a page lists number, slots, number, slots, ...
 */
export type HeldGrants = Readonly<Record<string, readonly Page[]>>;
type Page = readonly number[];

export const noneHeld: HeldGrants = {};

const prefix = 'grant-';
/** Entries of a full page, two a grant; a page with fewer than `few` is joined to its neighbour if both fit one. */
const full = 256;
const few = 64;

/** The name of the grant of this number. */
export const grantName = (number: number): string => `${prefix}${number}`;

/** The number in a grant's name; null where it is no such name, as `constructor` is none. */
function numberOf(grant: string): number | null {
  const number = grant.startsWith(prefix) ? Number(grant.slice(prefix.length)) : NaN;
  return Number.isSafeInteger(number) && grantName(number) === grant ? number : null;
}

/** The same with these grants of a pool, whose numbers are higher than all before: the number and the slots of each. */
export function hold(held: HeldGrants, pool: string, grants: readonly (readonly [number, number])[]): HeldGrants {
  if (grants.length === 0) return held;
  const pages = [...(held[pool] ?? [])];
  let last = [...(pages.pop() ?? [])];
  for (const grant of grants) {
    if (last.length >= full) {
      pages.push(last);
      last = [];
    }
    last.push(...grant);
  }
  return { ...held, [pool]: [...pages, last] };
}

/** The same without this grant, and what it held; null when it is not held. */
export function letGo(held: HeldGrants, grant: string): { held: HeldGrants; pool: string; slots: number } | null {
  const number = numberOf(grant);
  return number === null ? null : letGoNumber(held, number);
}

/** The same by number: with tasks' numbers for grants', and grants' for slots, this is also who was given which grant. */
export function letGoNumber(
  held: HeldGrants,
  number: number,
): { held: HeldGrants; pool: string; slots: number } | null {
  for (const [pool, pages] of Object.entries(held)) {
    const index = pageOf(pages, number);
    const page = pages[index];
    const place = page === undefined ? -1 : placeIn(page, number);
    if (page === undefined || place < 0) continue;
    const left = withPage(pages, index, [...page.slice(0, place), ...page.slice(place + 2)]);
    const { [pool]: _, ...others } = held;
    return { held: left.length === 0 ? others : { ...held, [pool]: left }, pool, slots: page[place + 1] ?? 0 };
  }
  return null;
}

/** Every grant that is held, by name. */
export function grantsIn(held: HeldGrants): { grant: string; pool: string; slots: number }[] {
  return Object.entries(held).flatMap(([pool, pages]) =>
    pages.flatMap((page) =>
      page.flatMap((number, place) =>
        place % 2 === 0 ? [{ grant: grantName(number), pool, slots: page[place + 1] ?? 0 }] : [],
      ),
    ),
  );
}

/** The page where a number stands, if it does: the last that does not begin behind it. */
function pageOf(pages: readonly Page[], number: number): number {
  let [low, high] = [0, pages.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pages[middle]?.[0] ?? Infinity) <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}

function placeIn(page: Page, number: number): number {
  for (let place = 0; place < page.length; place += 2) if (page[place] === number) return place;
  return -1;
}

/** The pages with one of them changed: none is empty, and few are nearly so. */
function withPage(pages: readonly Page[], index: number, page: Page): Page[] {
  const next = pages[index + 1];
  if (page.length === 0) return [...pages.slice(0, index), ...pages.slice(index + 1)];
  if (page.length >= few || next === undefined || page.length + next.length > full) {
    return [...pages.slice(0, index), page, ...pages.slice(index + 1)];
  }
  return [...pages.slice(0, index), [...page, ...next], ...pages.slice(index + 2)];
}
