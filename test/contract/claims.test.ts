import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActorClaims } from '../../src/runtime/contracts.ts';
import { eventually, worlds, type World } from './worlds.ts';

const actors = ['campaign', 'fleet'];

/** A process with claims, and what it was told. */
interface Told {
  readonly claims: ActorClaims;
  readonly free: string[];
  readonly lost: string[];
}

describe.each(worlds)('claims in $name', ({ open }) => {
  let world: World;
  let made = 0;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const join = async (campaign: string): Promise<Told> => {
    const told: Told = { claims: await world.claims(campaign, actors), free: [], lost: [] };
    await told.claims.open({ free: (actor) => told.free.push(actor), lost: (actor) => told.lost.push(actor) });
    return told;
  };
  /** A test with two processes of one campaign. */
  const withTwo = (body: (one: Told, other: Told) => Promise<void>) => () =>
    world.run(async () => {
      const campaign = `claims-${(made += 1)}`;
      const [one, other] = [await join(campaign), await join(campaign)];
      await body(one, other);
      await Promise.all([one, other].map(({ claims }) => claims.close()));
    });

  test(
    'what nobody has is told to all, and goes to the first that wants it',
    withTwo(async (one, other) => {
      expect(new Set(one.free)).toEqual(new Set(actors));
      expect(new Set(other.free)).toEqual(new Set(actors));
      expect(await one.claims.claim('fleet')).toBe(true);
      expect(await other.claims.claim('fleet')).toBe(false);
      expect(await one.claims.claim('fleet')).toBe(true);
      expect(await other.claims.claim('campaign')).toBe(true);
      await eventually(world.clock, () => {
        const owner = other.claims.ownerOf('fleet');
        expect(owner).not.toBeNull();
        expect(one.claims.ownerOf('fleet')).toBe(owner);
      });
      expect([one.lost, other.lost]).toEqual([[], []]);
    }),
  );

  test(
    'of two that want an actor at once one gets it',
    withTwo(async (one, other) => {
      const won = await Promise.all([one, other].map(({ claims }) => claims.claim('campaign')));
      expect([...won].sort()).toEqual([false, true]);
    }),
  );

  test(
    'what is given up is free for others at once',
    withTwo(async (one, other) => {
      expect(await one.claims.claim('fleet')).toBe(true);
      await eventually(world.clock, () => expect(other.claims.ownerOf('fleet')).not.toBeNull());
      other.free.length = 0;
      await one.claims.release('fleet');
      await eventually(world.clock, () => expect(other.free).toContain('fleet'));
      expect(await other.claims.claim('fleet')).toBe(true);
      expect(await one.claims.claim('fleet')).toBe(false);
    }),
  );

  test(
    'a process that leaves gives up all that it has',
    withTwo(async (one, other) => {
      for (const actor of actors) expect(await one.claims.claim(actor)).toBe(true);
      await eventually(world.clock, () => expect(other.claims.ownerOf('fleet')).not.toBeNull());
      other.free.length = 0;
      await one.claims.close();
      await eventually(world.clock, () => expect(new Set(other.free)).toEqual(new Set(actors)));
      for (const actor of actors) expect(await other.claims.claim(actor)).toBe(true);
    }),
  );

  test(
    'one that was not held up has no doubts',
    withTwo(async (one) => {
      expect(await one.claims.claim('fleet')).toBe(true);
      const doubt = one.claims.doubt();
      if (doubt !== null) await doubt;
      expect(one.claims.doubt()).toBeNull();
      expect(one.lost).toEqual([]);
    }),
  );
});
