import { Kvm } from '@nats-io/kv';
import { expect, it } from 'vitest';
import { openTaskNotes } from '../../src/nats/streams.ts';
import { beatSchema, type Beat } from '../../src/protocol/registration.ts';
import { buckets, subjects, taskKey } from '../../src/protocol/subjects.ts';
import { eventually, Scene } from '../support/scene.ts';

it('waits for what computes, and not for what it cannot find out about a task', async () => {
  await using scene = await Scene.open();
  const connection = await scene.connect();
  const worker = await scene.worker({ slots: 1, args: ['--grace', '600'] });
  let held: Beat['held'] = [];
  connection.subscribe(subjects.allBeats, {
    callback: (_error, message) => void (held = beatSchema.parse(message.json()).held),
  });
  const tasks = await scene.tasks({ workerClass: 'odd' });
  const { campaign, id } = await tasks.submit('stumble', { file: scene.path('ran'), failures: 1 }, { topic: 't' });
  await openTaskNotes(connection, 'attempts');
  const notes = await new Kvm(connection).open(buckets.attempts);
  await notes.put(taskKey(campaign, id), 'no note of ours');
  await eventually(() => {
    const again = held.find(({ task, reply }) => task === id && Number(reply.split('.')[4]) > 1);
    expect(again?.runningSince).toBeNull();
  }, 30_000);
  worker.child.kill('SIGTERM');
  expect(await worker.exit).toBe(0);
});
