import type { NatsConnection } from '@nats-io/nats-core';
import type { Steering } from '../campaign/steering.ts';
import type { Inspection } from '../runtime/contracts.ts';
import { ActorMetrics } from './actor-metrics.ts';
import { addCampaignMetrics } from './campaign-metrics.ts';
import type { MetricsAddress } from './metrics-address.ts';
import { serveMetrics } from './metrics-server.ts';

/** Metrics of a process that runs actors of a campaign. */
export interface SteeringMetrics {
  readonly url: string;
  /** An actor of this process has taken an event. */
  inspected(inspection: Inspection): void;
  /** From now on these actors are told of, and the campaign wherever its actor `campaign` runs here. */
  follow(connection: NatsConnection, campaign: string, steering: Steering): void;
  close(): Promise<void>;
}

/**
 * Serve them; of the process alone until there are actors.
 * @throws ConfigError when the address cannot be had.
 */
export async function openSteeringMetrics(address: MetricsAddress): Promise<SteeringMetrics> {
  const server = await serveMetrics(address);
  const { registry, url } = server;
  let actors: ActorMetrics | null = null;
  return {
    url,
    inspected: (inspection) => actors?.inspected(inspection),
    follow: (connection, campaign, steering) => {
      actors = new ActorMetrics(registry, connection, campaign, () => steering);
      actors.open();
      addCampaignMetrics(registry, campaign, async () => {
        if (!steering.running.includes('campaign')) return null;
        // A long log is still being read: the rest is told meanwhile.
        const story = await steering.story?.get().catch(() => null);
        return story?.overview(Date.now()) ?? null;
      });
    },
    close: async () => {
      await actors?.close();
      await server.close();
    },
  };
}
