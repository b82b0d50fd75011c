import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sayAsOperator } from '../../src/campaign/operator.ts';
import type { EventDetail, EventPage, Past, SteerAnswer, TaskPage, TaskStory } from '../../src/dashboard/api.ts';
import { StoredPublisher } from '../../src/nats/publisher.ts';
import { recordLog } from '../support/recorded-log.ts';
import { eventually, Scene } from '../support/scene.ts';
import { ShownCampaign } from '../support/shown-campaign.ts';

const hostile = '<img src=x onerror=alert(1)>\u202e';
const tasks = 300;

let scene: Scene;
let shown: ShownCampaign;
let say: (reason: string) => Promise<number>;

beforeAll(async () => {
  scene = await Scene.open();
  const connection = await scene.connect();
  const record = await recordLog(connection, { id: 'shown', tasks, failure: hostile, isOver: false });
  shown = await ShownCampaign.open(connection, record);
  const publisher = new StoredPublisher(connection);
  say = async (reason) => (await sayAsOperator(publisher, 'shown', { type: 'drain.requested', reason })).sequence;
});

afterAll(async () => {
  await shown[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

/** A request with headers that `fetch` does not let one set. */
function bare(path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: shown.port, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

describe('who is let in', () => {
  it('refuses whoever has no token or a wrong one, and says what to do', async () => {
    for (const cookie of ['', `cox-${shown.port}=${'x'.repeat(32)}`, `cox-1=${shown.keys.steer}`]) {
      const page = await fetch(`${shown.url}/`, { headers: { cookie } });
      expect(page.status).toBe(401);
      expect(await page.text()).toContain('cox dashboard ID');
      const answer = await fetch(`${shown.url}/api/campaign`, { headers: { cookie } });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ error: expect.stringContaining('link') as string });
    }
    expect((await fetch(`${shown.url}/?token=wrong`)).status).toBe(401);
  });

  it('takes the token of a link once, into a cookie that no script reads and no other site sends', async () => {
    const answer = await fetch(`${shown.url}/?token=${shown.keys.watch}`, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/');
    expect(answer.headers.get('set-cookie')).toBe(
      `cox-${shown.port}=${shown.keys.watch}; Path=/; HttpOnly; SameSite=Strict`,
    );
    const page = await shown.ask('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('refuses requests of other origins and under other names, with the right cookie, too', async () => {
    const cookie = `cox-${shown.port}=${shown.keys.steer}`;
    const host = `127.0.0.1:${shown.port}`;
    for (const headers of [
      { host, origin: 'http://evil.example' },
      { host, origin: 'http://127.0.0.1:1' },
      { host, origin: 'null' },
      { host, 'sec-fetch-site': 'cross-site' },
      { host, 'sec-fetch-site': 'same-site' },
      { host: 'evil.example' },
      { host: `evil.example:${shown.port}`, origin: `http://evil.example:${shown.port}` },
    ]) {
      expect(await bare('/api/campaign', { ...headers, cookie }), JSON.stringify(headers)).toMatchObject({
        status: 403,
      });
    }
    expect(await bare('/api/campaign', { host, cookie, origin: `http://${host}` })).toMatchObject({ status: 200 });
    expect(await bare('/api/campaign', { host: 'localhost:9000', cookie })).toMatchObject({ status: 200 });
    // Following a link from elsewhere is no request of that page.
    const followed = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(await bare(`/?token=${shown.keys.watch}`, followed)).toMatchObject({
      status: 200,
      text: expect.stringContaining('refresh') as string,
    });
  });

  it('lets a watcher see and not steer', async () => {
    const wish = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"action":"pin","candidate":-1}',
    };
    const refused = await shown.ask('/api/steer', wish, 'watch');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual({ error: expect.stringContaining('for watching') as string });
    expect(await (await shown.ask('/api/campaign', {}, 'watch')).json()).toMatchObject({ id: 'shown', role: 'watch' });
    expect(await (await shown.ask('/api/campaign', {}, 'steer')).json()).toMatchObject({ role: 'steer' });
    const wrong = await shown.ask('/api/steer', wish, 'steer');
    expect(wrong.status).toBe(400);
    const formed = await shown.ask('/api/steer', { method: 'POST', body: 'action=stop' }, 'steer');
    expect(formed.status).toBe(400);
    const veto = { ...wish, body: `{"action":"veto","candidate":${tasks + 5},"reason":"${hostile}"}` };
    const answer = await shown.ask('/api/steer', veto, 'steer');
    const { sequence, undo } = (await answer.json()) as SteerAnswer;
    expect(undo).toMatchObject({ action: 'allow', candidate: tasks + 5 });
    await eventually(async () =>
      expect((await shown.get<EventDetail>(`/api/event?at=${sequence}`)).fact).toMatchObject({
        event: { type: 'candidate.vetoed', reason: hostile, by: expect.any(String) as string },
      }),
    );
  });
});

describe('what is told', () => {
  it('is the same for everybody, live, and all of it for whoever comes late', async () => {
    const first = await shown.watch();
    const second = await shown.watch();
    const sequence = await say('to be seen by two');
    for (const watcher of [first, second]) {
      await eventually(() => {
        expect(watcher.last('events')?.rows.at(-1)).toMatchObject({ sequence, type: 'drain.requested' });
        expect(watcher.last('overview')?.position).toBe(sequence);
        expect(watcher.actor('campaign')?.position).toBe(sequence);
      });
    }
    expect(first.last('overview')?.counts).toEqual(second.last('overview')?.counts);
    expect(first.last('reading')).toEqual({ position: sequence, end: sequence, history: sequence });
    const late = await shown.watch();
    await eventually(() => {
      expect(late.last('overview')?.position).toBe(sequence);
      expect(late.last('events')?.rows.at(-1)?.sequence).toBe(sequence);
      expect(late.last('link')).toMatchObject({ state: 'there' });
    });
    for (const watcher of [first, second, late]) watcher.leave();
  });

  it('is looked up by pages, with what led to it and what it led to', async () => {
    const page = await shown.get<EventPage>('/api/events?limit=50&before=500');
    expect(page.rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, i) => 499 - i));
    expect(page.before).toBe(450);
    const all: number[] = [];
    for (let before = ''; ;) {
      const next = await shown.get<EventPage>(
        `/api/events?source=worker&type=task.finished&text=failed&limit=2${before}`,
      );
      all.push(...next.rows.map(({ sequence }) => sequence));
      if (next.before === null) break;
      before = `&before=${next.before}`;
    }
    expect(all).toHaveLength(Math.floor(tasks / 97));
    expect(all).toEqual([...all].sort((a, b) => b - a));
    const finished = await shown.get<EventDetail>(`/api/event?at=${all.at(-1) ?? 0}`);
    expect(finished.text).toContain('<img src=x onerror=alert(1)>\\u202e');
    expect(finished.consequences.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['slots.granted', 'slots.changed', 'result.recorded']),
    );
    const recorded = finished.consequences.find(({ type }) => type === 'result.recorded');
    const counted = await shown.get<EventDetail>(`/api/event?at=${recorded?.sequence ?? 0}`);
    expect(counted.causes.slice(0, 2)).toMatchObject([{ sequence: all.at(-1) }, { type: 'task.created' }]);
    expect(counted.consequences).toMatchObject([{ type: 'task.created' }]);
    const created = await shown.get<EventDetail>(`/api/event?at=${finished.causes[0]?.sequence ?? 0}`);
    expect(created.consequences.at(-1)).toMatchObject({ sequence: finished.sequence, type: 'task.finished' });
    const task = await shown.get<TaskStory>('/api/task?id=simulate-98');
    expect(task).toMatchObject({ state: 'succeeded', candidate: 97, output: { worth: expect.any(Number) as number } });
    for (const path of ['/api/task?id=none', '/api/event?at=999999', '/api/past?at=999999', '/api/nothing']) {
      expect((await shown.ask(path)).status, path).toBe(404);
    }
    for (const path of ['/api/event?at=x', '/api/events?source=a.*.b', '/api/tasks?state=lost', '/api/tasks?limit=0']) {
      expect((await shown.ask(path)).status, path).toBe(400);
    }
  });

  it('is the same as of an event of the past as it was told then', async () => {
    const { rows, total } = await shown.get<TaskPage>('/api/tasks?sort=recent&limit=1&topic=simulate');
    expect(total).toBe(tasks);
    const at = rows[0]?.recorded ?? 0;
    const past = await eventually(() => shown.get<Past>(`/api/past?at=${at}`));
    const watcher = await shown.watch();
    const overview = await eventually(() => {
      const last = watcher.last('overview');
      expect(last?.counts.succeeded).toBeGreaterThan(0);
      return last;
    });
    expect(past.counts).toEqual(overview?.counts);
    expect(past.found).toBe(overview?.found.count);
    expect(past.state).toBe('running');
    const early = await shown.get<Past>('/api/past?at=1');
    expect(early).toMatchObject({ state: 'created', capacity: 0, found: 0, counts: { succeeded: 0, running: 0 } });
    watcher.leave();
  });
});

it('says when the campaign is not heard, and goes on by itself when it is', async () => {
  const watcher = await shown.watch();
  await eventually(() => expect(watcher.last('overview')).toBeDefined());
  const { pid } = scene.server;
  process.kill(pid, 'SIGKILL');
  await eventually(() =>
    expect(watcher.told.filter(({ name }) => name === 'link').map(({ data }) => data)).toMatchObject([
      { state: 'there' },
      { state: 'lost' },
      { state: 'there' },
    ]),
  );
  const sequence = await eventually(() => say('after the server was killed'));
  await eventually(() => expect(watcher.last('overview')?.position).toBe(sequence));
  watcher.leave();
});
