import { Kvm } from '@nats-io/kv';
import { jetstream } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { buckets, subjects } from '../../src/protocol/subjects.ts';
import { changedQuick, says, Site } from '../support/hosts/site.ts';
import { expectDrained, expectWhole } from '../support/hosts/whole.ts';

it('a worker with other methods gets no tasks of the campaign, and both sides say so', async () => {
  await using site = await Site.open('alpha', 'beta', 'gamma');
  const log = await site.startCampaign({ total: 8, ms: 20, policy: 'random' });
  await site.actors('alpha', log.id);
  const older = await changedQuick(site, 'older', 'await pause(50)', 'await pause(51)');
  const other = await site.worker('beta', 2, older);
  const [refused] = await log.until('host.worker.refused');
  expect(refused?.event['host']).toBe('beta');
  expect(refused?.event['reason']).toMatch(/same version/);
  await says(other, /same version/);

  const worker = await site.worker('gamma', 2);
  await expectWhole(site, log);
  expect(new Set(log.results.map(({ worker: { host } }) => host))).toEqual(new Set(['gamma']));
  await expectDrained(site, worker, other);
});

it('an actor refuses a snapshot of another version, and a message of a newer protocol, by name', async () => {
  await using site = await Site.open('alpha', 'beta');
  const log = await site.startCampaign({ total: 1_000, ms: 100, policy: 'random' });
  const worker = await site.worker('beta', 1);
  const first = await site.actors('alpha', log.id);
  await log.until('result-processor.result.recorded', 2);
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);

  const snapshots = await new Kvm(site.connection).open(buckets.snapshots);
  const key = `${log.id}.submitter`;
  const mine = (await snapshots.get(key))?.json<{ version: number }>();
  if (mine === undefined) throw new Error('the submitter has no snapshot');
  await snapshots.put(key, JSON.stringify({ ...mine, version: mine.version + 1 }));
  const second = site.cox('alpha', ['actor', 'all', '--campaign', log.id]);
  expect(await second.exit).toBe(2);
  expect(second.stderr()).toMatch(new RegExp(`actor submitter is of its version ${mine.version + 1}`));

  await snapshots.put(key, JSON.stringify(mine));
  const third = await site.actors('alpha', log.id);
  await log.until('result-processor.result.recorded', 3);
  const message = {
    v: 2,
    id: 'operator/from-the-future',
    number: null,
    cause: null,
    heardAt: null,
    saidAt: 0,
    event: { type: 'run.requested' },
  };
  await jetstream(site.connection).publish(subjects.log(log.id, 'operator', 'run.requested'), JSON.stringify(message));
  expect(await third.exit).toBe(1);
  expect(third.stderr()).toMatch(/protocol 2 is newer than the 1 this Coxswain speaks; update it/);
  await expectDrained(site, worker);
});
