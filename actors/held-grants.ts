/**
 * The grants that are held, with plain JSON and O(√n) work a change: ten thousand of them in one record would be copied whole
 * at every event. By pool, then in groups by the grant's number; a group is a record of numbers and slots.
 */
export type HeldGrants = Readonly<Record<string, Groups>>;
type Groups = Readonly<Record<string, Group>>;
type Group = Readonly<Record<string, number>>;

export const noneHeld: HeldGrants = {};

const groupCount = 128;
const prefix = 'grant-';

/** The name of the grant of this number. */
export const grantName = (number: number): string => `${prefix}${number}`;

/** The number in a grant's name; null where it is no such name, as `constructor` is none. */
function numberOf(grant: string): number | null {
  const number = grant.startsWith(prefix) ? Number(grant.slice(prefix.length)) : NaN;
  return Number.isSafeInteger(number) && grantName(number) === grant ? number : null;
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _, ...others } = record;
  return others;
}

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;

/** The same with these grants of a pool: their numbers, and the slots of each. */
export function hold(held: HeldGrants, pool: string, grants: readonly (readonly [number, number])[]): HeldGrants {
  if (grants.length === 0) return held;
  const groups: Record<string, Group> = { ...held[pool] };
  const own = new Map<string, Record<string, number>>();
  for (const [number, slots] of grants) {
    const key = String(number % groupCount);
    let group = own.get(key);
    if (group === undefined) {
      group = { ...groups[key] };
      own.set(key, group);
      groups[key] = group;
    }
    group[number] = slots;
  }
  return { ...held, [pool]: groups };
}

/** The same without this grant, and what it held; null when it is not held. */
export function letGo(held: HeldGrants, grant: string): { held: HeldGrants; pool: string; slots: number } | null {
  const number = numberOf(grant);
  if (number === null) return null;
  const key = String(number % groupCount);
  for (const [pool, groups] of Object.entries(held)) {
    const slots = groups[key]?.[number];
    if (slots === undefined) continue;
    const group = without(groups[key] ?? {}, String(number));
    const left = isEmpty(group) ? without(groups, key) : { ...groups, [key]: group };
    return { held: isEmpty(left) ? without(held, pool) : { ...held, [pool]: left }, pool, slots };
  }
  return null;
}

/** Every grant that is held, by name. */
export function grantsIn(held: HeldGrants): { grant: string; pool: string; slots: number }[] {
  return Object.entries(held).flatMap(([pool, groups]) =>
    Object.values(groups).flatMap((group) =>
      Object.entries(group).map(([number, slots]) => ({ grant: grantName(Number(number)), pool, slots })),
    ),
  );
}
