import { expect, test } from 'vitest';
import { runCrashCampaign } from './crash-world.ts';

test('a random campaign ends as promised, whenever its host dies', async () => {
  for (let seed = 1_001; seed <= 1_150; seed += 1) {
    const { violations } = await runCrashCampaign({ seed, policy: 'random' });
    expect(violations).toEqual([]);
  }
});
