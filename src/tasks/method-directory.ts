import type { NatsConnection } from '@nats-io/nats-core';
import { ConfigError } from '../protocol/errors.ts';
import type { Registration } from '../protocol/registration.ts';
import { livingWorkers } from '../worker/registration.ts';

const patienceMs = 5_000;
/** Workers come and go, and with them versions of methods: what they said is looked at again after so long. */
const lookAgainMs = 5_000;

/** What workers that live compute, by class. */
type Offered = ReadonlyMap<string, Registration['classes'][string]>;

/** Which class of workers computes a method, as the workers that live now say. */
export class MethodDirectory {
  readonly #connection: NatsConnection;
  readonly #classes = new Map<string, { readonly workerClass: string; readonly at: number }>();

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /**
   * The one class that has the method, or the one of a campaign by its name, whatever it has; a worker that is just starting is
   * waited for a few seconds, and one that has gone is taken to come back.
   * @throws ConfigError when no worker has it, or when several classes do.
   */
  async classOf(method: string, campaign?: string): Promise<string> {
    const key = campaign ?? `/${method}`;
    const known = this.#classes.get(key);
    if (known !== undefined && performance.now() - known.at < lookAgainMs) return known.workerClass;
    // One look for all who ask meanwhile.
    if (known !== undefined) this.#classes.set(key, { ...known, at: performance.now() });
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const offered = await this.#offered();
      const fitting = [...offered].filter(([, { name, methods }]) =>
        campaign === undefined ? methods.includes(method) : name === campaign,
      );
      const [only] = fitting;
      const isAmbiguous = fitting.length > 1;
      // Of two versions one may be about to leave.
      const isOneCampaign = new Set(fitting.map(([, { name }]) => name)).size === 1;
      if (isAmbiguous && (!isOneCampaign || Date.now() >= deadline)) throw ambiguous(method, fitting);
      const workerClass = only?.[0] ?? known?.workerClass;
      if (workerClass !== undefined && !isAmbiguous) {
        this.#classes.set(key, { workerClass, at: performance.now() });
        return workerClass;
      }
      if (Date.now() >= deadline) throw notOffered(method, campaign, offered);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #offered(): Promise<Offered> {
    const workers = await livingWorkers(this.#connection);
    return new Map(workers.filter(({ draining }) => !draining).flatMap(({ classes }) => Object.entries(classes)));
  }
}

function ambiguous(
  method: string,
  fitting: readonly (readonly [string, { name: string; digest: string }])[],
): ConfigError {
  const classes = fitting.map(([workerClass]) => workerClass);
  const names = [...new Set(fitting.map(([, { name }]) => name))];
  const versions = fitting.map(([, { digest }]) => digest.slice(0, 8)).join(' and ');
  return new ConfigError(
    names.length > 1
      ? `"${method}" is a method of ${names.join(' and ')}: say which with workerClass, or --campaign`
      : `workers with different methods of ${names.join()} live (${versions}); put the same version of the folder on all of their ` +
          'hosts and start them again',
    { code: 'method.ambiguous', details: { method, classes } },
  );
}

function notOffered(method: string, campaign: string | undefined, offered: Offered): ConfigError {
  const known = [...offered.values()].map(({ name, methods }) => `${name}: ${methods.join(', ')}`);
  const what = campaign === undefined ? `"${method}"` : `tasks of ${campaign}`;
  return new ConfigError(
    known.length === 0
      ? `no worker is there to compute ${what}; start one with: cox worker <campaign folder> --nats <url>`
      : `no worker computes ${what}; those that live now compute ${known.join('; ')}`,
    { code: 'method.not-offered', details: { method, offered: known } },
  );
}
