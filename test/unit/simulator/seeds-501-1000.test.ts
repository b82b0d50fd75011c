import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

test('500 more campaigns end as promised', { timeout: 180_000 }, async () => {
  expect((await runSeeds(501, 1_000)).failures).toEqual([]);
});

test('and some in which there are more faults than tasks', { timeout: 180_000 }, async () => {
  const { outcomes, failures } = await runSeeds(1, 60, 'heavy');
  expect(failures).toEqual([]);
  expect(outcomes.reduce((sum, { lives }) => sum + lives, 0)).toBeGreaterThan(300);
});
