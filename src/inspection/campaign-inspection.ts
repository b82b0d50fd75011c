/** `--inspect`: a campaign's actors for Stately's tools. */
import type { NatsConnection } from '@nats-io/nats-core';
import type { ActorPlan } from '../protocol/actor.ts';
import { ConfigError } from '../protocol/errors.ts';
import { InspectionServer } from './inspection-server.ts';
import { WatchedActors } from './watched-actors.ts';

/**
 * Serve a campaign's actors in Stately's inspection protocol until closed.
 * @throws ConfigError when the port is taken.
 */
export function inspectCampaign(
  connection: NatsConnection,
  campaign: string,
  plans: readonly ActorPlan[],
  { port, warn }: { port: number; warn: (message: string) => void },
): Promise<InspectionServer> {
  return InspectionServer.open({
    port,
    warn,
    open: (send) => WatchedActors.open(connection, campaign, plans, { send, warn }),
  });
}

/** The port of `--inspect [port]`: null when it was not given, 0 without a number. @throws ConfigError when it is none. */
export function inspectionPort(flag: string | boolean | undefined): number | null {
  if (flag === undefined || flag === false) return null;
  if (flag === true) return 0;
  const port = Number(flag);
  if (/^\d+$/.test(flag) && port <= 65_535) return port;
  throw new ConfigError(`--inspect: "${flag}" is no port; it takes 1 to 65535, or nothing for one that is free`);
}
