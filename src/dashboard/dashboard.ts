/** A dashboard of one campaign: whoever has one of its links sees it, and may steer with the other. */
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { NatsConnection } from '@nats-io/nats-core';
import type { CampaignDefinition } from '../campaign/definition.ts';
import type { RunRecord } from '../campaign/run-folder.ts';
import { listenAt } from './address.ts';
import { dashboardApp } from './app.ts';
import { CampaignAnswers } from './campaign-answers.ts';
import type { Keys } from './keys.ts';

export interface DashboardOptions {
  readonly connection: NatsConnection;
  readonly record: RunRecord;
  readonly definition: CampaignDefinition;
  readonly keys: Keys;
  /** Names by which people reach it, beside localhost, addresses and this machine's own name. */
  readonly hosts?: readonly string[];
}

/** How long the end of a log is waited for when a dashboard ends, ms. */
const flushMs = 500;

/** Answers on connections that others have accepted. */
export class Dashboard {
  readonly #answers: CampaignAnswers;
  readonly #server: Server;
  #askedAt = Date.now();

  constructor(options: DashboardOptions) {
    const { keys, hosts = [] } = options;
    this.#answers = new CampaignAnswers(options);
    const app = dashboardApp(this.#answers, { keys, hosts });
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    this.#server = createServer((request, response) => {
      this.#askedAt = Date.now();
      void listener(request, response);
    });
  }

  /** For how long nobody has looked, ms. */
  get quietMs(): number {
    return this.#answers.watchers > 0 ? 0 : Date.now() - this.#askedAt;
  }

  /** Answer what comes on this connection. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
    socket.resume();
  }

  /** Listen at an address. @returns the port. @throws ResourceError when that cannot be. */
  listen(port: number, host: string): Promise<number> {
    return listenAt(this.#server, port, host);
  }

  /** Tell all who watch that this ends, and why. */
  async close(reason: string): Promise<void> {
    await this.#answers.close(reason, flushMs);
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
  }
}
