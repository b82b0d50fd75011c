import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstOf, noteCreated, noteWithdrawn } from '../../../actors/ahead-tasks.ts';
import { grantsIn } from '../../../actors/held-grants.ts';
import {
  allocatedSlots,
  endAhead,
  nothingOut,
  openBooks,
  reallocate,
  release,
  request,
  sendHome,
  setCapacity,
  settle,
  withdraw,
  type SlotBooks,
  type SlotFact,
} from '../../../actors/slot-books.ts';

const pools = ['simulate', 'train', 'infer'];
const poolArbitrary = fc.constantFrom(...pools);

type Operation =
  | { do: 'request'; pool: string; slots: number; count: number | null }
  | { do: 'withdraw'; which: number }
  /** Release one of the grants ever made: those that ended are duplicates. */
  | { do: 'release'; which: number }
  | { do: 'reallocate'; from: string; to: string; slots: number | 'all' }
  | { do: 'capacity'; capacity: number }
  | { do: 'sendHome' }
  | { do: 'create ahead'; pool: string; slots: number }
  /** Of the tasks ever created ahead, and some that are not created yet: their ends may be known before. */
  | { do: 'withdraw ahead'; which: number }
  | { do: 'end ahead'; which: number };

const operationArbitrary: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      pool: poolArbitrary,
      slots: fc.integer({ min: 1, max: 3 }),
      count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 }), fc.constant(null)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('withdraw' as const), which: fc.nat(20) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat(40) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('reallocate' as const),
      from: poolArbitrary,
      to: poolArbitrary,
      slots: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant('all' as const)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('capacity' as const), capacity: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sendHome' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('create ahead' as const),
      pool: poolArbitrary,
      slots: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('withdraw ahead' as const), which: fc.nat(10) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('end ahead' as const), which: fc.nat(12) }) },
);
const historyArbitrary = fc.array(operationArbitrary, { maxLength: 50 });

/** Books with the history that made them. */
class Ledger {
  books: SlotBooks = openBooks(pools);
  requests = 0;
  tasks = 0;
  capacity = 0;
  readonly facts: SlotFact[] = [];

  /** Do one operation and put free slots to use; returns what was said. */
  do(operation: Operation): SlotFact[] {
    const { books, facts } = settle(this.#enter(operation), null);
    this.books = books;
    this.facts.push(...facts);
    return facts;
  }

  releaseAll(): void {
    for (let turn = 0; ; turn += 1) {
      const [first] = grantsIn(this.books.held);
      if (first === undefined) return;
      expect(turn, 'grants without end').toBeLessThan(1_000);
      this.books = withoutAhead(withoutRequests(this.books));
      this.do({ do: 'release', which: Number(first.grant.slice('grant-'.length)) - 1 });
    }
  }

  #enter(operation: Operation): SlotBooks {
    switch (operation.do) {
      case 'request': {
        this.requests += 1;
        const { pool, slots, count } = operation;
        return request(this.books, { request: `r${this.requests}`, pool, slots, count });
      }
      case 'withdraw':
        return withdraw(this.books, `r${operation.which + 1}`);
      case 'release':
        return release(this.books, `grant-${operation.which + 1}`);
      case 'reallocate':
        return reallocate(this.books, operation.from, operation.to, operation.slots);
      case 'capacity':
        this.capacity = operation.capacity;
        return setCapacity(this.books, operation.capacity);
      case 'sendHome':
        return sendHome(this.books);
      case 'create ahead': {
        const { pool, slots } = operation;
        const number = (this.tasks += 1);
        const task = { id: `task-${number}`, number, pool, slots, grant: null };
        return { ...this.books, ahead: noteCreated(this.books.ahead, task) };
      }
      case 'withdraw ahead':
        return { ...this.books, ahead: noteWithdrawn(this.books.ahead, `task-${operation.which + 1}`) };
      case 'end ahead':
        return endAhead(this.books, operation.which + 1);
    }
  }
}

const withoutRequests = (books: SlotBooks): SlotBooks =>
  Object.values(books.requests)
    .flat()
    .reduce((now, { request: id }) => withdraw(now, id), books);
const aheadOf = (books: SlotBooks): { id: string; number: number }[] => Object.values(books.ahead.waiting).flat();
const withoutAhead = (books: SlotBooks): SlotBooks =>
  aheadOf(books).reduce((now, { number }) => endAhead(now, number), books);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const sizes = (books: SlotBooks): Record<string, number> =>
  Object.fromEntries(Object.entries(books.pools).map(([name, { allocated, free }]) => [name, allocated + free]));

/** What every pool will have when everything is released: what is left of it by the moves under way. */
function destined(books: SlotBooks): Record<string, number> {
  const result = sizes(books);
  for (const { from, to, slots } of books.moves) {
    result[from] = (result[from] ?? 0) - slots;
    result[to] = (result[to] ?? 0) + slots;
  }
  return result;
}

function expectBalance(books: SlotBooks): void {
  expect(sum(Object.values(sizes(books)))).toBe(books.capacity);
  for (const [name, { allocated, free }] of Object.entries(books.pools)) {
    expect(Math.min(allocated, free)).toBeGreaterThanOrEqual(0);
    const held = grantsIn(books.held).filter((grant) => grant.pool === name);
    expect(allocated, `allocated of ${name}`).toBe(sum(held.map(({ slots }) => slots)));
    const leaving = books.moves.filter((move) => move.from === name);
    expect(sum(leaving.map(({ slots }) => slots)), `leaving ${name}`).toBeLessThanOrEqual(allocated + free);
  }
  for (const { from, to, slots } of books.moves) {
    expect(slots).toBeGreaterThan(0);
    expect(from).not.toBe(to);
  }
  expect(books.retiring).toBeGreaterThanOrEqual(0);
  expect(books.retiring).toBeLessThanOrEqual(allocatedSlots(books));
}

/** No slot is free that somebody could use, may move, or is to go. */
function expectNoIdleSlot(books: SlotBooks): void {
  for (const [name, { free }] of Object.entries(books.pools)) {
    const first = books.requests[name]?.[0];
    const ahead = firstOf(books.ahead, name);
    if (ahead !== null) expect(free, `free in ${name}, where ${ahead.id} waits`).toBeLessThan(ahead.slots);
    else if (first !== undefined) expect(free, `free in ${name}`).toBeLessThan(first.slots);
    if (books.moves.some(({ from }) => from === name)) expect(free, `free to move from ${name}`).toBe(0);
    if (books.retiring > 0) expect(free, `free to retire from ${name}`).toBe(0);
  }
}

describe('slot books', () => {
  it('balance after any history, with no slot idle that somebody waits for', () => {
    fc.assert(
      fc.property(historyArbitrary, (history) => {
        const ledger = new Ledger();
        for (const operation of history) {
          ledger.do(operation);
          expectBalance(ledger.books);
          expectNoIdleSlot(ledger.books);
          expect(ledger.books.capacity - ledger.books.retiring).toBe(ledger.capacity);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('balance before free slots are put to use, too', () => {
    fc.assert(
      fc.property(historyArbitrary, operationArbitrary, (history, last) => {
        const ledger = new Ledger();
        for (const operation of history) ledger.do(operation);
        const { books } = ledger;
        const entered = [
          release(books, 'grant-1'),
          last.do === 'reallocate' ? reallocate(books, last.from, last.to, last.slots) : sendHome(books),
          last.do === 'capacity' ? setCapacity(books, last.capacity) : withdraw(books, 'r1'),
          last.do === 'request' ? request(books, { ...last, request: 'last' }) : books,
        ];
        for (const after of entered) {
          expect(sum(Object.values(sizes(after)))).toBe(after.capacity);
          for (const { allocated, free } of Object.values(after.pools)) {
            expect(Math.min(allocated, free)).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  it('end at the asked capacity once everything is released', () => {
    fc.assert(
      fc.property(historyArbitrary, (history) => {
        const ledger = new Ledger();
        for (const operation of history) ledger.do(operation);
        ledger.releaseAll();
        expect(ledger.books).toMatchObject({ capacity: ledger.capacity, retiring: 0, moves: [] });
        expect(allocatedSlots(ledger.books)).toBe(0);
      }),
    );
  });

  it('move exactly what was asked for once everything is released: all, or so many, or what there is', () => {
    fc.assert(
      fc.property(historyArbitrary, (history) => {
        const ledger = new Ledger();
        for (const operation of history) {
          const expected = destined(ledger.books);
          if (operation.do === 'reallocate' && operation.from !== operation.to) {
            const available = expected[operation.from] ?? 0;
            const moved = operation.slots === 'all' ? available : Math.min(operation.slots, available);
            expected[operation.from] = available - moved;
            expected[operation.to] = (expected[operation.to] ?? 0) + moved;
          }
          ledger.do(operation);
          if (operation.do === 'capacity' || ledger.books.retiring > 0) continue;
          if (operation.do === 'sendHome') {
            expect(destined(ledger.books)).toEqual({ simulate: ledger.books.capacity, train: 0, infer: 0 });
          } else {
            expect(destined(ledger.books)).toEqual(expected);
          }
        }
        const expected = destined(ledger.books);
        const { retiring } = ledger.books;
        ledger.releaseAll();
        if (retiring === 0) expect(sizes(ledger.books)).toEqual(expected);
      }),
    );
  });

  it('change nothing when a grant ends twice, or one ends that never was', () => {
    fc.assert(
      fc.property(historyArbitrary, fc.string(), (history, unknown) => {
        const ledger = new Ledger();
        for (const operation of history) ledger.do(operation);
        const held = grantsIn(ledger.books.held)[0]?.grant;
        expect(release(ledger.books, unknown)).toBe(ledger.books);
        expect(release(ledger.books, 'toString')).toBe(ledger.books);
        if (held === undefined) return;
        const once = release(ledger.books, held);
        expect(release(once, held)).toBe(once);
      }),
    );
  });

  it('serve a pool in order: requests for one grant are granted as they came', () => {
    const single = fc.record({ pool: poolArbitrary, slots: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(single, { maxLength: 12 }), historyArbitrary, (asked, history) => {
        const ledger = new Ledger();
        const order = asked.map(({ pool, slots }) => {
          ledger.do({ do: 'request', pool, slots, count: 1 });
          return { request: `r${ledger.requests}`, pool };
        });
        for (const operation of history) {
          if (operation.do !== 'request' && operation.do !== 'sendHome' && operation.do !== 'withdraw') {
            ledger.do(operation);
          }
        }
        for (const pool of pools) {
          const granted = ledger.facts.flatMap((fact) =>
            fact.type === 'slots.granted' && fact.pool === pool && fact.task === undefined ? [fact.request] : [],
          );
          const wanted = order.flatMap((one) => (one.pool === pool ? [one.request] : []));
          expect(granted).toEqual(wanted.slice(0, granted.length));
        }
      }),
    );
  });

  it('let requests without end take turns', () => {
    const ledger = new Ledger();
    ledger.do({ do: 'request', pool: 'simulate', slots: 1, count: null });
    ledger.do({ do: 'request', pool: 'simulate', slots: 1, count: null });
    const facts = ledger.do({ do: 'capacity', capacity: 4 });
    expect(facts.map((fact) => fact.type === 'slots.granted' && fact.request)).toEqual(['r1', 'r2', 'r1', 'r2']);
  });

  it('let a large request block its own pool only', () => {
    const ledger = new Ledger();
    ledger.do({ do: 'capacity', capacity: 4 });
    ledger.do({ do: 'reallocate', from: 'simulate', to: 'train', slots: 2 });
    ledger.do({ do: 'request', pool: 'train', slots: 3, count: 1 });
    expect(ledger.do({ do: 'request', pool: 'train', slots: 1, count: 1 })).toEqual([]);
    expect(ledger.do({ do: 'request', pool: 'simulate', slots: 2, count: 1 })).toMatchObject([
      { type: 'slots.granted', request: 'r3', slots: 2 },
    ]);
  });

  it('send slots that are on their way into a pool on to the next one, and never round in a circle', () => {
    const ledger = new Ledger();
    ledger.do({ do: 'capacity', capacity: 2 });
    ledger.do({ do: 'request', pool: 'simulate', slots: 1, count: 2 });
    ledger.do({ do: 'reallocate', from: 'simulate', to: 'train', slots: 'all' });
    ledger.do({ do: 'reallocate', from: 'train', to: 'infer', slots: 'all' });
    expect(ledger.books.moves).toEqual([{ from: 'simulate', to: 'infer', slots: 2 }]);
    ledger.do({ do: 'reallocate', from: 'infer', to: 'simulate', slots: 'all' });
    expect(ledger.books.moves).toEqual([]);
  });

  it('keep slots that were to retire when capacity comes back before they fall free', () => {
    const ledger = new Ledger();
    ledger.do({ do: 'capacity', capacity: 3 });
    ledger.do({ do: 'request', pool: 'simulate', slots: 1, count: 3 });
    ledger.do({ do: 'capacity', capacity: 1 });
    expect(ledger.books).toMatchObject({ capacity: 3, retiring: 2 });
    ledger.do({ do: 'capacity', capacity: 4 });
    expect(ledger.books).toMatchObject({ capacity: 4, retiring: 0, pools: { simulate: { allocated: 3, free: 1 } } });
  });

  it('give a slot to each task that waits ahead, oldest first and before any request, and none to one that was withdrawn', () => {
    fc.assert(
      fc.property(historyArbitrary, (history) => {
        const ledger = new Ledger();
        const created = new Map<string, { pool: string; number: number }>();
        const gone = new Set<string>();
        for (const operation of history) {
          const waiting = new Map(pools.map((pool) => [pool, firstOf(ledger.books.ahead, pool)?.number ?? Infinity]));
          const facts = ledger.do(operation);
          if (operation.do === 'create ahead')
            created.set(`task-${ledger.tasks}`, { pool: operation.pool, number: ledger.tasks });
          if (operation.do === 'withdraw ahead' && operation.which < ledger.tasks)
            gone.add(`task-${operation.which + 1}`);
          if (operation.do === 'end ahead') gone.add(`task-${operation.which + 1}`);
          const granted = facts.flatMap((fact) => (fact.type === 'slots.granted' ? [fact] : []));
          for (const pool of pools) {
            const here = granted.filter((fact) => fact.pool === pool);
            const tasks = here.flatMap(({ task }) => (task === undefined ? [] : [task]));
            expect(here.slice(0, tasks.length).map(({ request: id }) => id)).toEqual(tasks.map(() => 'ahead'));
            const numbers = tasks.map((task) => created.get(task)?.number ?? 0);
            expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
            expect(tasks.map((task) => created.get(task)?.pool)).toEqual(tasks.map(() => pool));
            expect(tasks.filter((task) => gone.has(task))).toEqual([]);
            if (here.length > tasks.length) expect(firstOf(ledger.books.ahead, pool)).toBeNull();
            if (operation.do === 'release' && numbers[0] !== undefined) expect(numbers[0]).toBe(waiting.get(pool));
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('end a task that waited ahead once, whether it had its slot by then, had none, or was not even known', () => {
    fc.assert(
      fc.property(historyArbitrary, fc.nat(12), (history, which) => {
        const ledger = new Ledger();
        for (const operation of history) ledger.do(operation);
        const once = endAhead(ledger.books, which + 1);
        expect(endAhead(once, which + 1)).toBe(once);
        expect(sum(Object.values(sizes(once)))).toBe(once.capacity);
        // All of them ended: no slot is held for one any more, and nobody waits for one.
        let books = ledger.books;
        for (let number = 1; number <= ledger.tasks; number += 1) books = endAhead(books, number);
        expect(grantsIn(books.aheadGrants)).toEqual([]);
        expect(books.ahead.waiting).toEqual({});
        expect(books.ahead.early.every((number) => number > ledger.tasks)).toBe(true);
      }),
    );
  });

  it('know that something is out while a task waits ahead, withdrawn or not, and while one may come', () => {
    const ledger = new Ledger();
    expect(nothingOut(openBooks(pools, true))).toBe(false);
    expect(nothingOut(ledger.books)).toBe(true);
    ledger.do({ do: 'create ahead', pool: 'simulate', slots: 1 });
    expect(nothingOut(ledger.books)).toBe(false);
    ledger.do({ do: 'withdraw ahead', which: 0 });
    expect(ledger.do({ do: 'capacity', capacity: 1 })).toEqual([]);
    expect(nothingOut(ledger.books)).toBe(false);
    ledger.do({ do: 'end ahead', which: 0 });
    expect(nothingOut(ledger.books)).toBe(true);
    // Its end is known before its creation.
    ledger.do({ do: 'end ahead', which: 1 });
    expect(ledger.do({ do: 'create ahead', pool: 'simulate', slots: 1 })).toEqual([]);
    expect(nothingOut(ledger.books)).toBe(true);
  });

  it('stay small and quick with ten thousand slots, held one by one and wanted by thousands', () => {
    let books = openBooks(pools);
    books = request(setCapacity(books, 10_000), { request: 'r0', pool: 'simulate', slots: 1, count: null });
    books = settle(books, null).books;
    for (let n = 1; n <= 2_000; n += 1)
      books = request(books, { request: `r${n}`, pool: 'simulate', slots: 1, count: 1 });
    // Released in an order that leaves old grants between new ones.
    for (let n = 1; n <= 30_000; n += 1) {
      const oldest = grantsIn(n % 1_000 === 0 ? books.held : {})[0]?.grant;
      books = settle(release(books, oldest ?? `grant-${n}`), n).books;
    }
    expect(books).toMatchObject({ capacity: 10_000, pools: { simulate: { free: 0 } } });
    expect(sum(grantsIn(books.held).map(({ slots }) => slots))).toBe(10_000);
    expect(JSON.stringify(books).length).toBeLessThan(300_000);
  });

  it('stay small and quick with ten thousand slots and as many tasks that got theirs while they waited', () => {
    let books = openBooks(pools, true);
    for (let number = 1; number <= 30_000; number += 1) {
      const task = { id: `simulate-${number}`, number, pool: 'simulate', slots: 1, grant: null };
      books = settle({ ...books, ahead: noteCreated(books.ahead, task) }, null).books;
      if (number === 2) books = settle(setCapacity(books, 10_000), null).books;
      if (number > 10_002) books = settle(endAhead(books, number - 10_002), number).books;
    }
    expect(books).toMatchObject({ capacity: 10_000, pools: { simulate: { allocated: 10_000, free: 0 } } });
    expect(grantsIn(books.aheadGrants)).toHaveLength(10_000);
    expect(JSON.stringify(books).length).toBeLessThan(400_000);
  });
});
