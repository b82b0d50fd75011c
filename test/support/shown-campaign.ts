/** A recorded campaign with its dashboard, and people who look at it. */
import type { NatsConnection } from '@nats-io/nats-core';
import type { CampaignDefinition } from '../../src/campaign/definition.ts';
import { loadCampaign } from '../../src/campaign/load.ts';
import type { RunRecord } from '../../src/campaign/run-folder.ts';
import type { ActorLive, LiveEvents } from '../../src/dashboard/api.ts';
import { Dashboard } from '../../src/dashboard/dashboard.ts';
import { newKeys, type Keys, type Role } from '../../src/dashboard/keys.ts';
import { campaignFolder } from './scene.ts';

export class ShownCampaign implements AsyncDisposable {
  readonly keys: Keys = newKeys();
  readonly port: number;
  readonly dashboard: Dashboard;
  readonly #watchers: Watcher[] = [];

  private constructor(dashboard: Dashboard, port: number, keys: Keys) {
    this.dashboard = dashboard;
    this.port = port;
    this.keys = keys;
  }

  static async open(connection: NatsConnection, record: RunRecord): Promise<ShownCampaign> {
    const definition = (await loadCampaign(campaignFolder('quick'))) as CampaignDefinition;
    const keys = newKeys();
    const dashboard = new Dashboard({ connection, record, definition, keys });
    return new ShownCampaign(dashboard, await dashboard.listen(0, '127.0.0.1'), keys);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A request as the holder of a link makes it. */
  ask(path: string, init: RequestInit = {}, role: Role = 'watch'): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('cookie', `cox-${this.port}=${this.keys[role]}`);
    return fetch(`${this.url}${path}`, { redirect: 'manual', ...init, headers });
  }

  /** What the dashboard answers. @throws Error when it refuses. */
  async get<T>(path: string): Promise<T> {
    const response = await this.ask(path);
    if (response.status === 200) return (await response.json()) as T;
    throw new Error(`${path} is answered with ${response.status}: ${await response.text()}`);
  }

  /** Somebody who watches from now on. */
  async watch(): Promise<Watcher> {
    const ending = new AbortController();
    const response = await this.ask('/api/live', { signal: ending.signal });
    const watcher = new Watcher(response, ending);
    this.#watchers.push(watcher);
    return watcher;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dashboard.close('the test is over');
    for (const watcher of this.#watchers) watcher.leave();
  }
}

/** What somebody was told, newest last. */
export class Watcher {
  readonly told: { readonly name: string; readonly data: unknown }[] = [];
  readonly #ending: AbortController;
  #rest = '';

  constructor({ body }: Response, ending: AbortController) {
    this.#ending = ending;
    void this.#read(body).catch(() => undefined);
  }

  /** The last of a kind; undefined as long as there is none. */
  last<K extends keyof LiveEvents>(name: K): LiveEvents[K] | undefined {
    return this.told.findLast((one) => one.name === name)?.data as LiveEvents[K] | undefined;
  }

  /** An actor, as it was told of last. */
  actor(name: string): ActorLive | undefined {
    const told = this.told.flatMap((one) => (one.name === 'actors' ? (one.data as readonly ActorLive[]) : []));
    return told.findLast(({ actor }) => actor === name);
  }

  leave(): void {
    this.#ending.abort();
  }

  async #read(body: ReadableStream<Uint8Array> | null): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of body ?? []) {
      const frames = (this.#rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      this.#rest = frames.pop() ?? '';
      for (const frame of frames) {
        const [, name = '', data = 'null'] = /^event: (.*)\ndata: (.*)$/.exec(frame) ?? [];
        this.told.push({ name, data: JSON.parse(data) });
      }
    }
  }
}
