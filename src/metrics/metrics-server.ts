/** Prometheus metrics of this process over HTTP, for as long as somebody has asked for them with `--metrics`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { ConfigError, messageOf } from '../protocol/errors.ts';
import { metricsFlag, type MetricsAddress } from './metrics-address.ts';

export interface MetricsServer {
  /** Of this process, its defaults in it already. */
  readonly registry: Registry;
  readonly url: string;
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/**
 * Serve `/metrics`.
 * @throws ConfigError when the address cannot be had.
 */
export async function serveMetrics(address: MetricsAddress): Promise<MetricsServer> {
  const registry = new Registry();
  const isLocal = loopback.has(address.host);
  const server = createServer((request, response) => {
    // A page of somebody's browser that gave its own name our address is no scraper.
    if (isLocal && !loopback.has(hostOf(request))) refuse(response, 403, 'this is not the host that you named');
    else if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
      refuse(response, 404, 'metrics are at GET /metrics');
    else {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => refuse(response, 500, messageOf(error)),
      );
    }
  });
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new ConfigError(
      `--metrics: ${metricsFlag(address)} cannot be listened at (${messageOf(cause)}); choose another port, or 0 for any that is free`,
      { code: 'metrics.address', cause },
    );
  }
  collectDefaultMetrics({ register: registry });
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    registry,
    url: `http://${metricsFlag({ ...address, port })}/metrics`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuse(response: ServerResponse, code: number, why: string): void {
  response.writeHead(code, { 'content-type': 'text/plain' }).end(`${why}\n`);
}

function hostOf({ headers }: IncomingMessage): string {
  try {
    return new URL(`http://${headers.host ?? ''}`).hostname.replaceAll(/[[\]]/g, '');
  } catch {
    return '';
  }
}
