/** Lanes over time, and the time of slots by what they did. */
import { LaneWalk, type Visit } from './gaps.ts';
import { runningTasks, topicOf } from './present.ts';
import type { Records } from './records.ts';
import type { IdleCause, IdleReport, Timeline } from './views.ts';

const mostLongest = 20;

/** What runs on each lane now, and since when. */
function runningByLane(records: Records): Map<number, { row: number; since: number }> {
  const found = new Map<number, { row: number; since: number }>();
  for (const { row, lanes, since, worker } of runningTasks(records)) {
    const isSilent = records.workers.get(worker)?.beat === null;
    const began = since ?? (isSilent ? records.tasks.grantedAt.orNull(row) : null);
    if (began !== null) for (const lane of lanes) found.set(lane, { row, since: began });
  }
  return found;
}

function walkAll(records: Records, window: { from: number; to: number }, visit: Visit): void {
  const running = runningByLane(records);
  const walk = new LaneWalk(records, visit);
  for (let lane = 0; lane < records.lanes.all.length; lane += 1) walk.walk(lane, window, running.get(lane) ?? null);
}

/** Everything that the slots did, until `now`. */
export function timelineOf(records: Records, now: number): Timeline {
  const { lanes, workers, tasks, knowledge } = records;
  const origin = Math.min(records.origin, ...lanes.all.map(({ from }) => from));
  const rows = { id: [] as string[], lane: [] as number[], topic: [] as number[] };
  const times = { start: [] as number[], end: [] as (number | null)[], state: [] as number[] };
  const gaps = { lane: [] as number[], start: [] as number[], end: [] as number[], cause: [] as IdleCause[] };
  walkAll(records, { from: origin, to: now }, (lane, from, to, row, cause) => {
    if (row < 0) {
      gaps.lane.push(lane);
      gaps.start.push(tenth(from - origin));
      gaps.end.push(tenth(to - origin));
      gaps.cause.push(cause ?? 'dispatch');
      return;
    }
    const state = tasks.stateOf(row);
    const isRunning = state === 'running' || state === 'queued';
    rows.id.push(tasks.ids[row] ?? '');
    rows.lane.push(lane);
    rows.topic.push(tasks.topic.at(row));
    times.start.push(tenth(from - origin));
    times.end.push(isRunning ? null : tenth(to - origin));
    times.state.push(isRunning ? 0 : state === 'succeeded' ? 1 : 2);
  });
  return {
    origin,
    end: tenth(now - origin),
    lanes: lanes.all.map(({ worker, from, to }) => ({
      worker,
      host: workers.get(worker)?.host ?? '',
      from: tenth(from - origin),
      to: to === null ? null : tenth(to - origin),
    })),
    topics: tasks.topics.all(),
    tasks: { ...rows, ...times },
    gaps,
    updates: knowledge.updates.map(({ update, startedAt, endedAt, failed }) => ({
      update,
      start: tenth(startedAt - origin),
      end: endedAt === null ? null : tenth(endedAt - origin),
      failed,
    })),
  };
}

/** Ms with one digit: what a picture can show, in few letters. */
const tenth = (ms: number): number => Math.round(ms * 10) / 10;

/** The time of slots in a window, by what they did. */
export function idleOf(records: Records, from: number, to: number): IdleReport {
  const busySeconds: Record<string, number> = {};
  const idleSeconds: Partial<Record<IdleCause, number>> = {};
  let slotSeconds = 0;
  const longest: (IdleReport['longest'][number] & { length: number })[] = [];
  walkAll(records, { from, to }, (lane, start, end, row, cause) => {
    const seconds = (end - start) / 1_000;
    slotSeconds += seconds;
    if (row >= 0) {
      const topic = topicOf(records, row);
      busySeconds[topic] = (busySeconds[topic] ?? 0) + seconds;
      return;
    }
    const why = cause ?? 'dispatch';
    idleSeconds[why] = (idleSeconds[why] ?? 0) + seconds;
    if (longest.length === mostLongest && seconds <= (longest.at(-1)?.length ?? 0)) return;
    const worker = records.lanes.all[lane]?.worker ?? '';
    const place = longest.findIndex(({ length }) => length < seconds);
    const gap = { lane, worker, from: start, to: end, cause: why, length: seconds };
    longest.splice(place < 0 ? longest.length : place, 0, gap);
    longest.length = Math.min(longest.length, mostLongest);
  });
  return {
    from,
    to,
    slotSeconds,
    busySeconds,
    idleSeconds,
    longest: longest.map(({ length: _, ...gap }) => gap),
  };
}
