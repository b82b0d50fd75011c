import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

test('500 campaigns end as promised, whatever dies, freezes or is cut off', { timeout: 180_000 }, async () => {
  const { outcomes, failures } = await runSeeds(1, 500);
  expect(failures).toEqual([]);
  const lives = outcomes.reduce((sum, outcome) => sum + outcome.lives, 0);
  const again = outcomes.reduce((sum, outcome) => sum + outcome.startedAgain, 0);
  // Faults there were.
  expect(lives).toBeGreaterThan(1_200);
  expect(again).toBeGreaterThan(50);
});
