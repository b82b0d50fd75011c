/** The ledger's books over time: slots of each pool, who holds them, and how they moved. */
import type { Says } from '../protocol/events.ts';
import { Column } from './columns.ts';
import type { LedgerView, PoolRow } from './views.ts';

type LedgerFact = Says<'resource-ledger'>;
type Balance = Extract<LedgerFact, { type: 'slots.changed' }>;
type Grant = Extract<LedgerFact, { type: 'slots.granted' }>;

interface Holder {
  readonly pool: string;
  readonly slots: number;
  readonly since: number;
  /** Sequence of the result whose end made room for it. */
  readonly freedBy: number | null;
  row: number | null;
}

/** What was asked for, by whom, and why. */
interface Wish {
  readonly by: string;
  readonly reason: string;
}

/** The page draws no more points than that, and lists no more moves. */
const mostPoints = 2_000;
const mostMoves = 2_000;

export class Books {
  capacity = 0;
  #pools: Balance['pools'] = {};
  readonly #at = new Column();
  readonly #capacities = new Column();
  readonly #byPool = new Map<string, { slots: Column; allocated: Column }>();
  readonly #holders = new Map<string, Holder>();
  /** Grants whose end was stored before they were: a connection broke, and they were sent again. */
  readonly #endedEarly = new Set<string>();
  readonly #wishes = new Map<string, Wish>();
  readonly #moves: LedgerView['moves'][number][] = [];

  get pools(): PoolRow[] {
    return Object.entries(this.#pools).map(([pool, { allocated, free }]) => ({ pool, allocated, free }));
  }

  get hasSpare(): boolean {
    return Object.values(this.#pools).some(({ free }) => free > 0);
  }

  holders(): ReadonlyMap<string, Readonly<Holder>> {
    return this.#holders;
  }

  changed({ capacity, pools }: Balance, at: number): void {
    this.capacity = capacity;
    this.#pools = pools;
    const points = this.#at.length;
    this.#at.push(at);
    this.#capacities.push(capacity);
    for (const pool of Object.keys(pools)) {
      if (this.#byPool.has(pool)) continue;
      const columns = { slots: new Column(), allocated: new Column() };
      for (let point = 0; point < points; point += 1) {
        columns.slots.push(0);
        columns.allocated.push(0);
      }
      this.#byPool.set(pool, columns);
    }
    for (const [pool, columns] of this.#byPool) {
      const { allocated, free } = pools[pool] ?? { allocated: 0, free: 0 };
      columns.slots.push(allocated + free);
      columns.allocated.push(allocated);
    }
  }

  granted({ grant, pool, slots, freedBy }: Grant, at: number): void {
    if (this.#endedEarly.delete(grant)) return;
    this.#holders.set(grant, { pool, slots, since: at, freedBy, row: null });
  }

  /** A task uses a grant. */
  use(grant: string, row: number): void {
    const holder = this.#holders.get(grant);
    if (holder !== undefined) holder.row = row;
  }

  grantOf(grant: string): Readonly<Holder> | undefined {
    return this.#holders.get(grant);
  }

  /** A grant ends. */
  release(grant: string | null): void {
    if (grant !== null && !this.#holders.delete(grant)) this.#endedEarly.add(grant);
  }

  /** @param update the last that was begun; 0 before the first */
  asked(by: string, { from, to, reason }: { from: string; to: string; reason?: string | undefined }, update = 0): void {
    const isBack = to === Object.keys(this.#pools)[0];
    this.#wishes.set(`${from}>${to}`, { by, reason: reason ?? unsaid(by, isBack, update) });
  }

  moved({ from, to, slots }: { from: string; to: string; slots: number }, at: number, sequence: number): void {
    const wish = this.#wishes.get(`${from}>${to}`) ?? { by: 'resource-ledger', reason: 'slots go home' };
    this.#moves.push({ at, sequence, from, to, slots, ...wish });
    if (this.#moves.length > 2 * mostMoves) this.#moves.splice(0, mostMoves);
  }

  /** @param taskOf id and label of a task by its row. */
  view(taskOf: (row: number) => { task: string; label: string }): LedgerView {
    const points = this.#chosenPoints();
    const origin = this.#at.orNull(0) ?? 0;
    const at = (column: Column): number[] => points.map((point) => column.at(point));
    return {
      origin,
      at: at(this.#at).map((time) => time - origin),
      capacity: at(this.#capacities),
      pools: Object.fromEntries(
        [...this.#byPool].map(([pool, { slots, allocated }]) => [pool, { slots: at(slots), allocated: at(allocated) }]),
      ),
      holders: [...this.#holders].map(([grant, { pool, slots, since, row }]) => ({
        grant,
        pool,
        slots,
        ...(row === null ? { task: null, label: null } : taskOf(row)),
        since,
      })),
      moves: this.#moves.slice(-mostMoves),
    };
  }

  /** All points, or the first, the last, and evenly many between them, of which those count where slots moved. */
  #chosenPoints(): number[] {
    const count = this.#at.length;
    if (count <= mostPoints) return Array.from({ length: count }, (_, point) => point);
    const stride = (count - 1) / (mostPoints - 1);
    const chosen: number[] = [];
    for (let n = 0; n < mostPoints; n += 1) {
      const last = Math.round(n * stride);
      const first = n === 0 ? 0 : Math.round((n - 1) * stride) + 1;
      chosen.push(this.#moveIn(first, last) ?? last);
    }
    return chosen;
  }

  /** The last point of a range at which some pool has other slots than right before; null when there is none. */
  #moveIn(first: number, last: number): number | null {
    for (let point = last; point >= first && point > 0; point -= 1) {
      for (const { slots } of this.#byPool.values()) if (slots.at(point) !== slots.at(point - 1)) return point;
    }
    return null;
  }
}

/** Why those ask for slots, or give them back, who do not say so. */
function unsaid(by: string, isBack: boolean, update: number): string {
  if (update === 0) return isBack ? 'the first candidates are chosen' : 'the first candidates are to be chosen';
  if (isBack) return `update ${update} is over`;
  if (by === 'trainer') return `update ${update} is to be trained`;
  return by === 'inference-runner' ? `candidates are to be scored for update ${update}` : '';
}
