/** Where Stately's tools connect: a WebSocket on this machine, and a page that hands what it says to Stately's inspector. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { ConfigError, messageOf } from '../protocol/errors.ts';
import type { StatelyEvent } from './stately-events.ts';

/** Where the events come from, as long as somebody listens. */
export interface InspectionSource {
  /** What a newcomer is told first. */
  present(): StatelyEvent[];
  close(): Promise<void>;
}

export interface InspectionOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Begin to follow; called when the first listener comes, and again when one comes after the last has gone. */
  readonly open: (send: (event: StatelyEvent) => void) => Promise<InspectionSource>;
  readonly warn: (message: string) => void;
}

/** So much may wait for a listener that reads slowly; then it is let go, and may come again. */
const mostWaitingBytes = 32 * 2 ** 20;

const inspectorUrl = 'https://stately.ai/inspect';

/**
 * Listens on the loopback interface. Costs nothing until somebody connects: only then is the campaign followed, and no longer than
 * somebody listens. Who connects must know the token in the link, and be no page of another origin.
 */
export class InspectionServer {
  readonly #options: InspectionOptions;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #token = randomBytes(16).toString('hex');
  #source: Promise<InspectionSource> | null = null;

  private constructor(options: InspectionOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: 1_024 });
    this.#http = createServer((request, response) => {
      const status = this.#refusal(request);
      response.writeHead(status ?? 200, {
        'content-type': status === null ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      response.end(status === null ? page : `${refusals[status]}\n`);
    });
    this.#http.on('upgrade', (request, socket, head) => {
      // Whoever is refused may have gone before they are told.
      socket.on('error', () => socket.destroy());
      const status = this.#refusal(request);
      if (status !== null) {
        socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (listener) => void this.#welcome(listener));
    });
  }

  /** @throws ConfigError when the port is taken. */
  static async open(options: InspectionOptions): Promise<InspectionServer> {
    const server = new InspectionServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', (cause) =>
        reject(
          new ConfigError(`--inspect: port ${options.port} cannot be listened on: ${messageOf(cause)}`, { cause }),
        ),
      );
      server.#http.listen(options.port, '127.0.0.1', resolve);
    });
    return server;
  }

  /** The page that shows the actors in Stately's inspector. */
  get link(): string {
    return `http://127.0.0.1:${this.#port}/?token=${this.#token}`;
  }

  /** Where a receiver of the protocol connects. */
  get socket(): string {
    return `ws://127.0.0.1:${this.#port}/?token=${this.#token}`;
  }

  async close(): Promise<void> {
    for (const listener of this.#sockets.clients) listener.close(1001, 'the campaign is no longer watched');
    this.#sockets.close();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
      for (const listener of this.#sockets.clients) listener.terminate();
    });
    await this.#rest();
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Why a request is not answered; null when it is. */
  #refusal({ headers, url = '/' }: IncomingMessage): 401 | 403 | null {
    const ours = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!ours.includes(headers.host ?? '')) return 403;
    if (headers.origin !== undefined && !ours.some((host) => headers.origin === `http://${host}`)) return 403;
    // What is behind the question mark: the rest may be no address at all.
    const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');
    const given = Buffer.from(query.get('token') ?? '');
    const token = Buffer.from(this.#token);
    return given.length === token.length && timingSafeEqual(given, token) ? null : 401;
  }

  async #welcome(listener: WebSocket): Promise<void> {
    listener.on('error', () => listener.terminate());
    listener.on('close', () => {
      if (this.#sockets.clients.size === 0) void this.#rest();
    });
    try {
      this.#source ??= this.#options.open((event) => this.#tell(event));
      for (const event of (await this.#source).present()) listener.send(JSON.stringify(event));
      this.#told.add(listener);
    } catch (error) {
      this.#source = null;
      this.#options.warn(`--inspect: ${messageOf(error)}`);
      listener.close(1011, messageOf(error).slice(0, 120));
    }
  }

  /** Those who know who there is; before that, events would be about strangers. */
  readonly #told = new WeakSet<WebSocket>();

  #tell(event: StatelyEvent): void {
    let text: string | null = null;
    for (const listener of this.#sockets.clients) {
      if (!this.#told.has(listener) || listener.readyState !== listener.OPEN) continue;
      text ??= JSON.stringify(event);
      if (listener.bufferedAmount > mostWaitingBytes) listener.close(1013, 'it reads too slowly');
      else listener.send(text);
    }
  }

  async #rest(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    await source?.then(
      (opened) => opened.close(),
      () => undefined,
    );
  }
}

const refusals = {
  401: 'The token is missing or wrong; take the whole link that was printed.',
  403: 'This answers only its own page on this machine.',
} as const;

/** Stately's inspector takes events from the window that it is embedded in, once it has said that it is there. */
const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Coxswain's actors in Stately's inspector</title>
<style>html,body{margin:0;height:100%;font:14px system-ui,sans-serif}iframe{width:100%;height:calc(100% - 2.2em);border:0}p{margin:0;padding:.5em 1em;height:1.2em}</style></head>
<body><p id="said" role="status">Stately's inspector is loaded from stately.ai, which needs the internet.</p><iframe id="inspector" src="${inspectorUrl}" title="Stately's inspector"></iframe>
<script>
const inspector = document.getElementById('inspector');
const said = document.getElementById('said');
const waiting = [];
let isThere = false;
let count = 0;
const pass = (event) => inspector.contentWindow.postMessage(event, '${new URL(inspectorUrl).origin}');
addEventListener('message', ({ data, source }) => {
  if (source !== inspector.contentWindow || data?.type !== '@statelyai.connected') return;
  isThere = true;
  waiting.splice(0).forEach(pass);
});
const socket = new WebSocket(location.href.replace(/^http/, 'ws'));
socket.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  count += 1;
  said.textContent = count + ' events of the campaign passed on' + (isThere ? '' : '; the inspector has not answered yet');
  if (isThere) pass(event);
  else if (waiting.push(event) > 2000) waiting.splice(waiting.findIndex(({ type }) => type !== '@xstate.actor'), 1);
};
socket.onclose = ({ reason }) => { said.textContent = 'No more events: ' + (reason || 'the campaign is no longer watched') + '.'; };
</script></body></html>
`;
