import { connect } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createMachine } from 'xstate';
import { InspectionServer } from '../../src/inspection/inspection-server.ts';
import { eventually, Scene } from '../support/scene.ts';

const quick = fileURLToPath(new URL('../support/campaigns/quick', import.meta.url));

/** What the server answers to somebody who wants to connect: `open`, or the status of the refusal. */
function answerTo(url: string, headers: Record<string, string> = {}): Promise<number | 'open'> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    socket.once('open', () => {
      socket.close();
      resolve('open');
    });
    socket.once('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy();
      resolve(statusCode);
    });
    socket.once('error', reject);
  });
}

it(
  "Stately's own receiver is told who there is, with their machines, and each event with the state after it",
  { timeout: 60_000 },
  async () => {
    await using scene = await Scene.open();
    expect(await scene.cox('start', quick, '--id', 'one', '--total', '400', '--ms', '40').exit).toBe(0);
    scene.cox('actor', 'all', '--campaign', 'one', '--folder', quick);
    scene.cox('worker', quick, '--slots', '2');
    const watch = scene.cox('watch', 'one', '--inspect', '--folder', quick);
    const link = await eventually(() => {
      const found = /inspector: (http:\S+)/.exec(watch.stderr())?.[1];
      expect(found).toBeDefined();
      return Promise.resolve(new URL(found ?? ''));
    }, 30_000);
    const socket = link.href.replace('http', 'ws');

    const events: StatelyInspectionEvent[] = [];
    createWebSocketReceiver({ server: socket }).subscribe((event) => events.push(event));
    await eventually(() => {
      const counted = events.filter(
        ({ type, sessionId }) => type === '@xstate.snapshot' && sessionId === 'one/result-processor',
      );
      expect(counted.length).toBeGreaterThan(3);
      return Promise.resolve();
    }, 30_000);

    const actors = events.filter((event) => event.type === '@xstate.actor');
    const named = actors.map(({ name }) => name);
    expect(new Set(named).size).toBe(named.length);
    for (const name of ['one', 'resource-ledger', 'submitter', 'result-processor', 'campaign', 'fleet']) {
      const actor = actors.find((one) => one.name === name);
      expect(actor, name).toMatchObject({ rootId: 'one', snapshot: { status: 'active' } });
      const config = JSON.parse(actor?.definition ?? '') as { id: string; states?: Record<string, unknown> };
      expect(config.id).toBe(name);
      if (name === 'one') continue;
      // The definition is one that a machine can be made from, and the state that it is in is one of its own.
      const machine = createMachine(config as never);
      expect(() => machine.resolveState({ value: actor?.snapshot.value as never, context: {} })).not.toThrow();
    }
    const sessions = new Set(actors.map(({ sessionId }) => sessionId));
    for (const event of events) {
      expect(sessions).toContain(event.sessionId);
      expect(Number(event.createdAt)).toBeGreaterThan(1.7e12);
      if (event.type === '@xstate.event') expect(sessions).toContain(event.sourceId);
    }
    const reached = events.findIndex(
      ({ type, sessionId }) => type === '@xstate.event' && sessionId === 'one/result-processor',
    );
    const [event, after] = events.slice(reached).filter(({ sessionId }) => sessionId === 'one/result-processor');
    expect(event).toMatchObject({ event: { type: 'task.finished' }, sourceId: 'one/worker' });
    expect(after).toMatchObject({
      type: '@xstate.snapshot',
      snapshot: { value: 'counting' },
      event: { type: 'task.finished' },
    });

    expect(await answerTo(socket)).toBe('open');
    expect(await answerTo(socket, { origin: `http://${link.host}` })).toBe('open');
    expect(await answerTo(socket, { origin: 'https://elsewhere.example' })).toBe(403);
    expect(await answerTo(socket, { host: 'elsewhere.example' })).toBe(403);
    expect(await answerTo(socket.replace(/token=.*/, ''))).toBe(401);
    expect(await answerTo(`${socket}0`)).toBe(401);
    const page = await fetch(link);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('https://stately.ai/inspect')]);
    expect((await fetch(link.origin)).status).toBe(401);

    watch.child.kill('SIGINT');
    expect(await watch.exit).toBe(130);
    const wrong = scene.cox('watch', 'one', '--inspect', 'http');
    expect([await wrong.exit, wrong.stderr()]).toEqual([2, expect.stringContaining('--inspect: "http" is no port')]);
  },
);

it('a request for no address at all, or one whose sender has gone, ends nothing', async () => {
  const server = await InspectionServer.open({
    port: 0,
    open: () => Promise.reject(new Error('nobody is let in here')),
    warn: () => undefined,
  });
  const { host, port } = new URL(server.link);
  const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\n';
  for (const headers of ['', upgrade]) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    socket.write(`GET // HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401/);
    socket.destroy();
  }
  for (let n = 0; n < 20; n += 1) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n${upgrade}\r\n`, () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  await server.close();
});
