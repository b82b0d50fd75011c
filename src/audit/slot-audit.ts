/**
 * The slots of a campaign, reckoned from who was given which and who ended with it, beside what the ledger says of itself.
 *
 * The ledger answers facts a moment after they are stored, and names the one that it answers. So what it hears is put aside, and
 * taken when it speaks: everything up to the cause of what it says.
 */
import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { Task } from '../protocol/task.ts';
import { AheadQueue } from './ahead-queue.ts';
import { GrantHolders, type PoolUse } from './grant-holders.ts';
import { GrantQueue } from './grant-queue.ts';

type LedgerFact = Says<'resource-ledger'>;
type Granted = Extract<LedgerFact, { type: 'slots.granted' }>;
type Changed = Extract<LedgerFact, { type: 'slots.changed' }>;

interface Heard {
  readonly place: number;
  /** Whether its place completed several facts, which the ledger answers one by one under the same cause. */
  readonly isOfRun: boolean;
  readonly isResult: boolean;
  readonly enter: () => void;
}

/** What is said of the slots when all is over. */
export interface SlotUse {
  /** The least and the most slots that there were; null if the ledger never said. */
  readonly capacity: { readonly min: number; readonly max: number } | null;
  readonly pools: Readonly<Record<string, PoolUse>>;
  /** Grants that nobody has ended. */
  readonly held: readonly string[];
}

export class SlotAudit {
  readonly #wrong: (message: string) => void;
  readonly #holders: GrantHolders;
  readonly #queue = new GrantQueue();
  readonly #ahead = new AheadQueue();
  #heard: Heard[] = [];
  /** What the fleet has, as the ledger has heard of it. */
  #fleet = 0;
  #stated = 0;
  #sizes = new Map<string, number>();
  #range: { min: number; max: number } | null = null;
  /** The last place that the ledger has heard of, and whether a result stands there. */
  #last = { place: 0, isResult: false };

  constructor(wrong: (message: string) => void) {
    this.#wrong = wrong;
    this.#holders = new GrantHolders(wrong);
  }

  /** Take a fact in its turn, at the place that completed it. */
  take(fact: StoredFact, place: number, isOfRun: boolean): void {
    const { source, event } = fact;
    const hear = (enter: () => void): void => {
      this.#heard.push({ place, isOfRun, isResult: source === 'worker', enter });
    };
    if (source === 'resource-ledger') {
      this.#check(event as unknown as LedgerFact, fact.cause ?? 0, place);
      return;
    }
    switch (event.type) {
      case 'slots.requested': {
        hear(() => this.#queue.request(event as never, source));
        return;
      }
      case 'slots.withdrawn': {
        hear(() => this.#queue.withdraw(String(event['request'])));
        return;
      }
      case 'slots.released': {
        const grant = String(event['grant']);
        this.#holders.giveBack(grant, source);
        hear(() => this.#holders.end(grant, null));
        return;
      }
      case 'task.finished': {
        const { task } = event['result'] as { task: Task };
        const { grant, id } = task;
        if (grant !== null) hear(() => this.#holders.end(grant, id));
        else if (task.source === 'submitter') {
          hear(() => {
            if (!this.#holders.endTask(id)) this.#ahead.leave(task);
          });
        }
        return;
      }
      case 'task.created': {
        const task = event['task'] as Task;
        if (task.grant !== null) this.#holders.use(task, source, fact.cause ?? 0);
        else if (source !== 'submitter') this.#wrong(`${task.id} is created without a grant`);
        if (source === 'submitter') hear(() => this.#ahead.create(task));
        return;
      }
      case 'task.withdrawn': {
        hear(() => this.#ahead.withdraw(String(event['task'])));
        return;
      }
      case 'result.recorded': {
        this.#holders.decide(Number(event['sequence']), place);
        return;
      }
      case 'capacity.changed': {
        hear(() => (this.#fleet = Number(event['capacity'])));
        return;
      }
      case 'drain.started': {
        hear(() => this.#queue.close());
        return;
      }
      case 'campaign.resumed': {
        hear(() => this.#queue.open());
        return;
      }
    }
  }

  /** What the slots were used for. */
  finish(): SlotUse {
    for (const heard of this.#heard.splice(0)) heard.enter();
    return { capacity: this.#range, pools: this.#holders.pools, held: this.#holders.held };
  }

  /** Something that the ledger says, in answer to what stands at `cause`. */
  #check(event: LedgerFact, cause: number, place: number): void {
    switch (event.type) {
      case 'slots.granted':
        this.#hearUpTo(cause, () => {
          const ahead = this.#ahead.first(event.pool)?.id;
          return ahead === event.task && (ahead !== undefined || this.#queue.first(event.pool)?.id === event.request);
        });
        this.#checkFreedBy(event, cause);
        if (event.task === undefined) this.#grant(event, place);
        else this.#grantAhead(event, event.task, place);
        return;
      case 'slots.moved':
        this.#grow(event.from, -event.slots);
        {
          this.#grow(event.to, event.slots);
          return;
        }
      case 'slots.changed':
        this.#hearUpTo(cause, () => this.#faultOf(event) === null);
        {
          this.#change(event);
          return;
        }
      case 'slots.drained':
        this.#hearUpTo(cause, () => this.#out.length === 0);
        if (this.#out.length > 0) this.#wrong(`nothing is held any more, but ${this.#out.slice(0, 3).join(', ')} is`);
        return;
      case 'timer.fired':
        return;
    }
  }

  /** Let the ledger have heard everything before a place; of several facts there, so many that what it says fits. */
  #hearUpTo(cause: number, fits: () => boolean): void {
    let taken = 0;
    for (const heard of this.#heard) {
      if (heard.place > cause || (heard.place === cause && heard.isOfRun && fits())) break;
      heard.enter();
      this.#last = heard;
      taken += 1;
    }
    if (taken > 0) this.#heard = this.#heard.slice(taken);
  }

  /** Grants that are held, and tasks that wait for one. */
  get #out(): readonly string[] {
    return [...this.#holders.held, ...this.#ahead.ids];
  }

  #checkFreedBy({ grant, freedBy }: Granted, cause: number): void {
    const result = this.#last.place === cause && this.#last.isResult ? cause : null;
    if (freedBy !== result)
      this.#wrong(`${grant} was freed by ${String(result)}, and is said to be freed by ${String(freedBy)}`);
  }

  /** A slot for the task that has waited longest. */
  #grantAhead(event: Granted, task: string, place: number): void {
    const { grant, request, pool, slots } = event;
    const first = this.#ahead.first(pool);
    if (request !== 'ahead') this.#wrong(`${grant} is for ${request} and for ${task}, which nobody asked for`);
    if (first === null || first.id !== task) {
      const waits = first === null ? 'nothing' : first.id;
      this.#wrong(`${grant} is for ${task}, and ${waits} waits ahead in pool ${pool}`);
    } else {
      if (first.slots !== slots) this.#wrong(`${grant} is of ${slots} slots, and ${task} takes ${first.slots}`);
      this.#ahead.leave(first);
    }
    this.#holders.give(event, 'submitter', place, task);
  }

  #grant(event: Granted, place: number): void {
    const { grant, request, pool, slots } = event;
    const ahead = this.#ahead.first(pool);
    if (ahead !== null) this.#wrong(`${grant} is for ${request}, but ${ahead.id} waits ahead in pool ${pool}`);
    const first = this.#queue.first(pool);
    const served = this.#queue.serve(pool, request);
    if (served === null) this.#wrong(`${grant} is for ${request}, which asks for nothing in pool ${pool}`);
    else if (first !== null && first.id !== request)
      this.#wrong(`${grant} is for ${request}, but ${first.id} comes first in pool ${pool}`);
    else if (served.slots !== slots) this.#wrong(`${grant} is of ${slots} slots, ${request} asked for ${served.slots}`);
    this.#holders.give(event, served?.owner ?? '', place);
  }

  #grow(pool: string, slots: number): void {
    this.#sizes.set(pool, (this.#sizes.get(pool) ?? 0) + slots);
  }

  #change(event: Changed): void {
    const fault = this.#faultOf(event);
    if (fault !== null) this.#wrong(fault);
    const { capacity, pools } = event;
    this.#stated = capacity;
    this.#sizes = new Map(Object.entries(pools).map(([pool, { allocated, free }]) => [pool, allocated + free]));
    const { min, max } = this.#range ?? { min: capacity, max: capacity };
    this.#range = { min: Math.min(min, capacity), max: Math.max(max, capacity) };
  }

  /** What does not add up in the books as the ledger states them; null when all does. */
  #faultOf({ capacity, pools }: Changed): string | null {
    let slots = 0;
    for (const [pool, { allocated, free }] of Object.entries(pools)) {
      slots += allocated + free;
      const held = this.#holders.heldIn(pool);
      if (allocated !== held)
        return `pool ${pool} has ${allocated} slots in use; by grants and their ends it has ${held}`;
      if (free < 0) return `pool ${pool} has ${free} free slots`;
    }
    if (slots !== capacity) return `in use and free are ${slots} slots, and the capacity is ${capacity}`;
    const lasting = Math.max(this.#fleet, this.#holders.heldInAll);
    if (capacity !== lasting)
      return `the capacity is ${capacity}; the fleet has ${this.#fleet} slots and ${this.#holders.heldInAll} are in use`;
    return this.#faultOfSizes(capacity, pools);
  }

  /** Pools change their sizes by moves; beside them all grow or all shrink, with the capacity. */
  #faultOfSizes(capacity: number, pools: Changed['pools']): string | null {
    const growth = Math.sign(capacity - this.#stated);
    for (const pool of new Set([...this.#sizes.keys(), ...Object.keys(pools)])) {
      const { allocated, free } = pools[pool] ?? { allocated: 0, free: 0 };
      const expected = this.#sizes.get(pool) ?? 0;
      const change = Math.sign(allocated + free - expected);
      if (change !== 0 && change !== growth)
        return `pool ${pool} has ${allocated + free} slots; by the moves it has ${expected}`;
    }
    return null;
  }
}
