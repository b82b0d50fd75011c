/** What each slot does now: from what workers say of themselves, else guessed from who made room for whom. */
import type { Records } from './records.ts';
import type { SlotRow, WorkerRow } from './views.ts';

/** A task that runs: on which lanes, and since when (null: it is on its way, or nobody said). */
export interface Running {
  readonly row: number;
  readonly worker: string;
  readonly lanes: readonly number[];
  readonly since: number | null;
}

/** The tasks that hold a slot, each on lanes of its own as far as there are any. */
export function runningTasks(records: Records): Running[] {
  const { workers, lanes, tasks, running, clocks } = records;
  const free = new Map<string, number[]>();
  for (const [worker, { state }] of workers) {
    const there = lanes.of(worker).filter((lane) => lanes.all[lane]?.to === null);
    if (state === 'there' || state === 'draining') free.set(worker, there);
  }
  const found: Running[] = [];
  const told = new Set<number>();
  const put = (row: number, worker: string, since: number | null): void => {
    const mine = (free.get(worker) ?? []).splice(0, tasks.slots.at(row));
    found.push({ row, worker, lanes: mine, since });
    told.add(row);
  };
  for (const [worker, { beat, host }] of workers) {
    for (const { task, runningSince } of beat?.held ?? []) {
      const row = tasks.find(task);
      if (!running.has(row) || told.has(row)) continue;
      put(row, worker, runningSince === null ? null : runningSince + clocks.offsetOf(host));
    }
  }
  for (const row of running) {
    if (told.has(row)) continue;
    const worker = likelyWorker(records, row, free);
    if (worker !== null) put(row, worker, null);
  }
  return found;
}

/** Who takes a task of which nobody has said that they have it: whoever made room for it, else anybody silent with a free slot. */
function likelyWorker(records: Records, row: number, free: ReadonlyMap<string, readonly number[]>): string | null {
  const { books, tasks, workers } = records;
  const silent = (worker: string): boolean => (free.get(worker)?.length ?? 0) > 0 && workers.get(worker)?.beat === null;
  const freedBy = books.grantOf(tasks.grants[row] ?? '')?.freedBy ?? null;
  if (freedBy !== null) {
    for (let other = tasks.length - 1, looked = 0; other >= 0 && looked < 500; other -= 1, looked += 1) {
      if (tasks.finished.at(other) !== freedBy) continue;
      const worker = tasks.names.at(tasks.worker.at(other));
      if (worker !== null && silent(worker)) return worker;
      break;
    }
  }
  for (const worker of free.keys()) if (silent(worker)) return worker;
  return null;
}

/** Every slot that is there, and why it is idle where it is. */
export function slotsNow(records: Records, now: number): SlotRow[] {
  const { lanes, workers, tasks, course } = records;
  const taskOn = new Map<number, Running>();
  for (const one of runningTasks(records)) for (const lane of one.lanes) taskOn.set(lane, one);
  const slots: SlotRow[] = [];
  lanes.all.forEach(({ worker, from, to, rows }, lane) => {
    if (to !== null) return;
    const host = workers.get(worker)?.host ?? '';
    const running = taskOn.get(lane);
    const idleSince = Math.max(from, tasks.end.orNull(rows.at(-1) ?? -1) ?? from);
    if (running === undefined) {
      slots.push({ lane, worker, host, task: null, since: idleSince, idle: course.causeAt(now) });
      return;
    }
    const { row, since } = running;
    const isKnown = workers.get(worker)?.beat !== null;
    const task = { task: tasks.ids[row] ?? '', topic: topicOf(records, row), label: tasks.labels[row] ?? '' };
    const began = since ?? (isKnown ? null : tasks.grantedAt.orNull(row));
    slots.push(
      began === null
        ? { lane, worker, host, task: null, since: idleSince, idle: 'dispatch' }
        : { lane, worker, host, task, since: began, idle: null },
    );
  });
  return slots;
}

export const topicOf = ({ tasks }: Records, row: number): string => tasks.topics.at(tasks.topic.at(row)) ?? '';

export function workerRows(records: Records): WorkerRow[] {
  const busy = new Map<string, number>();
  for (const { worker } of runningTasks(records)) busy.set(worker, (busy.get(worker) ?? 0) + 1);
  return [...records.workers].map(([worker, known]) => ({
    worker,
    host: known.host,
    slots: known.slots,
    running: busy.get(worker) ?? 0,
    state: known.state,
    joinedAt: known.joinedAt,
    goneAt: known.goneAt,
    done: known.done,
    failed: known.failed,
    load: known.beat?.load[0] ?? null,
    heardAt: known.heardAt,
  }));
}
