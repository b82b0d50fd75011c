import { describe, expect, test } from 'vitest';
import { runCrashCampaign, type Ports } from './crash-world.ts';

const seeds = Array.from({ length: 100 }, (_, n) => n + 1);

test('a batched campaign ends as promised, whenever its host dies', async () => {
  let lives = 0;
  for (const seed of seeds) {
    const outcome = await runCrashCampaign({ seed, policy: 'batched' });
    expect(outcome.violations).toEqual([]);
    lives += outcome.lives;
  }
  expect(lives).toBeGreaterThan(3 * seeds.length);
});

test('the same seed gives the same campaign', async () => {
  const [one, other] = [
    await runCrashCampaign({ seed: 5, policy: 'batched' }),
    await runCrashCampaign({ seed: 5, policy: 'batched' }),
  ];
  expect(one.lives).toBeGreaterThan(1);
  expect(other).toEqual({ ...one, plans: other.plans });
});

/** Faults of a runtime that looks right: each must be noticed within the seeds that are run above. */
describe('the checks notice', () => {
  const plants: Record<string, (ports: Ports) => Ports> = {
    'a recovery that does not look into the log': ({ log, ...rest }) => ({
      ...rest,
      log: {
        append: (source, fact) => log.append(source, fact),
        follow: (from, listener) => log.follow(from, listener),
        read: () => Promise.resolve(),
      },
    }),
    'a recovery that does not look into the queue': ({ queue, ...rest }) => ({
      ...rest,
      queue: { enqueue: (task) => queue.enqueue(task), held: () => Promise.resolve(new Set()) },
    }),
    'a snapshot that does not wait until effects are stored': ({ log, queue, snapshots }) => ({
      snapshots,
      log: {
        append: (source, fact) => {
          void log.append(source, fact);
          return Promise.resolve({ sequence: 0 });
        },
        follow: (from, listener) => log.follow(from, listener),
        read: (from, listener) => log.read(from, listener),
      },
      queue: {
        enqueue: (task) => {
          void queue.enqueue(task);
          return Promise.resolve();
        },
        held: () => queue.held(),
      },
    }),
    'a snapshot that is lost without a word': ({ snapshots, ...rest }) => ({
      ...rest,
      snapshots: {
        load: (actor) => snapshots.load(actor).then((stored) => (actor === 'submitter' ? null : stored)),
        save: (actor, record, revision) => snapshots.save(actor, record, revision),
      },
    }),
  };

  test.each(Object.keys(plants))('%s', async (name) => {
    const plant = plants[name];
    if (plant === undefined) throw new Error(`there is no plant ${name}`);
    for (const seed of seeds) {
      const { violations } = await runCrashCampaign({ seed, policy: 'batched', plant });
      if (violations.length > 0) return;
    }
    expect.fail(`none of ${seeds.length} seeds noticed it`);
  });
});
