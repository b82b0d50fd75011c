import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { CampaignInfo, TaskPage } from '../../src/dashboard/api.ts';
import type { Summary } from '../../src/campaign/summary.ts';
import { campaignFolder, eventually } from '../support/scene.ts';
import { Watcher } from '../support/shown-campaign.ts';
import { Workplace } from '../support/workplace.ts';

/** Processes that show this run, by their ids. */
function showing(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isOurs = new RegExp(`^PPid:\\s${parent}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dashboard-child');
      } catch {
        return false;
      }
    });
}

it('a run is seen while it runs, whatever becomes of what shows it, and afterwards', { timeout: 120_000 }, async () => {
  await using place = await Workplace.open();
  const flags = [campaignFolder('quick'), '--policy', 'random', '--workers', '2', '--id', 'seen', '--json'];
  const run = place.cox(['run', ...flags, '--total', '100000', '--ms', '50']);
  const link = await eventually(() => {
    const found = /^dashboard: (http:\/\/127\.0\.0\.1:\d+\/\?token=\S+)$/m.exec(run.stderr())?.[1];
    expect(found, run.stderr()).toBeDefined();
    return new URL(found ?? '');
  }, 30_000);
  // Nobody has come: nothing is there that could cost anything.
  expect(showing(run.pid)).toEqual([]);
  const headers = { authorization: `Bearer ${link.searchParams.get('token') ?? ''}` };
  const campaign = await fetch(new URL('/api/campaign', link), { headers });
  expect((await campaign.json()) as CampaignInfo).toMatchObject({
    id: 'seen',
    role: 'steer',
    pools: ['simulate', 'train', 'infer'],
  });
  const [first = 0] = showing(run.pid);
  expect(
    readFileSync(`/proc/${first}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[16],
  ).toBe('10');
  process.kill(first, 'SIGKILL');
  await eventually(() => expect(showing(run.pid)).toEqual([]));

  const live = await eventually(() => fetch(new URL('/api/live', link), { headers }));
  const watcher = new Watcher(live, new AbortController());
  await eventually(() => expect(watcher.last('overview')?.counts.succeeded).toBeGreaterThan(3), 30_000);
  const stopped = await fetch(new URL('/api/steer', link), {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'stop', reason: 'seen enough' }),
  });
  expect(stopped.status, await stopped.text()).toBe(200);
  expect(await run.exit, run.stderr()).toBe(0);
  expect(watcher.last('bye')?.reason).toMatch(/seen enough.*cox dashboard seen/);
  expect(watcher.last('overview')).toMatchObject({ state: 'ended' });
  const { simulations } = JSON.parse(run.stdout()) as Summary;
  expect(watcher.last('overview')?.counts.succeeded).toBe(simulations.succeeded);

  const shown = place.cox(['dashboard']);
  const [steer = '', watch = ''] = await eventually(() => {
    const links = [...shown.stdout().matchAll(/http:\S+/g)].map(([found]) => found);
    expect(links, shown.stderr()).toHaveLength(2);
    return links;
  }, 30_000);
  const ask = (where: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const known = new Headers(init.headers);
    known.set('authorization', `Bearer ${new URL(where).searchParams.get('token') ?? ''}`);
    return fetch(new URL(path, where), { ...init, headers: known });
  };
  const { total } = (await (await ask(watch, '/api/tasks?state=succeeded')).json()) as TaskPage;
  expect(total).toBe(simulations.succeeded);
  const wish = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"action":"pause"}' };
  expect((await ask(watch, '/api/steer', wish)).status).toBe(403);
  const refused = await ask(steer, '/api/steer', wish);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({ error: expect.stringContaining('has ended') as string });
  shown.child.kill('SIGINT');
  expect(await shown.exit).toBe(130);
});

it('a run without a dashboard says nothing of one', async () => {
  await using place = await Workplace.open();
  const flags = ['--policy', 'random', '--total', '2', '--ms', '1', '--workers', '1', '--json', '--no-dashboard'];
  const run = place.cox(['run', campaignFolder('quick'), ...flags]);
  expect(await run.exit, run.stderr()).toBe(0);
  expect(run.stderr()).toBe('');
  const nobody = place.cox(['dashboard', 'nobody']);
  expect(await nobody.exit).toBe(2);
  expect(nobody.stderr()).toMatch(/no run nobody/);
});
