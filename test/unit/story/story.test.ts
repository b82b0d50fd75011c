/** Stories of simulated campaigns, faults and all: what is told agrees with what the log says. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Says } from '../../../src/protocol/events.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { isWithdrawn, type TaskResult } from '../../../src/protocol/task.ts';
import type { Timeline } from '../../../src/story/views.ts';
import { factsOf, tell } from './told-run.ts';

const seeds = Array.from({ length: 20 }, (_, n) => 1 + n);
const runs = new Map<number, StoredFact[]>();
const factsOfSeed = (seed: number): StoredFact[] => runs.get(seed) ?? [];

beforeAll(async () => {
  for (const seed of seeds) runs.set(seed, await factsOf(seed));
}, 60_000);

type Recorded = Extract<Says<'result-processor'>, { type: 'result.recorded' }>;
const recordedIn = (facts: readonly StoredFact[]): Recorded[] =>
  facts.filter(({ event }) => event.type === 'result.recorded').map(({ event }) => event as unknown as Recorded);

/** What each slot did, in order: [from, to] in ms, and whether it computed. */
function piecesByLane({ lanes, tasks, gaps, end }: Timeline): { from: number; to: number; isBusy: boolean }[][] {
  const pieces = lanes.map((): { from: number; to: number; isBusy: boolean }[] => []);
  tasks.lane.forEach((lane, i) =>
    pieces[lane]?.push({ from: tasks.start[i] ?? 0, to: tasks.end[i] ?? end, isBusy: true }),
  );
  gaps.lane.forEach((lane, i) => pieces[lane]?.push({ from: gaps.start[i] ?? 0, to: gaps.end[i] ?? 0, isBusy: false }));
  return pieces.map((lane) => lane.sort((a, b) => a.from - b.from || a.to - b.to));
}

describe('of every seed', () => {
  it.each(seeds)('%i: counts, the best and the finds are those of the results that were counted', (seed) => {
    const facts = factsOfSeed(seed);
    const { counts, found, best } = tell(facts).overview();
    const recorded = recordedIn(facts);
    // What was stored late, or again, may stand last.
    const most = (count: 'successes' | 'failures'): number => Math.max(...recorded.map((one) => one[count]));
    expect([counts.succeeded, counts.failed]).toEqual([most('successes'), most('failures')]);
    const byTask = new Map(recorded.map((one) => [one.task, one]));
    const values = [...byTask.values()].flatMap(({ value }) => (value === null ? [] : [value]));
    expect(found.count).toBe(values.filter((value) => value > 0.5).length);
    expect(best.map(({ value }) => value)).toEqual(values.sort((a, b) => b - a).slice(0, 10));
    expect(counts.withdrawn).toBe([...byTask.values()].filter(({ withdrawn }) => withdrawn).length);
  });

  it.each(seeds)('%i: every slot computes or stands still, never both, and never neither', (seed) => {
    const story = tell(factsOfSeed(seed));
    const timeline = story.timeline();
    for (const [number, pieces] of piecesByLane(timeline).entries()) {
      const lane = timeline.lanes[number];
      expect(pieces[0]?.from ?? lane?.from).toBe(lane?.from);
      expect(pieces.at(-1)?.to ?? lane?.from).toBeCloseTo(lane?.to ?? timeline.end, 5);
      for (const [i, piece] of pieces.entries()) {
        expect(piece.to).toBeGreaterThanOrEqual(piece.from);
        // Rounded to a tenth of a millisecond, and one picture: no hole, no overlap.
        if (i > 0) expect(piece.from).toBe(pieces[i - 1]?.to);
      }
    }
    const { slotSeconds, busySeconds, idleSeconds } = story.idle();
    const sum = (seconds: Readonly<Record<string, number>>): number =>
      Object.values(seconds).reduce((all, one) => all + one, 0);
    expect(sum(busySeconds) + sum(idleSeconds)).toBeCloseTo(slotSeconds, 6);
  });

  it.each(seeds)('%i: tasks are as long as they took, on no more lanes than their workers have slots', (seed) => {
    const facts = factsOfSeed(seed);
    const results = new Map<string, TaskResult>();
    for (const { event } of facts) {
      if (event.type !== 'task.finished') continue;
      const { result } = event as unknown as Says<'worker'>;
      if (!results.has(result.task.id) && !isWithdrawn(result.failure)) results.set(result.task.id, result);
    }
    const story = tell(facts);
    const took = [...results.values()].reduce(
      (all, { times, task }) => all + ((times.computeEnded - times.computeStarted) / 1_000) * task.slots,
      0,
    );
    const busy = Object.values(story.idle(0).busySeconds).reduce((all, one) => all + one, 0);
    expect(busy).toBeCloseTo(took, 3);
    const { lanes } = story.timeline();
    const { workers } = story.overview();
    for (const { worker, slots } of workers) {
      expect(lanes.filter((lane) => lane.worker === worker).length).toBeLessThanOrEqual(slots);
    }
  });

  it.each(seeds)('%i: a window and the next one are as much as both together', (seed) => {
    const story = tell(factsOfSeed(seed));
    const { from, to, slotSeconds, idleSeconds } = story.idle();
    const middle = from + (to - from) * 0.37;
    const [before, after] = [story.idle(from, middle), story.idle(middle, to)];
    expect(before.slotSeconds + after.slotSeconds).toBeCloseTo(slotSeconds, 6);
    for (const [cause, seconds] of Object.entries(idleSeconds)) {
      const parts = [before, after].map((part) => (part.idleSeconds as Record<string, number>)[cause] ?? 0);
      expect((parts[0] ?? 0) + (parts[1] ?? 0)).toBeCloseTo(seconds, 6);
    }
  });

  it.each(seeds)('%i: nothing is held or runs when all is over, and the books are the last', (seed) => {
    const facts = factsOfSeed(seed);
    const story = tell(facts);
    const overview = story.overview();
    expect(overview.state).toBe('ended');
    expect(story.ledger().holders).toEqual([]);
    expect([overview.counts.running, overview.counts.queued]).toEqual([0, 0]);
    const books = facts.findLast(({ event }) => event.type === 'slots.changed')?.event as
      Extract<Says<'resource-ledger'>, { type: 'slots.changed' }> | undefined;
    expect(overview.capacity).toBe(books?.capacity ?? 0);
    expect(Object.fromEntries(overview.pools.map(({ pool, ...rest }) => [pool, rest]))).toEqual(books?.pools ?? {});
  });

  it.each(seeds.slice(0, 10))('%i: what is stored twice is told once', (seed) => {
    const facts = factsOfSeed(seed);
    const twice = facts.flatMap((fact) => [fact, fact]);
    const [once, again] = [tell(facts), tell(twice)];
    expect(again.overview()).toEqual(once.overview());
    expect(again.timeline()).toEqual(once.timeline());
    expect(again.science()).toEqual(once.science());
    expect(again.ledger().holders).toEqual(once.ledger().holders);
  });
});
