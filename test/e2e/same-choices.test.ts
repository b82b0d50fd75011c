import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ResultLine } from '../../src/campaign/result-line.ts';
import { killTree, processTree } from '../support/process-tree.ts';
import { eventually, isRunning } from '../support/scene.ts';
import { Workplace } from '../support/workplace.ts';

/** Two updates of the model, on one slot: what is chosen follows from the seed and the results alone. */
const campaign = [
  '--space',
  'some.csv',
  '--total',
  '7',
  '--initial',
  '3',
  '--batch',
  '2',
  '--workers',
  '1',
  '--seed',
  '5',
  '--model',
  'gp',
];

/** A place with the beginning of the packaged space: small molecules. */
async function placeWithSpace(): Promise<Workplace> {
  const place = await Workplace.open();
  const packaged = await readFile(join(import.meta.dirname, '../../data/search-space.csv'), 'utf8');
  await writeFile(join(place.path, 'some.csv'), `${packaged.split('\n').slice(0, 301).join('\n')}\n`);
  return place;
}

/** Simulations in the order in which they were chosen: which candidate, and why. */
const choicesOf = (lines: readonly ResultLine[]): unknown[] =>
  lines
    .filter(({ topic }) => topic === 'simulate')
    .sort((a, b) => a.times.created - b.times.created)
    .map(({ candidate, choice }) => {
      const { by, rank, score, mean, deviation, update, model, trainedOn } = choice ?? {};
      return { candidate, by, rank, score, mean, deviation, update, model, trainedOn };
    });

describe('the same seed', () => {
  it(
    'makes the same choices in the same order, also when the run is killed with -9 and resumed',
    { timeout: 120_000 },
    async () => {
      await using whole = await placeWithSpace();
      await using broken = await placeWithSpace();
      const undisturbed = whole.cox(['run', '--id', 'ie', '--quiet', ...campaign]);
      const first = broken.cox(['run', '--id', 'ie', ...campaign]);
      await eventually(async () => {
        const done = choicesOf(await broken.results('ie')).length;
        // A choice by the model was made, and a second update is to come.
        if (done < 4) throw new Error(`${done} of 4 simulations`);
      }, 60_000);
      const everything = processTree(first.pid);
      killTree(first.pid);
      await first.exit;
      await eventually(() => expect(everything.filter(isRunning)).toEqual([]));
      expect(choicesOf(await broken.results('ie')).length).toBeLessThan(7);
      const second = broken.cox(['run', '--resume', 'ie', '--workers', '1', '--quiet']);
      expect(await second.exit, second.stderr()).toBe(0);
      expect(await undisturbed.exit, undisturbed.stderr()).toBe(0);

      const expected = choicesOf(await whole.results('ie'));
      expect(expected.map((choice) => (choice as { by: string }).by)).toEqual([
        ...['first', 'first', 'first'],
        ...['ranking', 'ranking', 'ranking', 'ranking'],
      ]);
      expect(choicesOf(await broken.results('ie'))).toEqual(expected);
    },
  );
});
