import { describe, expect, it } from 'vitest';
import type { NatsConnection } from '@nats-io/nats-core';
import { NatsActorClaims } from '../../src/nats/actor-claims.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { openLapsing } from '../../src/nats/streams.ts';
import { eventually, Scene } from '../support/scene.ts';

const actors = ['ledger', 'submitter'];

/** One process that wants every actor as soon as it is free. */
class Candidate {
  readonly connection: NatsConnection;
  readonly claims: NatsActorClaims;
  readonly holds = new Set<string>();
  readonly losses: string[] = [];

  private constructor(connection: NatsConnection, wanted: readonly string[]) {
    this.connection = connection;
    this.claims = new NatsActorClaims(connection, 'camp', wanted);
  }

  static async join(scene: Scene, wanted: readonly string[] = actors): Promise<Candidate> {
    const { url, token } = scene.server;
    const candidate = new Candidate(await connectNats({ url, token }, { name: 'candidate' }), wanted);
    await candidate.claims.open({
      free: (actor) => {
        const claimed = candidate.claims.claim(actor).then((won) => won && candidate.holds.add(actor));
        // Whoever is closed while it asks learns nothing.
        claimed.catch((error: unknown) => expect(candidate.connection.isClosed(), String(error)).toBe(true));
      },
      lost: (actor) => {
        candidate.holds.delete(actor);
        candidate.losses.push(actor);
      },
    });
    return candidate;
  }

  get held(): string[] {
    return [...this.holds].sort();
  }

  /** As if the process were killed: nothing is released. */
  async die(): Promise<void> {
    await this.connection.close();
  }
}

describe('claims of actors over NATS', () => {
  it('give each actor to one of many that want it', async () => {
    await using scene = await Scene.open();
    const all = await Promise.all(Array.from({ length: 5 }, () => Candidate.join(scene)));
    await eventually(() => expect(all.flatMap(({ held }) => held).sort()).toEqual(actors));
    for (const { claims } of all) expect(claims.ownerOf('ledger')).toMatch(/^process \d+ on /);
    await Promise.all(all.map(({ connection }) => connection.close()));
  });

  it('pass to a standby when their owner dies, long before its session lapses, and when it lets go', async () => {
    await using scene = await Scene.open();
    const first = await Candidate.join(scene);
    await eventually(() => expect(first.held).toEqual(actors));
    const second = await Candidate.join(scene);
    expect(second.held).toEqual([]);
    const sessions = await openLapsing(await scene.connect(), 'sessions');
    const diedAt = performance.now();
    await first.die();
    await eventually(() => expect(second.held).toEqual(actors));
    // The key of the dead one's session would stand for two seconds.
    if (performance.now() - diedAt < 1_000) {
      let living = 0;
      for await (const key of await sessions.keys()) if ((await sessions.get(key))?.operation === 'PUT') living += 1;
      expect(living).toBe(2);
    }
    const third = await Candidate.join(scene);
    await second.claims.close();
    await eventually(() => expect(third.held).toEqual(actors));
    expect(second.losses).toEqual([]);
    await Promise.all([second, third].map(({ connection }) => connection.close()));
  });

  it('stay with their owner when the server is killed and comes back', async () => {
    await using scene = await Scene.open();
    const owner = await Candidate.join(scene);
    await eventually(() => expect(owner.held).toEqual(actors));
    const standby = await Candidate.join(scene);
    for (let times = 1; times <= 2; times += 1) {
      const { pid } = scene.server;
      process.kill(pid, 'SIGKILL');
      await eventually(() => expect(scene.server.pid).not.toBe(pid));
      await eventually(() => expect(owner.claims.doubt()).toBeNull());
    }
    expect([owner.held, owner.losses, standby.held]).toEqual([actors, [], []]);
    await Promise.all([owner, standby].map(({ connection }) => connection.close()));
  });

  it('that somebody else has taken are told to whoever doubts, before the doubt is over', async () => {
    await using scene = await Scene.open();
    const frozen = await Candidate.join(scene, ['ledger']);
    await eventually(() => expect(frozen.held).toEqual(['ledger']));
    const leases = await openLapsing(await scene.connect(), 'leases');
    const other = { session: 'another', host: 'elsewhere', pid: 1, since: 0 };
    // The server is gone for a moment, so that what it holds is in doubt.
    const { pid } = scene.server;
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(frozen.claims.doubt()).not.toBeNull());
    const certain = frozen.claims.doubt();
    await eventually(() => leases.put('camp.ledger', JSON.stringify(other)));
    await certain;
    await eventually(() => expect(frozen.losses).toEqual(['ledger']));
    expect(frozen.held).toEqual([]);
    await frozen.connection.close();
  });

  it('that the server has stored without a word are told of until they are claimed again', async () => {
    await using scene = await Scene.open();
    const connection = await scene.connect();
    const claims = new NatsActorClaims(connection, 'camp', actors);
    const freed: string[] = [];
    await claims.open({ free: (actor) => freed.push(actor), lost: () => undefined });
    expect(await claims.claim('ledger')).toBe(true);
    const leases = await openLapsing(connection, 'leases');
    const value = (await leases.get('camp.ledger'))?.string() ?? '';
    expect(freed).toEqual(actors);
    // What is left of a claim whose answer was lost.
    await leases.create('camp.submitter', value);
    await eventually(() => expect(freed).toEqual([...actors, 'submitter']));
    expect(await claims.claim('submitter')).toBe(true);
    await claims.close();
  });

  it('of a process that renews its session after it was taken for dead are watched like any others', async () => {
    await using scene = await Scene.open();
    const connection = await scene.connect();
    const sessions = await openLapsing(connection, 'sessions');
    const leases = await openLapsing(connection, 'leases');
    const other = JSON.stringify({ session: 'other', host: 'elsewhere', pid: 1, since: 0 });
    await sessions.put('other', other);
    await leases.put('camp.ledger', other);
    const claims = new NatsActorClaims(connection, 'camp', ['ledger']);
    const freed: string[] = [];
    await claims.open({ free: (actor) => freed.push(actor), lost: () => undefined });
    // Nobody is present under its id.
    await eventually(() => expect(freed).toEqual(['ledger']));
    await sessions.put('other', other);
    await eventually(() => expect(freed).toEqual(['ledger', 'ledger']));
    await claims.close();
  });
});
