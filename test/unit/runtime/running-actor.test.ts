import { beforeEach, describe, expect, test } from 'vitest';
import { LeaseError } from '../../../src/protocol/errors.ts';
import { RunningActor, type ActorPorts } from '../../../src/runtime/running-actor.ts';
import type { ActorRecord } from '../../../src/runtime/step.ts';
import { VirtualTime } from '../../../src/simulator/virtual-time.ts';
import { alarm, alarmMs, factOf } from './alarm-actor.ts';

const heard = { ...alarm, hears: ['worker.note', 'worker.set', 'worker.off'] } as unknown as typeof alarm;
const plan = { actor: heard, input: {} };

/** What a host would do, with everything noted and every answer in the test's hand. */
class Ports implements ActorPorts {
  readonly time = new VirtualTime();
  readonly clock = this.time;
  readonly saved: { position: number; at: number }[] = [];
  readonly failures: unknown[] = [];
  readonly fired: { armed: number; at: number }[] = [];
  readonly seen: string[] = [];
  stored: { record: unknown; revision: number } | null = null;
  /** How an effect is stored. */
  store = (): Promise<void> => Promise.resolve();
  saveError: Error | null = null;
  readonly snapshots = {
    load: () => Promise.resolve(this.stored),
    save: (_: string, record: unknown, revision: number) => {
      if (this.saveError !== null) return Promise.reject(this.saveError);
      const { position } = record as ActorRecord;
      this.saved.push({ position, at: this.time.now() });
      this.stored = { record: JSON.parse(JSON.stringify(record)), revision: revision + 1 };
      return Promise.resolve(revision + 1);
    },
  };
  readonly say = (): Promise<void> => this.store();
  readonly fire = (_: string, __: string, armed: number): Promise<void> => {
    this.fired.push({ armed, at: this.time.now() });
    return Promise.resolve();
  };
  readonly inspect = ({ event }: { event: { type: string } }): void => void this.seen.push(event.type);
  readonly fail = (error: unknown): void => void this.failures.push(error);
}

let ports: Ports;
let sequence = 0;
const take = (actor: RunningActor, type = 'note'): number => {
  sequence += 1;
  actor.take(factOf('worker', { type, value: 1 }, { sequence, storedAt: ports.time.now() }));
  return sequence;
};
const running = async (): Promise<RunningActor> => {
  const actor = await RunningActor.load(plan, ports);
  actor.start();
  await ports.time.pass(1_000);
  ports.saved.length = 0;
  return actor;
};

beforeEach(() => {
  ports = new Ports();
  sequence = 0;
});

describe('the snapshot', () => {
  test('is written when the actor has been quiet for 250 ms', async () => {
    const actor = await running();
    const from = ports.time.now();
    take(actor);
    await ports.time.pass(100);
    take(actor);
    await ports.time.pass(2_000);
    expect(ports.saved.map(({ position }) => position)).toEqual([2]);
    expect(ports.saved[0]?.at).toBeGreaterThanOrEqual(from + 100 + 250);
    expect(ports.saved[0]?.at).toBeLessThanOrEqual(from + 2 * 250);
  });

  test('is written every 256 facts when it is never quiet, and holds the last of them', async () => {
    const actor = await running();
    for (let n = 0; n < 800; n += 1) {
      take(actor);
      await ports.time.pass(0.25);
    }
    expect(ports.saved.map(({ position }) => position)).toEqual([256, 512, 768]);
  });

  test('waits until every effect of the events up to it is stored', async () => {
    const actor = await running();
    const answers: (() => void)[] = [];
    ports.store = () => new Promise((resolve) => answers.push(resolve));
    take(actor);
    take(actor);
    await ports.time.pass(10_000);
    expect(ports.saved).toEqual([]);
    answers[1]?.();
    await ports.time.pass(10_000);
    expect(ports.saved).toEqual([]);
    // What is taken meanwhile is not waited for, and not in it.
    take(actor);
    answers[0]?.();
    await ports.time.pass(1);
    expect(ports.saved.map(({ position }) => position)).toEqual([2]);
    answers[2]?.();
    await ports.time.pass(1_000);
    expect(ports.saved.map(({ position }) => position)).toEqual([2, 3]);
  });

  test('is never written when an effect could not be stored', async () => {
    const actor = await running();
    const refused = new Error('no room for it');
    ports.store = () => Promise.reject(refused);
    take(actor);
    await ports.time.pass(10_000);
    await ports.time.drive(actor.stop());
    expect(ports.failures).toEqual([refused]);
    expect(ports.saved).toEqual([]);
  });

  test('is written at the end, also of what is being stored then', async () => {
    const actor = await running();
    ports.store = () => new Promise((resolve) => ports.time.after(5_000, resolve));
    take(actor);
    await ports.time.drive(actor.stop());
    expect(ports.saved.map(({ position }) => position)).toEqual([1]);
  });

  test('is where another life goes on', async () => {
    const actor = await running();
    take(actor);
    take(actor);
    await ports.time.drive(actor.stop());
    const next = await RunningActor.load(plan, ports);
    expect(next.position).toBe(2);
    expect(next.view).toEqual(actor.view);
  });
});

describe('a fenced actor', () => {
  test('says so once, and takes, saves and fires nothing any more', async () => {
    const actor = await running();
    take(actor, 'set');
    ports.saveError = new LeaseError('somebody else runs it');
    await ports.time.pass(500);
    expect(ports.failures).toEqual([ports.saveError]);
    ports.saveError = null;
    const { seen } = ports;
    const before = seen.length;
    take(actor);
    await ports.time.pass(10 * alarmMs);
    await ports.time.drive(actor.stop());
    expect(seen).toHaveLength(before);
    expect(ports.failures).toHaveLength(1);
    expect(ports.saved).toEqual([]);
    expect(ports.fired).toEqual([]);
  });
});

describe('timers', () => {
  test('are told to the log when they are due, once', async () => {
    const actor = await running();
    const armedAt = ports.time.now();
    const armed = take(actor, 'set');
    await ports.time.pass(5 * alarmMs);
    expect(ports.fired).toEqual([{ armed, at: armedAt + alarmMs }]);
  });

  test('are disarmed when they are called off, and armed anew when they are set anew', async () => {
    const actor = await running();
    take(actor, 'set');
    await ports.time.pass(alarmMs / 2);
    const again = take(actor, 'set');
    await ports.time.pass(alarmMs / 2 + 1);
    expect(ports.fired).toEqual([]);
    await ports.time.pass(alarmMs);
    expect(ports.fired.map(({ armed }) => armed)).toEqual([again]);
    take(actor, 'set');
    take(actor, 'off');
    await ports.time.pass(5 * alarmMs);
    expect(ports.fired).toHaveLength(1);
  });

  test('that fell due while nobody ran the actor fire when it starts', async () => {
    const actor = await running();
    const armed = take(actor, 'set');
    await ports.time.drive(actor.stop());
    await ports.time.pass(10 * alarmMs);
    expect(ports.fired).toEqual([]);
    const next = await RunningActor.load(plan, ports);
    next.start();
    const startedAt = ports.time.now();
    await ports.time.pass(10 * alarmMs);
    expect(ports.fired).toEqual([{ armed, at: startedAt }]);
  });
});

test('what the actor does not hear moves its position and nothing else', async () => {
  const actor = await running();
  actor.take(factOf('worker', { type: 'gossip' }, { sequence: 1 }));
  actor.take(factOf('submitter', { type: 'note', value: 1 }, { sequence: 2 }));
  expect(actor.position).toBe(2);
  expect(ports.seen).toEqual([]);
  // Not worth a snapshot, until there were many: a restart need not read them all.
  await ports.time.pass(1_000);
  const saves = ports.saved.length;
  for (let sequence = 3; sequence <= 1_100; sequence += 1)
    actor.take(factOf('worker', { type: 'gossip' }, { sequence }));
  await ports.time.pass(1_000);
  expect(ports.saved.length).toBe(saves + 1);
});
