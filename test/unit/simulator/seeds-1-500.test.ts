import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

test('500 campaigns end as promised, whatever dies, freezes or is cut off', { timeout: 180_000 }, async () => {
  const { outcomes, failures } = await runSeeds(1, 500);
  expect(failures).toEqual([]);
  const lives = outcomes.reduce((sum, outcome) => sum + outcome.lives, 0);
  const again = outcomes.reduce((sum, outcome) => sum + outcome.startedAgain, 0);
  const unrun = outcomes.reduce((sum, { audit }) => sum + audit.tasks.unrun, 0);
  // Faults there were, and tasks that were withdrawn in time.
  expect(lives).toBeGreaterThan(1_200);
  expect(again).toBeGreaterThan(50);
  expect(unrun).toBeGreaterThan(100);
});
