import { expect, test } from 'vitest';
import { campaign } from '../../../actors/campaign.ts';
import { plan } from '../../../src/protocol/actor.ts';
import type { ClaimListener } from '../../../src/runtime/contracts.ts';
import { Standby } from '../../../src/runtime/standby.ts';
import { MemoryClaims } from '../../../src/simulator/memory-claims.ts';
import { MemoryConnection } from '../../../src/simulator/memory-connection.ts';
import { MemoryServer } from '../../../src/simulator/memory-server.ts';
import { SeededRandom } from '../../../src/ml/seeded-random.ts';
import { VirtualTime } from '../../../src/simulator/virtual-time.ts';
import { completeTaskOf } from './simulated-campaign.ts';

/** Claims that a test can also take away and set free. */
class Claims extends MemoryClaims {
  listener: ClaimListener | null = null;

  override open(listener: ClaimListener): Promise<void> {
    this.listener = listener;
    return super.open(listener);
  }
}

/** A process that may run the campaign's first actor; `load` is called before each load of its snapshot. */
async function standBy(load: (claims: Claims) => Promise<void>): Promise<{ standby: Standby; time: VirtualTime }> {
  const time = new VirtualTime();
  const weather = { latencyMs: () => 1, lost: () => 0, unanswered: () => 0 };
  const options = { campaign: 'c', time, random: new SeededRandom(1), weather };
  const connection = new MemoryConnection(new MemoryServer(time), options);
  const claims = new Claims(connection, 'one', ['campaign']);
  const { log, queue, clock, snapshots } = connection;
  const start = Standby.start({
    plans: [plan(campaign, {})],
    claims,
    log,
    queue,
    clock,
    snapshots: {
      load: async (actor) => {
        await load(claims);
        return snapshots.load(actor);
      },
      save: (actor, record, revision) => snapshots.save(actor, record, revision),
    },
    completeTask: completeTaskOf('c'),
    fail: (error) => {
      throw error;
    },
  });
  return { standby: await time.drive(start), time };
}

test('an actor that cannot be started is tried again twice a second, and not at once', async () => {
  let loads = 0;
  const { standby, time } = await standBy(() => {
    loads += 1;
    return loads < 5 ? Promise.reject(new Error('the server is away')) : Promise.resolve();
  });
  await time.pass(1_200);
  expect([loads, standby.running]).toEqual([3, []]);
  await time.pass(2_000);
  expect([loads, standby.running]).toEqual([5, ['campaign']]);
});

test('an actor that is lost while it is started, and is free at once, is started again', async () => {
  let loads = 0;
  const { standby, time } = await standBy(async ({ listener }) => {
    loads += 1;
    if (loads > 1) return;
    await Promise.resolve();
    listener?.lost('campaign', 'another process');
    listener?.free('campaign');
  });
  await time.pass(1_000);
  expect([loads, standby.running]).toEqual([2, ['campaign']]);
});
