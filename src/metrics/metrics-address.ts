import { ConfigError } from '../protocol/errors.ts';

/** Where metrics are served; port 0 takes any that is free. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * An address from `--metrics [HOST:]PORT`; without a host this machine alone reaches it.
 * @throws ConfigError when it is none.
 */
export function metricsAddress(text: string): MetricsAddress {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:\s]+)):)?(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new ConfigError(`--metrics takes a port, or host:port such as 0.0.0.0:9464; "${text}" is neither`);
  }
  return { host: bracketed ?? plain ?? '127.0.0.1', port };
}

/** As the flag has it. */
export const metricsFlag = ({ host, port }: MetricsAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Where a second process beside the first serves its own. */
export const nextPort = ({ host, port }: MetricsAddress): MetricsAddress => ({ host, port: port === 0 ? 0 : port + 1 });
