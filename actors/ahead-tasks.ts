/**
 * The tasks that wait in the queue ahead of a slot, pure: who is next, who was withdrawn, who ended before the books knew of it.
 * A worker may start such a task, and end it, before its slot or even its creation is known here.
 */
export interface AheadTask {
  readonly id: string;
  /** Of its creator's tasks: 1, 2, 3, ... */
  readonly number: number;
  readonly slots: number;
  /** It gets no slot any more; it is still out until its end is known, since a worker may have started it. */
  readonly isWithdrawn: boolean;
}

export interface AheadTasks {
  /** Whether more of them may be created, for all that is known here. */
  readonly isOpen: boolean;
  /** Number of the last task that is known to be created, with a grant or ahead of one. */
  readonly known: number;
  /** Numbers beyond it whose ends are known: after a crash a creation may be stored behind its result. */
  readonly early: readonly number[];
  /** Those that have no slot and have not ended, by pool, oldest first. */
  readonly waiting: Readonly<Record<string, readonly AheadTask[]>>;
}

/** No task, and whether any may come. */
export const noneAhead = (isOpen: boolean): AheadTasks => ({ isOpen, known: 0, early: [], waiting: {} });

/** A task was created; one without a grant waits, unless it has ended by now. */
export function noteCreated(
  ahead: AheadTasks,
  { id, number, pool, slots, grant }: Omit<AheadTask, 'isWithdrawn'> & { pool: string; grant: string | null },
): AheadTasks {
  const known = Math.max(ahead.known, number);
  const early = ahead.early.filter((one) => one > known);
  const now = { ...ahead, known, early };
  if (grant !== null || ahead.early.includes(number)) return now;
  const task = { id, number, slots, isWithdrawn: false };
  return { ...now, waiting: { ...ahead.waiting, [pool]: [...(ahead.waiting[pool] ?? []), task] } };
}

/** A task was withdrawn; one that has its slot, or has ended, is not among those that wait. */
export function noteWithdrawn(ahead: AheadTasks, id: string): AheadTasks {
  const mark = (task: AheadTask): AheadTask => (task.id === id ? { ...task, isWithdrawn: true } : task);
  return { ...ahead, waiting: mapValues(ahead.waiting, (tasks) => tasks.map(mark)) };
}

/** A task without a slot has ended; of one that is known and does not wait it is the second end, which changes nothing. */
export function noteEnded(ahead: AheadTasks, number: number): AheadTasks {
  if (number > ahead.known) return ahead.early.includes(number) ? ahead : { ...ahead, early: [...ahead.early, number] };
  if (!Object.values(ahead.waiting).some((tasks) => tasks.some((task) => task.number === number))) return ahead;
  return leave(ahead, number);
}

/** The oldest task of a pool that a slot is for; null when none waits. */
export function firstOf(ahead: AheadTasks, pool: string): AheadTask | null {
  return ahead.waiting[pool]?.find(({ isWithdrawn }) => !isWithdrawn) ?? null;
}

/** The same without a task that waited: it has its slot, or has ended. */
export function leave(ahead: AheadTasks, number: number): AheadTasks {
  const left = mapValues(ahead.waiting, (tasks) => tasks.filter((task) => task.number !== number));
  return { ...ahead, waiting: Object.fromEntries(Object.entries(left).filter(([, tasks]) => tasks.length > 0)) };
}

/** Whether none is out, and none can come. */
export function isOver({ isOpen, waiting }: AheadTasks): boolean {
  return !isOpen && Object.keys(waiting).length === 0;
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
