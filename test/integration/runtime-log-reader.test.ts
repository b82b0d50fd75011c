import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NatsCampaignLog } from '../../src/nats/campaign-log.ts';
import { readLog, readStored, type StoredMessage } from '../../src/nats/log-reader.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { ensureCampaignLog } from '../../src/nats/streams.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { streams, subjects } from '../../src/protocol/subjects.ts';
import { eventually, Scene } from '../support/scene.ts';

let scene: Scene;
let connection: NatsConnection;
beforeAll(async () => {
  scene = await Scene.open();
  connection = await scene.connect();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A log, somebody who writes 1, 2, 3, ... into it, and somebody else who reads it on a connection of its own. */
async function begin(campaign: string) {
  await ensureCampaignLog(connection, campaign);
  const publisher = new StoredPublisher(connection);
  const reading = await scene.connect();
  const read: number[] = [];
  const note = ({ data }: StoredMessage): void => void read.push(Number(new TextDecoder().decode(data)));
  const reader = await readLog(reading, {
    stream: streams.log(campaign),
    filters: [subjects.logOf(campaign)],
    from: 1,
    onMessage: note,
  });
  let written = 0;
  const write = async (count: number): Promise<void> => {
    const subject = subjects.log(campaign, 'operator', 'number');
    const numbers = Array.from({ length: count }, () => (written += 1));
    await Promise.all(numbers.map((n) => publisher.publish(subject, String(n), `number-${n}`)));
  };
  const allRead = (): Promise<void> =>
    eventually(() => {
      // Sent again after a reconnect, a message may stand behind its successors; each is there, and was read, once.
      expect([...read].sort((a, b) => a - b)).toEqual(Array.from({ length: written }, (_, n) => n + 1));
    });
  return { reading, read, reader, write, allRead, publisher };
}

test('reads on after the server was killed, without a gap and without anything twice', async () => {
  const { write, allRead, reader, publisher } = await begin('server-killed');
  await write(50);
  for (let round = 0; round < 2; round += 1) {
    const { pid } = scene.server;
    process.kill(pid, 'SIGKILL');
    await write(50);
    await allRead();
    expect(scene.server.pid).not.toBe(pid);
  }
  await reader.close();
  publisher.close();
});

test('reads on after its connection was lost', async () => {
  const { write, allRead, reader, reading, publisher } = await begin('connection-lost');
  await write(20);
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([write(100), reading.reconnect()]);
    await write(20);
    await allRead();
  }
  await reader.close();
  publisher.close();
});

test('reads on when the server has forgotten who reads', async () => {
  const { write, allRead, read, reader, publisher } = await begin('consumer-gone');
  await write(20);
  await allRead();
  const manager = await jetstreamManager(connection);
  for await (const { name } of manager.consumers.list(streams.log('consumer-gone'))) {
    await manager.consumers.delete(streams.log('consumer-gone'), name);
  }
  await write(20);
  await allRead();
  expect(read).toHaveLength(40);
  await reader.close();
  publisher.close();
});

test('what is stored is read to its end and no further, in parts where it is much', async () => {
  const { write, reader, publisher } = await begin('stored');
  await write(5_000);
  const sequences: number[] = [];
  const read = await readStored(connection, {
    stream: streams.log('stored'),
    filters: [subjects.logOf('stored')],
    from: 1_001,
    onMessage: ({ sequence }) => sequences.push(sequence),
  });
  expect(read).toBe(4_000);
  expect(sequences).toEqual(Array.from({ length: 4_000 }, (_, n) => 1_001 + n));
  await reader.close();
  publisher.close();
});

test('messages that are no facts are told of and passed over, and what comes after them is read', async () => {
  const campaign = 'odd';
  await ensureCampaignLog(connection, campaign);
  const publisher = new StoredPublisher(connection);
  const refused: { sequence: number; error: unknown }[] = [];
  const log = new NatsCampaignLog(connection, publisher, campaign, (error, sequence) =>
    refused.push({ error, sequence }),
  );
  const fact = { v: 1, id: 'x', number: null, cause: null, heardAt: null, saidAt: 1 };
  const subject = subjects.log(campaign, 'operator', 'drain.requested');
  const odd = [
    'not json',
    '{}',
    JSON.stringify({ ...fact, v: 2, event: { type: 'drain.requested', reason: '' } }),
    JSON.stringify({ ...fact, event: { type: 'drain.requested' } }),
    JSON.stringify({ ...fact, event: { type: 'no.such.event' } }),
  ];
  for (const [n, text] of odd.entries()) await publisher.publish(subject, text, `odd-${n}`);
  await publisher.publish(
    subject,
    JSON.stringify({ ...fact, event: { type: 'drain.requested', reason: 'good' } }),
    'x',
  );
  const read: string[] = [];
  await log.read(1, ({ event }) => read.push(String(event['reason'])));
  expect(read).toEqual(['good']);
  expect(refused.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  for (const { error } of refused) expect(error).toBeInstanceOf(ProtocolError);
  expect(String(refused[2]?.error)).toMatch(/protocol 2 is newer than the 1 this Coxswain speaks/);
  publisher.close();
});
