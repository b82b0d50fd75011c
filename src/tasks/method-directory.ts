import type { NatsConnection } from '@nats-io/nats-core';
import { ConfigError } from '../protocol/errors.ts';
import { livingWorkers } from '../worker/registration.ts';

const patienceMs = 5_000;

/** Which class of workers computes a method, as the workers that live now say. */
export class MethodDirectory {
  readonly #connection: NatsConnection;
  readonly #classes = new Map<string, string>();

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /**
   * The one class that has the method; a worker that is just starting is waited for a few seconds.
   * @throws ConfigError when no worker has it, or when several classes do.
   */
  async classOf(method: string): Promise<string> {
    const known = this.#classes.get(method);
    if (known !== undefined) return known;
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const offered = await this.#offered();
      const classes = [...offered].filter(([, methods]) => methods.has(method)).map(([name]) => name);
      const [only] = classes;
      if (classes.length === 1 && only !== undefined) {
        this.#classes.set(method, only);
        return only;
      }
      if (classes.length > 1) {
        throw new ConfigError(
          `"${method}" is a method of ${classes.join(' and ')}: say which with workerClass, or --campaign`,
          {
            code: 'method.ambiguous',
            details: { method, classes },
          },
        );
      }
      if (Date.now() >= deadline) throw notOffered(method, offered);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #offered(): Promise<Map<string, Set<string>>> {
    const offered = new Map<string, Set<string>>();
    for (const { classes } of await livingWorkers(this.#connection)) {
      for (const [name, methods] of Object.entries(classes)) {
        offered.set(name, new Set([...(offered.get(name) ?? []), ...methods]));
      }
    }
    return offered;
  }
}

function notOffered(method: string, offered: Map<string, Set<string>>): ConfigError {
  const known = [...offered].map(([name, methods]) => `${name}: ${[...methods].join(', ')}`);
  return new ConfigError(
    known.length === 0
      ? `no worker is there to compute "${method}"; start one with: cox worker <campaign folder> --nats <url>`
      : `no worker computes "${method}"; those that live now compute ${known.join('; ')}`,
    { code: 'method.not-offered', details: { method, offered: known } },
  );
}
