import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lease } from '../../src/nats/lease.ts';
import { openLapsing } from '../../src/nats/streams.ts';
import { LeaseError } from '../../src/protocol/errors.ts';
import { eventually, Scene } from '../support/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

const take = async (key: string, owner: string, connection?: NatsConnection) => {
  const lost: LeaseError[] = [];
  const mine = connection ?? (await scene.connect());
  const lease = await Lease.acquire(mine, { key, owner, lost: (error) => lost.push(error) });
  return { lease, lost, connection: mine };
};
const holder = async (key: string): Promise<string | undefined> => {
  const entry = await (await openLapsing(await scene.connect(), 'leases')).get(key);
  return entry?.operation === 'PUT' ? entry.string() : undefined;
};

test('is refused to a second while the first renews it, by name', async () => {
  const first = await take('held', 'one');
  const second = take('held', 'other');
  await expect(second).rejects.toThrow(LeaseError);
  await expect(second).rejects.toThrow('campaign held is being run by one; stop it there first');
  expect(await holder('held')).toBe('one');
  expect(first.lost).toEqual([]);
  await first.lease.release();
});

test('is free at once when it was let go', async () => {
  const first = await take('released', 'one');
  await first.lease.release();
  expect(await holder('released')).toBeUndefined();
  const second = await take('released', 'other');
  expect(await holder('released')).toBe('other');
  // Whoever has let it go lets nothing go again.
  await first.lease.release();
  expect(await holder('released')).toBe('other');
  await second.lease.release();
});

test('is taken over when its holder has died', async () => {
  const first = await take('lapsed', 'one');
  await first.connection.close();
  const second = await take('lapsed', 'other');
  expect(await holder('lapsed')).toBe('other');
  await second.lease.release();
});

test('whoever lost it to another is told once, and lets the other have it', async () => {
  const first = await take('lost', 'one');
  const bucket = await openLapsing(await scene.connect(), 'leases');
  // As if it had lapsed while the first one was stopped, and been taken.
  await bucket.put('lost', 'other');
  await eventually(() => expect(first.lost).toHaveLength(1));
  expect(first.lost[0]).toMatchObject({ code: 'lease.held', details: { holder: 'other' } });
  await first.lease.release();
  expect(await holder('lost')).toBe('other');
  expect(first.lost).toHaveLength(1);
});

test('is kept through a restart of the server', async () => {
  const first = await take('kept', 'one');
  const { pid } = scene.server;
  process.kill(pid, 'SIGKILL');
  await eventually(() => expect(scene.server.pid).not.toBe(pid));
  const second = take('kept', 'other');
  await expect(second).rejects.toThrow(LeaseError);
  expect(first.lost).toEqual([]);
  await first.lease.release();
});
