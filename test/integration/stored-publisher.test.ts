import { expect, it } from 'vitest';
import { jetstreamManager } from '@nats-io/jetstream';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { LeaseError } from '../../src/protocol/errors.ts';
import { eventually, Scene } from '../support/scene.ts';

it('what a speaker said while the server was away is not stored once it speaks elsewhere', async () => {
  await using scene = await Scene.open();
  const connection = await scene.connect();
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'said', subjects: ['said.>'] });
  const held = new Set(['lost', 'kept']);
  const publisher = new StoredPublisher(connection, { speaksFor: (speaker) => held.has(speaker) });
  await publisher.publish('said.first', '1', 'first', 'lost');

  const { pid } = scene.server;
  process.kill(pid, 'SIGKILL');
  const lost = publisher.publish('said.lost', '2', 'second', 'lost').catch((error: unknown) => error);
  const kept = publisher.publish('said.kept', '3', 'third', 'kept');
  const own = publisher.publish('said.own', '4', 'fourth');
  held.delete('lost');
  await eventually(() => expect(scene.server.pid).not.toBe(pid));
  expect(await lost).toBeInstanceOf(LeaseError);
  await Promise.all([kept, own]);
  expect((await manager.streams.info('said', { subjects_filter: '>' })).state.subjects).toEqual({
    'said.first': 1,
    'said.kept': 1,
    'said.own': 1,
  });
  publisher.close();
});
