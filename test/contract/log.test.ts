import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fact, StoredFact } from '../../src/protocol/fact.ts';
import { protocolVersion } from '../../src/protocol/task.ts';
import type { CampaignLog } from '../../src/runtime/contracts.ts';
import { eventually, worlds, type World } from './worlds.ts';

const said = (id: string, reason = id): Fact => ({
  v: protocolVersion,
  id,
  number: null,
  cause: null,
  heardAt: null,
  saidAt: 1,
  event: { type: 'drain.requested', reason },
});
const reasons = (facts: readonly StoredFact[]): unknown[] => facts.map(({ event }) => event['reason']);

describe.each(worlds)('the log in $name', ({ open }) => {
  let world: World;
  let made = 0;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A test with a log of its own. */
  const withLog = (body: (log: CampaignLog, campaign: string) => Promise<void>) => () =>
    world.run(async () => {
      const campaign = `log-${(made += 1)}`;
      await body((await world.process(campaign)).log, campaign);
    });
  const read = async (log: CampaignLog, from = 1): Promise<StoredFact[]> => {
    const facts: StoredFact[] = [];
    await log.read(from, (fact) => facts.push(fact));
    return facts;
  };

  test(
    'keeps what is appended, whole, under its source',
    withLog(async (log) => {
      const before = world.clock.now();
      const fact = { ...said('a'), number: 7, cause: 3, heardAt: 12.5 };
      await log.append('operator', fact);
      const [stored, ...more] = await read(log);
      expect(more).toEqual([]);
      expect(stored).toEqual({ ...fact, source: 'operator', sequence: 1, storedAt: stored?.storedAt });
      // Two clocks of one machine may differ by a little.
      expect(stored?.storedAt).toBeGreaterThan(before - 1_000);
      expect(stored?.storedAt).toBeLessThan(world.clock.now() + 1_000);
    }),
  );

  test(
    'answers with the place of each, in the order of the calls',
    withLog(async (log) => {
      const ids = Array.from({ length: 300 }, (_, n) => `id-${n}`);
      const places = await Promise.all(ids.map((id) => log.append('operator', said(id))));
      expect(places.map(({ sequence }) => sequence)).toEqual(ids.map((_, n) => n + 1));
      expect(reasons(await read(log))).toEqual(ids);
    }),
  );

  test(
    'drops what comes again under the same id, and says where the first one is',
    withLog(async (log) => {
      await log.append('operator', said('a', 'first'));
      await log.append('operator', said('b'));
      expect((await log.append('operator', said('a', 'second'))).sequence).toBe(1);
      expect(reasons(await read(log))).toEqual(['first', 'b']);
    }),
  );

  test(
    'is read from a sequence on; behind its end there is nothing',
    withLog(async (log) => {
      expect(await read(log)).toEqual([]);
      for (const id of ['a', 'b', 'c']) await log.append('operator', said(id));
      expect(reasons(await read(log, 2))).toEqual(['b', 'c']);
      expect(await read(log, 4)).toEqual([]);
    }),
  );

  test(
    'is followed from a sequence on: what is stored, then what is appended later, each once and in order',
    withLog(async (log) => {
      for (const id of ['a', 'b', 'c']) await log.append('operator', said(id));
      const facts: StoredFact[] = [];
      const following = await log.follow(2, (fact) => facts.push(fact));
      const later = Array.from({ length: 100 }, (_, n) => `later-${n}`);
      await Promise.all(later.map((id) => log.append('operator', said(id))));
      await eventually(world.clock, () => expect(facts.length).toBeGreaterThanOrEqual(102));
      expect(reasons(facts)).toEqual(['b', 'c', ...later]);
      expect(facts.map(({ sequence }) => sequence)).toEqual(facts.map((_, n) => n + 2));
      await following.close();
    }),
  );

  test(
    'is followed by several, from where each wants, also before anything is there',
    withLog(async (log) => {
      const [one, other]: StoredFact[][] = [[], []];
      const followings = [
        await log.follow(1, (fact) => one?.push(fact)),
        await log.follow(3, (fact) => other?.push(fact)),
      ];
      for (const id of ['a', 'b', 'c', 'd']) await log.append('operator', said(id));
      await eventually(world.clock, () => expect([one?.length, other?.length]).toEqual([4, 2]));
      expect(reasons(one ?? [])).toEqual(['a', 'b', 'c', 'd']);
      expect(reasons(other ?? [])).toEqual(['c', 'd']);
      for (const following of followings) await following.close();
    }),
  );

  test(
    'tells nothing to whom has stopped following',
    withLog(async (log) => {
      const [stopped, watching]: StoredFact[][] = [[], []];
      const following = await log.follow(1, (fact) => stopped?.push(fact));
      const other = await log.follow(1, (fact) => watching?.push(fact));
      await log.append('operator', said('a'));
      await eventually(world.clock, () => expect(stopped).toHaveLength(1));
      await following.close();
      await log.append('operator', said('b'));
      await eventually(world.clock, () => expect(watching).toHaveLength(2));
      expect(stopped).toHaveLength(1);
      await other.close();
    }),
  );

  test(
    'is one for all processes of its campaign, and another for another campaign',
    withLog(async (log, campaign) => {
      const same = (await world.process(campaign)).log;
      const other = (await world.process(`${campaign}-other`)).log;
      await log.append('operator', said('a'));
      await same.append('operator', said('b'));
      await other.append('operator', said('a', 'of another'));
      expect(reasons(await read(log))).toEqual(['a', 'b']);
      expect(reasons(await read(same))).toEqual(['a', 'b']);
      expect(reasons(await read(other))).toEqual(['of another']);
    }),
  );
});
