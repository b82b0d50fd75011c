/** Where a dashboard is. */
import type { AddressInfo, Server } from 'node:net';
import { messageOf, ResourceError } from '../protocol/errors.ts';

/** A port of an address. @throws ResourceError when it is taken, or no address of this machine. */
export function listenAt(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what =
        cause.code === 'EADDRINUSE' ? 'something else listens there; choose another --port' : messageOf(cause);
      reject(
        new ResourceError(`the dashboard cannot listen on ${host}, port ${port}: ${what}`, {
          code: 'dashboard.port',
          cause,
        }),
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** The link by which a browser is let in. */
export function linkTo(host: string, port: number, key: string): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/?token=${key}`;
}
