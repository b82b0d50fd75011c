/** A link between two hosts that drops everything without a word: noticed, given up, and replaced once it carries again. */
import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NatsConnection } from '@nats-io/nats-core';
import { connectNats, watchConnection } from '../../src/nats/connection.ts';
import { eventually, Scene } from '../support/scene.ts';

/** Carries bytes to a server and back until it is cut; then it takes and gives nothing, and closes nothing. */
class Link implements AsyncDisposable {
  readonly #server = createServer((socket) => this.#carry(socket));
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  #isCut = false;

  private constructor(target: URL) {
    this.#target = target;
  }

  static async open(url: string): Promise<Link> {
    const link = new Link(new URL(url));
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** What was open stays as it is: whoever held it has to come anew. */
  restore(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(near: Socket): void {
    this.#note(near);
    if (this.#isCut) {
      near.pause();
      return;
    }
    const far = connectSocket(Number(this.#target.port), this.#target.hostname);
    this.#note(far);
    near.pipe(far);
    far.pipe(near);
  }

  #note(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
  }
}

let scene: Scene;
let link: Link;
let connection: NatsConnection;
const seen: { lost: number[]; back: number[] } = { lost: [], back: [] };

beforeEach(async () => {
  seen.lost = [];
  seen.back = [];
  scene = await Scene.open();
  link = await Link.open(scene.server.url);
  connection = await connectNats({ url: link.url, token: scene.server.token }, { name: 'test' });
  watchConnection(connection, { lost: () => seen.lost.push(Date.now()), back: () => seen.back.push(Date.now()) });
});
afterEach(async () => {
  await connection.close();
  await link[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

it.each([
  ['nothing is on its way', 0],
  ['more is on its way than the system takes', 24],
])('is noticed within seconds when %s, and the connection is back soon after the link', async (_what, megabytes) => {
  const cutAt = Date.now();
  link.cut();
  for (let n = 0; n < megabytes; n++) connection.publish('cox.here.nobody', new Uint8Array(1_000_000));
  await eventually(() => expect(seen.lost).toHaveLength(1));
  const noticedMs = (seen.lost[0] ?? 0) - cutAt;
  link.restore();
  const restoredAt = Date.now();
  await eventually(() => expect(seen.back).toHaveLength(1));
  const backMs = (seen.back[0] ?? 0) - restoredAt;
  process.stdout.write(
    `a silent link was noticed after ${noticedMs} ms, and replaced ${backMs} ms after it was back\n`,
  );
  expect(noticedMs).toBeLessThan(5_000);
  expect(backMs).toBeLessThan(3_000);
  const answer = connection.subscribe('cox.here.somebody', {
    callback: (_error, message) => void message.respond('yes'),
  });
  expect((await connection.request('cox.here.somebody', '', { timeout: 2_000 })).string()).toBe('yes');
  answer.unsubscribe();
});
