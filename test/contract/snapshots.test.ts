import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LeaseError } from '../../src/protocol/errors.ts';
import type { SnapshotStore } from '../../src/runtime/contracts.ts';
import { worlds, type World } from './worlds.ts';

describe.each(worlds)('snapshots in $name', ({ open }) => {
  let world: World;
  let made = 0;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A test with two processes that run the same campaign. */
  const withStores = (body: (one: SnapshotStore, other: SnapshotStore) => Promise<void>) => () =>
    world.run(async () => {
      const campaign = `snapshots-${(made += 1)}`;
      await body((await world.process(campaign)).snapshots, (await world.process(campaign)).snapshots);
    });

  test(
    'there is none at first, and then the last one',
    withStores(async (one, other) => {
      expect(await one.load('submitter')).toBeNull();
      const first = await one.save('submitter', { position: 1, nested: { list: [1, 'ä', null] } }, 0);
      expect(await other.load('submitter')).toEqual({
        record: { position: 1, nested: { list: [1, 'ä', null] } },
        revision: first,
      });
      const second = await one.save('submitter', { position: 2 }, first);
      expect(second).toBeGreaterThan(first);
      expect(await other.load('submitter')).toEqual({ record: { position: 2 }, revision: second });
    }),
  );

  test(
    'each actor has its own',
    withStores(async (one) => {
      const revision = await one.save('submitter', { of: 'submitter' }, 0);
      await one.save('trainer', { of: 'trainer' }, 0);
      expect(await one.load('submitter')).toEqual({ record: { of: 'submitter' }, revision });
      expect(await one.save('submitter', { of: 'submitter', position: 2 }, revision)).toBeGreaterThan(revision);
    }),
  );

  test(
    'whoever writes over what somebody else wrote has lost the actor',
    withStores(async (stale, current) => {
      const revision = await stale.save('submitter', { position: 1 }, 0);
      const newer = await current.save('submitter', { position: 2 }, revision);
      await expect(stale.save('submitter', { position: 3 }, revision)).rejects.toThrow(LeaseError);
      expect(await stale.load('submitter')).toEqual({ record: { position: 2 }, revision: newer });
    }),
  );

  test(
    'whoever begins where somebody has begun has lost it, too',
    withStores(async (one, other) => {
      await one.save('submitter', { position: 1 }, 0);
      await expect(other.save('submitter', { position: 0 }, 0)).rejects.toThrow(LeaseError);
    }),
  );

  test(
    'a revision that never was is refused',
    withStores(async (one) => {
      await expect(one.save('submitter', { position: 1 }, 12_345)).rejects.toThrow(LeaseError);
      expect(await one.load('submitter')).toBeNull();
    }),
  );

  test(
    'one’s own write, whose answer was lost, is known again',
    withStores(async (one) => {
      const first = await one.save('submitter', { position: 1 }, 0);
      expect(await one.save('submitter', { position: 1 }, 0)).toBe(first);
      const second = await one.save('submitter', { position: 2 }, first);
      expect(await one.save('submitter', { position: 2 }, first)).toBe(second);
      expect(await one.save('submitter', { position: 3 }, second)).toBeGreaterThan(second);
    }),
  );
});
