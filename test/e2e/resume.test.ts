import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ResultLine } from '../../src/campaign/result-line.ts';
import type { Summary } from '../../src/campaign/summary.ts';
import { killTree, processTree } from '../support/process-tree.ts';
import { eventually, isRunning } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

const campaign = ['run', '--id', 'ie', '--total', '12', '--initial', '4', '--batch', '4', '--workers', '2'];
const simulations = (lines: readonly ResultLine[]): ResultLine[] => lines.filter(({ topic }) => topic === 'simulate');
const distinct = (values: readonly unknown[]): number => new Set(values).size;

/** Wait until a run has at least so many simulations on its books. */
async function untilSimulated(place: Workplace, count: number): Promise<ResultLine[]> {
  return eventually(async () => {
    const lines = await place.results('ie');
    if (simulations(lines).length < count) throw new Error(`${simulations(lines).length} of ${count} simulations`);
    return lines;
  }, 60_000);
}

function expectEachOnce(lines: readonly ResultLine[], total: number): void {
  expect(distinct(lines.map(({ id }) => id))).toBe(lines.length);
  const done = simulations(lines);
  expect(distinct(done.map(({ candidate }) => candidate))).toBe(done.length);
  expect(done.filter(({ success }) => success).length).toBeGreaterThanOrEqual(total);
}

describe('cox run, killed with -9 as a whole and resumed', () => {
  it('counts every simulation once and runs no finished one again', { timeout: 120_000 }, async () => {
    await using place = await Workplace.open();
    const first = place.cox(campaign);
    const before = await untilSimulated(place, 6);
    const everything = processTree(first.pid);
    killTree(first.pid);
    await first.exit;
    expect(everything.length).toBeGreaterThanOrEqual(5);
    await eventually(() => expect(everything.filter(isRunning)).toEqual([]));
    const kept = await place.results('ie');
    expect(kept.length).toBeGreaterThanOrEqual(before.length);

    const second = place.cox(['run', '--resume', 'ie', '--json']);
    expect(await second.exit, second.stderr()).toBe(0);
    const after = await place.results('ie');
    // What was finished before is untouched, result, worker, times and all: none of it ran again.
    expect(after.slice(0, kept.length)).toEqual(kept);
    expectEachOnce(after, 12);
    const summary = JSON.parse(second.stdout()) as Summary;
    expect(summary.state).toBe('ended');
    expect(summary.simulations.succeeded).toBe(simulations(after).filter(({ success }) => success).length);
    expect(JSON.parse(await readFile(join(place.path, 'runs/ie/summary.json'), 'utf8'))).toEqual(summary);

    // An ended run says what it found, and runs nothing.
    const third = place.cox(['run', '--resume', 'ie', '--json']);
    expect(await third.exit).toBe(0);
    expect(JSON.parse(third.stdout())).toEqual(summary);
    expect(await place.results('ie')).toEqual(after);
  });
});

describe('cox run, interrupted', () => {
  it(
    'drains at the first Ctrl-C, ends at once at the second, and loses nothing either way',
    { timeout: 120_000 },
    async () => {
      await using place = await Workplace.open();
      const first = place.cox(campaign);
      await untilSimulated(place, 3);
      const everything = processTree(first.pid);
      first.child.kill('SIGINT');
      expect(await first.exit).toBe(130);
      expect(first.stdout()).toContain('cox run --resume ie');
      await eventually(() => expect(everything.filter(isRunning)).toEqual([]));
      const drained = await place.results('ie');
      // What ran when it was interrupted has finished and is on the books.
      const created = Math.max(...simulations(drained).map(({ id }) => Number(id.split('-')[1])));
      expect(simulations(drained)).toHaveLength(created);

      const second = place.cox(['run', '--resume', 'ie']);
      await untilSimulated(place, simulations(drained).length + 1);
      const running = processTree(second.pid);
      second.child.kill('SIGINT');
      second.child.kill('SIGINT');
      expect(await second.exit).toBe(130);
      await eventually(() => expect(running.filter(isRunning)).toEqual([]));
      const stopped = await place.results('ie');

      const third = place.cox(['run', '--resume', 'ie', '--quiet']);
      expect(await third.exit, third.stderr()).toBe(0);
      const after = await place.results('ie');
      expect(after.slice(0, stopped.length)).toEqual(stopped);
      expectEachOnce(after, 12);
    },
  );
});
