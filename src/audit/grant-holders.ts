import type { Says } from '../protocol/events.ts';
import type { Task } from '../protocol/task.ts';
import { UsedIds } from './number-table.ts';

type Granted = Extract<Says<'resource-ledger'>, { type: 'slots.granted' }>;

/** A grant from when it is given until it has ended and its task, if it has one, is known. */
interface Grant {
  readonly pool: string;
  readonly slots: number;
  /** The actor whose request it answers. */
  readonly owner: string;
  /** Where the owner could hear of it, and where it could hear of the decision on the result that freed it. */
  readonly place: number;
  decidedAt: number | null;
  readonly freedBy: number | null;
  /** The task that holds it. */
  task: string | null;
  isGivenBack: boolean;
  /** What ended it: a task, or its owner (empty). */
  endedBy: string | null;
}

/** How the slots of one pool were used. */
export interface PoolUse {
  readonly grants: number;
  /** Grants that a task held, and those that their actors gave back. */
  readonly byTasks: number;
  readonly givenBack: number;
  /** The most slots that were in use at once. */
  readonly mostHeld: number;
}

const unused = { grants: 0, byTasks: 0, givenBack: 0, mostHeld: 0, held: 0 };

/** Who holds which grant: one task, or the actor that asked for it, until one of them ends it. */
export class GrantHolders {
  readonly #wrong: (message: string) => void;
  readonly #given = new UsedIds();
  readonly #grants = new Map<string, Grant>();
  /** The grants of tasks that had waited for them, by task. */
  readonly #ofTask = new Map<string, string>();
  readonly #undecided = new Set<Grant>();
  readonly #pools = new Map<string, { -readonly [field in keyof typeof unused]: number }>();
  #heldInAll = 0;
  #decided = 0;

  constructor(wrong: (message: string) => void) {
    this.#wrong = wrong;
  }

  /** Slots in use. */
  get heldInAll(): number {
    return this.#heldInAll;
  }

  heldIn(pool: string): number {
    return this.#pools.get(pool)?.held ?? 0;
  }

  /** Grants that have not ended. */
  get held(): readonly string[] {
    return [...this.#grants].filter(([, { endedBy }]) => endedBy === null).map(([id]) => id);
  }

  get pools(): Readonly<Record<string, PoolUse>> {
    return Object.fromEntries([...this.#pools].map(([pool, { held: _, ...use }]) => [pool, use]));
  }

  /** @param task the one that has waited for it and holds it at once; its choice was made before. */
  give({ grant: id, pool, slots, freedBy }: Granted, owner: string, place: number, task: string | null = null): void {
    if (!this.#given.use(id)) {
      this.#wrong(`${id} was given before`);
      return;
    }
    const decidedAt = task !== null || freedBy === null || freedBy <= this.#decided ? place : null;
    const grant: Grant = {
      pool,
      slots,
      owner,
      place,
      decidedAt,
      freedBy,
      task,
      isGivenBack: false,
      endedBy: null,
    };
    this.#grants.set(id, grant);
    if (task !== null) this.#ofTask.set(task, id);
    if (decidedAt === null) this.#undecided.add(grant);
    const use = this.#pools.get(pool) ?? { ...unused };
    this.#pools.set(pool, use);
    use.grants += 1;
    if (task !== null) use.byTasks += 1;
    use.held += slots;
    use.mostHeld = Math.max(use.mostHeld, use.held);
    this.#heldInAll += slots;
  }

  /** An actor turns a grant into a task. */
  use(task: Task, source: string, cause: number): void {
    const { id, grant: name, pool, slots } = task;
    const grant = this.#grants.get(name ?? '');
    const wrong = (what: string): void => this.#wrong(`${id} is created on ${String(name)}, ${what}`);
    if (grant === undefined || name === null) {
      wrong('which is no grant, or has ended');
      return;
    }
    if (grant.owner !== source) wrong(`which is a grant of ${grant.owner}`);
    if (grant.task !== null) {
      wrong(`which ${grant.task} has`);
      return;
    }
    if (grant.isGivenBack) wrong('which its actor has given back');
    if (grant.pool !== pool || grant.slots !== slots) wrong(`which is of ${grant.slots} slots in pool ${grant.pool}`);
    if (cause < grant.place) wrong(`which was given at ${grant.place}, after its cause`);
    // Each choice of a candidate knows every result before it; training and scoring do not choose.
    else if (source === 'submitter' && (grant.decidedAt === null || cause < grant.decidedAt))
      wrong(`whose slot was freed by the result at ${String(grant.freedBy)}, before that was decided on`);
    grant.task = id;
    const use = this.#pools.get(grant.pool);
    if (use !== undefined) use.byTasks += 1;
    if (grant.endedBy !== null && grant.endedBy !== id) wrong(`which ${grant.endedBy || source} had ended`);
    this.#forget(name, grant);
  }

  /** An actor says that it gives a grant back. */
  giveBack(id: string, source: string): void {
    const grant = this.#grants.get(id);
    if (grant === undefined) {
      this.#wrong(`${id} is given back, which is no grant, or has ended`);
      return;
    }
    if (grant.owner !== source) this.#wrong(`${id} is given back by ${source}, and is a grant of ${grant.owner}`);
    if (grant.task !== null) this.#wrong(`${id} is given back, and ${grant.task} has it`);
    if (grant.isGivenBack) this.#wrong(`${id} was given back before`);
    grant.isGivenBack = true;
    const use = this.#pools.get(grant.pool);
    if (use !== undefined) use.givenBack += 1;
  }

  /** The ledger has heard that a grant has ended, by its task or by its actor (null); the second time changes nothing. */
  end(id: string, task: string | null): void {
    const grant = this.#grants.get(id);
    if (grant === undefined || grant.endedBy !== null) return;
    grant.endedBy = task ?? '';
    const use = this.#pools.get(grant.pool);
    if (use !== undefined) use.held -= grant.slots;
    this.#heldInAll -= grant.slots;
    this.#forget(id, grant);
  }

  /** The ledger has heard that a task has ended which was created without a grant; false when it was given none, or has ended before. */
  endTask(task: string): boolean {
    const grant = this.#ofTask.get(task);
    if (grant === undefined) return false;
    this.#ofTask.delete(task);
    this.end(grant, task);
    return true;
  }

  /** A result was decided on: whoever listens could know of it from this place on. */
  decide(sequence: number, place: number): void {
    this.#decided = Math.max(this.#decided, sequence);
    for (const grant of this.#undecided) {
      if ((grant.freedBy ?? 0) > this.#decided) continue;
      grant.decidedAt = place;
      this.#undecided.delete(grant);
    }
  }

  /** Nothing more can be said of a grant that has ended and whose task, if it has one, is known. */
  #forget(id: string, grant: Grant): void {
    if (grant.endedBy === null || (grant.task === null && !grant.isGivenBack)) return;
    this.#grants.delete(id);
    this.#undecided.delete(grant);
  }
}
