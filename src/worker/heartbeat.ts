import { loadavg } from 'node:os';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Beat } from '../protocol/registration.ts';
import { subjects } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';
import { hostToken } from './worker-id.ts';

const beatMs = 1_000;
const changeMs = 25;

/** Says once a second what a worker holds, and soon after that has changed: should it die, its tasks are given out again by this. */
export class Heartbeat {
  readonly #connection: NatsConnection;
  readonly #worker: { readonly id: string; readonly slots: number };
  readonly #held: () => Beat['held'];
  readonly #timer: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;
  #size = 0;

  constructor(
    connection: NatsConnection,
    worker: { readonly id: string; readonly slots: number },
    held: () => Beat['held'],
  ) {
    this.#connection = connection;
    this.#worker = worker;
    this.#held = held;
    this.#timer = setInterval(() => this.#beat(), beatMs);
    this.#beat();
  }

  /** What is held has changed: said within 25 ms, a long list less often. */
  changed(): void {
    this.#soon ??= setTimeout(() => this.#beat(), Math.min(beatMs, Math.max(changeMs, this.#size)));
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
  }

  #beat(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
    if (this.#connection.isClosed()) return;
    const { id, slots } = this.#worker;
    const held = this.#held();
    this.#size = held.length;
    const beat: Beat = { v: protocolVersion, id, at: Date.now(), slots, held, load: loadavg() };
    this.#connection.publish(subjects.beat(hostToken(), id), JSON.stringify(beat));
  }
}
