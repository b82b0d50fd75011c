import { metricsAddress } from '../metrics/metrics-address.ts';
import type { SteeringMetrics } from '../metrics/steering-metrics.ts';

/**
 * Metrics of a process that runs actors, served where `--metrics` says; null, and nothing is loaded for them, without it.
 * @throws ConfigError when it is no address, or one that cannot be had.
 */
export async function metricsFor(at: string | undefined): Promise<SteeringMetrics | null> {
  if (at === undefined) return null;
  const address = metricsAddress(at);
  const { openSteeringMetrics } = await import('../metrics/steering-metrics.ts');
  return openSteeringMetrics(address);
}
