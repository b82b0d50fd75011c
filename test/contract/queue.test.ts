import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protocolVersion, type Task } from '../../src/protocol/task.ts';
import type { TaskQueue } from '../../src/runtime/contracts.ts';
import { eventually, worlds, type World } from './worlds.ts';

const taskOf = (campaign: string, number: number): Task => ({
  v: protocolVersion,
  id: `simulate-${number}`,
  campaign,
  method: 'ionization-energy',
  topic: 'simulate',
  source: 'submitter',
  number,
  arguments: { smiles: 'C' },
  pool: 'simulate',
  slots: 1,
  grant: `grant-${number}`,
  candidate: number,
  choice: null,
  timeoutMs: null,
  memoryMb: null,
  report: `cox.log.${campaign}.worker.task.finished`,
  createdAt: 1_000,
});

describe.each(worlds)('the queue in $name', ({ open }) => {
  let world: World;
  let made = 0;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A test with a queue that is empty, and is emptied after it. */
  const withQueue = (body: (queue: TaskQueue, campaign: string) => Promise<void>) => () =>
    world.run(async () => {
      const campaign = `queue-${(made += 1)}`;
      const { queue } = await world.process(campaign);
      await body(queue, campaign);
      expect([...(await queue.held())]).toEqual([]);
    });
  const finishNext = async (): Promise<Task> => {
    const taken = await world.take();
    await taken.ack();
    return taken.task;
  };

  test(
    'gives tasks to workers whole and in order',
    withQueue(async (queue, campaign) => {
      const tasks = [1, 2, 3].map((number) => taskOf(campaign, number));
      await Promise.all(tasks.map((task) => queue.enqueue(task)));
      for (const task of tasks) expect(await finishNext()).toEqual(task);
    }),
  );

  test(
    'queues a task once',
    withQueue(async (queue, campaign) => {
      await queue.enqueue(taskOf(campaign, 1));
      await queue.enqueue(taskOf(campaign, 1));
      await queue.enqueue(taskOf(campaign, 2));
      expect([(await finishNext()).number, (await finishNext()).number]).toEqual([1, 2]);
      // Also when the first one is done.
      await queue.enqueue(taskOf(campaign, 1));
    }),
  );

  test(
    'holds tasks that wait and tasks that run, and none that was acknowledged',
    withQueue(async (queue, campaign) => {
      for (const number of [1, 2, 3]) await queue.enqueue(taskOf(campaign, number));
      expect(await queue.held()).toEqual(new Set(['simulate-1', 'simulate-2', 'simulate-3']));
      const [first, second] = [await world.take(), await world.take()];
      expect(await queue.held()).toEqual(new Set(['simulate-1', 'simulate-2', 'simulate-3']));
      await first.ack();
      await eventually(world.clock, async () =>
        expect(await queue.held()).toEqual(new Set(['simulate-2', 'simulate-3'])),
      );
      await second.ack();
      await finishNext();
    }),
  );

  test(
    'holds and gives out again what was given back',
    withQueue(async (queue, campaign) => {
      await queue.enqueue(taskOf(campaign, 1));
      const taken = await world.take();
      taken.giveBack();
      expect(await queue.held()).toEqual(new Set(['simulate-1']));
      expect((await finishNext()).id).toBe('simulate-1');
    }),
  );

  test(
    'lets whoever takes a task that was withdrawn know that it is not to be run, and keeps it until somebody has ended it',
    withQueue(async (queue, campaign) => {
      for (const number of [1, 2]) await queue.enqueue(taskOf(campaign, number));
      const withdrawal = { task: 'simulate-1', reason: 'others rank before it', source: 'submitter' };
      await queue.withdraw(withdrawal);
      expect(await queue.held()).toEqual(new Set(['simulate-1', 'simulate-2']));
      const taken = await world.take();
      expect(taken.task.id).toBe('simulate-1');
      await eventually(world.clock, () => expect(world.notToRun(taken.task)).toBe('others rank before it'));
      // Also for the next one who takes it.
      taken.giveBack();
      const [next, again] = [await world.take(), await world.take()].sort((a, b) => b.task.number - a.task.number);
      expect(next === undefined ? '' : world.notToRun(next.task)).toBeNull();
      expect(again === undefined ? '' : world.notToRun(again.task)).toBe('others rank before it');
      await next?.ack();
      await again?.ack();
    }),
  );

  test(
    'withdraws a task once, before or after it was queued or had its end, and of no other campaign',
    withQueue(async (queue, campaign) => {
      const other = (await world.process(`${campaign}-other`)).queue;
      const withdrawal = { task: 'simulate-1', reason: 'first', source: 'submitter' };
      await queue.withdraw(withdrawal);
      await queue.withdraw({ ...withdrawal, reason: 'said again by a restart' });
      await queue.enqueue(taskOf(campaign, 1));
      await other.enqueue(taskOf(`${campaign}-other`, 1));
      await eventually(world.clock, () => expect(world.notToRun(taskOf(campaign, 1))).toBe('first'));
      expect(world.notToRun(taskOf(`${campaign}-other`, 1))).toBeNull();
      expect((await finishNext()).campaign).toBe(campaign);
      expect((await finishNext()).campaign).toBe(`${campaign}-other`);
      await queue.withdraw({ ...withdrawal, task: 'never.was 1' });
      await queue.withdraw(withdrawal);
    }),
  );

  test(
    'tells one campaign nothing of the tasks of another, of the same name even',
    withQueue(async (queue, campaign) => {
      const other = (await world.process(`${campaign}-other`)).queue;
      await queue.enqueue(taskOf(campaign, 1));
      await other.enqueue(taskOf(`${campaign}-other`, 1));
      await other.enqueue(taskOf(`${campaign}-other`, 2));
      expect(await queue.held()).toEqual(new Set(['simulate-1']));
      expect(await other.held()).toEqual(new Set(['simulate-1', 'simulate-2']));
      for (let n = 0; n < 3; n += 1) await finishNext();
    }),
  );
});
