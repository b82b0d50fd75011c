/**
 * The arithmetic of slots, pure: requests in order, moves between pools, capacity that comes and goes. After every function
 * the books balance: allocated + free over all pools = capacity.
 */
import { firstOf, isOver, leave, noneAhead, noteEnded, type AheadTasks } from './ahead-tasks.ts';
import { grantName, hold, letGo, letGoNumber, noneHeld, type HeldGrants } from './held-grants.ts';

export interface Pool {
  readonly allocated: number;
  readonly free: number;
}

export interface SlotRequest {
  readonly request: string;
  readonly pool: string;
  readonly slots: number;
  /** How many grants are still wanted; null for no end. */
  readonly count: number | null;
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly slots: number;
}

export interface SlotBooks {
  /** Slots that exist now, the retiring ones included. */
  readonly capacity: number;
  /** Slots in use that will be taken away as they fall free. */
  readonly retiring: number;
  /** The pool where new capacity arrives. */
  readonly home: string;
  readonly pools: Readonly<Record<string, Pool>>;
  readonly held: HeldGrants;
  /** What waits in each pool, first come first. */
  readonly requests: Readonly<Record<string, readonly SlotRequest[]>>;
  /** Slots in use that will change pool as they fall free; of one pool never more than it has. */
  readonly moves: readonly Move[];
  /** How many grants were ever made. */
  readonly granted: number;
  /** Whether tasks may come without a grant. */
  readonly lookahead: boolean;
  /** Those of them that are in the queue and have no slot yet. */
  readonly ahead: AheadTasks;
  /** The grants of those that got one and have not ended: the number of the task, and that of the grant. */
  readonly aheadGrants: HeldGrants;
}

/** What a grant answers that nobody asked for: its task waited. */
export const aheadRequest = 'ahead';

export type SlotFact =
  | {
      type: 'slots.granted';
      grant: string;
      request: string;
      pool: string;
      slots: number;
      freedBy: number | null;
      task?: string;
    }
  | { type: 'slots.moved'; from: string; to: string; slots: number }
  | { type: 'slots.changed'; capacity: number; pools: Record<string, Pool> };

/** Empty books over these pools; capacity arrives in the first. @param lookahead whether tasks may come without a grant. */
export function openBooks(pools: readonly string[], lookahead = false): SlotBooks {
  return {
    capacity: 0,
    retiring: 0,
    home: pools[0] ?? 'simulate',
    pools: Object.fromEntries(pools.map((pool) => [pool, { allocated: 0, free: 0 }])),
    held: noneHeld,
    requests: {},
    moves: [],
    granted: 0,
    lookahead,
    ahead: noneAhead(lookahead),
    aheadGrants: noneHeld,
  };
}

const poolOf = (books: SlotBooks, pool: string): Pool => books.pools[pool] ?? { allocated: 0, free: 0 };
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

function withPool(books: SlotBooks, pool: string, allocated: number, free: number): SlotBooks {
  const old = poolOf(books, pool);
  return {
    ...books,
    pools: { ...books.pools, [pool]: { allocated: old.allocated + allocated, free: old.free + free } },
  };
}

/** How many slots are in use over all pools. */
export function allocatedSlots(books: SlotBooks): number {
  return sum(Object.values(books.pools).map((pool) => pool.allocated));
}

/** Queue a request; unknown pools are opened empty. */
export function request(books: SlotBooks, wanted: SlotRequest): SlotBooks {
  const requests = { ...books.requests, [wanted.pool]: [...(books.requests[wanted.pool] ?? []), wanted] };
  return { ...withPool(books, wanted.pool, 0, 0), requests };
}

/** Take a request back; what was granted stays granted. */
export function withdraw(books: SlotBooks, id: string): SlotBooks {
  const pools = Object.entries(books.requests).map(([pool, waiting]): [string, readonly SlotRequest[]] => [
    pool,
    waiting.filter((other) => other.request !== id),
  ]);
  return { ...books, requests: Object.fromEntries(pools.filter(([, waiting]) => waiting.length > 0)) };
}

/** End a grant; one that is not held (a duplicate) changes nothing. */
export function release(books: SlotBooks, grant: string): SlotBooks {
  const ended = letGo(books.held, grant);
  return ended === null ? books : withPool({ ...books, held: ended.held }, ended.pool, -ended.slots, ended.slots);
}

/** End a task that was created without a grant: its slot is free, or it waits for one no longer; the second time changes nothing. */
export function endAhead(books: SlotBooks, number: number): SlotBooks {
  const given = letGoNumber(books.aheadGrants, number);
  if (given !== null) return release({ ...books, aheadGrants: given.held }, grantName(given.slots));
  const ahead = noteEnded(books.ahead, number);
  return ahead === books.ahead ? books : { ...books, ahead };
}

/** Whether nobody holds a slot, and no task is out that might yet get one. */
export function nothingOut(books: SlotBooks): boolean {
  return allocatedSlots(books) === 0 && isOver(books.ahead);
}

/**
 * Move slots from one pool to another as they fall free. `all` is what the pool has and is still to get; more than that
 * is that. Slots on their way into `from` are sent on to `to` directly.
 */
export function reallocate(books: SlotBooks, from: string, to: string, slots: number | 'all'): SlotBooks {
  if (from === to) return books;
  const pool = poolOf(books, from);
  const leaving = sum(books.moves.filter((move) => move.from === from).map((move) => move.slots));
  const own = Math.min(slots === 'all' ? Infinity : slots, pool.allocated + pool.free - leaving);
  let rest = slots === 'all' ? Infinity : slots - own;
  const moves: Move[] = [];
  for (const move of books.moves) {
    const redirected = move.to === from ? Math.min(rest, move.slots) : 0;
    rest -= redirected;
    if (move.slots > redirected) moves.push({ ...move, slots: move.slots - redirected });
    if (redirected > 0 && move.from !== to) moves.push({ from: move.from, to, slots: redirected });
  }
  if (own > 0) moves.push({ from, to, slots: own });
  return { ...withPool(books, to, 0, 0), moves };
}

/** How many slots a pool lacks of so many, counting those that are on their way to it and not those that are to leave. */
export function lackingIn(books: SlotBooks, pool: string, slots: number): number {
  const { allocated, free } = poolOf(books, pool);
  const coming = sum(books.moves.filter(({ to }) => to === pool).map((move) => move.slots));
  const leaving = sum(books.moves.filter(({ from }) => from === pool).map((move) => move.slots));
  return Math.max(0, slots - (allocated + free + coming - leaving));
}

/** Let the capacity become this: new slots arrive in the home pool, lost ones go as they fall free. */
export function setCapacity(books: SlotBooks, capacity: number): SlotBooks {
  const change = capacity - (books.capacity - books.retiring);
  if (change < 0) return { ...books, retiring: books.retiring - change };
  const kept = Math.min(change, books.retiring);
  const added = change - kept;
  return withPool(
    { ...books, retiring: books.retiring - kept, capacity: books.capacity + added },
    books.home,
    0,
    added,
  );
}

/** Drop what waits and send every slot home: nothing more is granted until somebody asks again. */
export function sendHome(books: SlotBooks): SlotBooks {
  const dropped: SlotBooks = { ...books, requests: {} };
  return Object.keys(books.pools).reduce((now, pool) => reallocate(now, pool, books.home, 'all'), dropped);
}

/**
 * Put free slots to use until nothing more can be done: first those that retire go, then those that move, then tasks that wait
 * ahead get theirs, then requests are granted, first come first served in each pool.
 */
export function settle(books: SlotBooks, freedBy: number | null): { books: SlotBooks; facts: SlotFact[] } {
  const facts: SlotFact[] = [];
  let now = retireFree(books);
  for (let changed = true; changed;) {
    changed = false;
    for (const move of now.moves) {
      const slots = Math.min(move.slots, poolOf(now, move.from).free);
      if (slots === 0) continue;
      now = { ...now, moves: shorten(now.moves, move, slots) };
      now = withPool(withPool(now, move.from, 0, -slots), move.to, 0, slots);
      facts.push({ type: 'slots.moved', from: move.from, to: move.to, slots });
      changed = true;
    }
  }
  for (const pool of Object.keys(now.pools)) {
    now = grantAhead(now, pool, freedBy, facts);
    now = grantIn(now, pool, freedBy, facts);
  }
  return { books: now, facts };
}

/** The books as the log shows them. */
export function balance(books: SlotBooks): SlotFact {
  return { type: 'slots.changed', capacity: books.capacity, pools: { ...books.pools } };
}

const shorten = (moves: readonly Move[], move: Move, slots: number): Move[] =>
  moves.flatMap((other) =>
    other !== move ? [other] : other.slots > slots ? [{ ...other, slots: other.slots - slots }] : [],
  );

function retireFree(books: SlotBooks): SlotBooks {
  let now = books;
  for (const pool of [books.home, ...Object.keys(books.pools)]) {
    const gone = Math.min(now.retiring, poolOf(now, pool).free);
    if (gone === 0) continue;
    now = withPool({ ...now, retiring: now.retiring - gone, capacity: now.capacity - gone }, pool, 0, -gone);
    now = { ...now, moves: boundMoves(now, pool) };
  }
  return now;
}

/** A pool that lost slots cannot send away more than it has left: the latest moves give way. */
function boundMoves(books: SlotBooks, pool: string): Move[] {
  let left = poolOf(books, pool).allocated + poolOf(books, pool).free;
  return books.moves.flatMap((move) => {
    if (move.from !== pool) return [move];
    const slots = Math.min(move.slots, left);
    left -= slots;
    return slots > 0 ? [{ ...move, slots }] : [];
  });
}

/** Give slots to the tasks of a pool that wait, oldest first, while there is room for the first, and say so. */
function grantAhead(books: SlotBooks, pool: string, freedBy: number | null, facts: SlotFact[]): SlotBooks {
  let now = books;
  for (let task = firstOf(now.ahead, pool); task !== null; task = firstOf(now.ahead, pool)) {
    const { id, number, slots } = task;
    if (poolOf(now, pool).free < slots) break;
    const granted = now.granted + 1;
    const grant = grantName(granted);
    facts.push({ type: 'slots.granted', grant, request: aheadRequest, pool, slots, freedBy, task: id });
    now = {
      ...withPool(now, pool, slots, -slots),
      held: hold(now.held, pool, [[granted, slots]]),
      granted,
      ahead: leave(now.ahead, number),
      aheadGrants: hold(now.aheadGrants, pool, [[number, granted]]),
    };
  }
  return now;
}

/** Grant what waits in a pool while there is room for the first, and say so; nothing before a task that waits ahead. */
function grantIn(books: SlotBooks, pool: string, freedBy: number | null, facts: SlotFact[]): SlotBooks {
  if (firstOf(books.ahead, pool) !== null) return books;
  const waiting = books.requests[pool] ?? [];
  let { free } = poolOf(books, pool);
  if (waiting[0] === undefined || free < waiting[0].slots) return books;
  const queue = [...waiting];
  const grants: [number, number][] = [];
  let head = 0;
  let taken = 0;
  for (let first = queue[0]; first !== undefined && free >= first.slots; first = queue[head]) {
    const { request, slots, count } = first;
    const number = books.granted + grants.length + 1;
    grants.push([number, slots]);
    facts.push({ type: 'slots.granted', grant: grantName(number), request, pool, slots, freedBy });
    free -= slots;
    taken += slots;
    head += 1;
    // A request that wants more goes to the back, so that nobody in the pool waits behind one without end.
    if (count !== 1) queue.push(count === null ? first : { ...first, count: count - 1 });
  }
  const { [pool]: _, ...others } = books.requests;
  const left = queue.slice(head);
  return {
    ...withPool(books, pool, taken, -taken),
    requests: left.length === 0 ? others : { ...books.requests, [pool]: left },
    held: hold(books.held, pool, grants),
    granted: books.granted + grants.length,
  };
}
