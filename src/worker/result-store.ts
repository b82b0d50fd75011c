import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Logger } from 'pino';
import { StoredPublisher } from '../nats/publisher.ts';
import { messageOf } from '../protocol/errors.ts';
import { resultMessage, type Computer, type HeldTask } from './held-task.ts';
import { isMissingStream, ResultIndex, streamOfReport } from './result-index.ts';
import { outcomeWithout, type Outcome } from './wire.ts';

/** How storing ended: it is stored, or there is no place for it any more. */
export type Storage = 'stored' | 'no-place';

const patienceMs = 30_000;

/** Stores results, and knows which are stored; keeps trying for as long as there is a stream that they belong in. */
export class ResultStore {
  readonly #connection: NatsConnection;
  readonly #publisher: StoredPublisher;
  readonly #index: ResultIndex;
  readonly #logger: Logger;
  readonly #sweep: NodeJS.Timeout;
  #closed = false;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#connection = connection;
    this.#publisher = new StoredPublisher(connection);
    this.#index = new ResultIndex(connection);
    this.#logger = logger;
    this.#sweep = setInterval(() => void this.#index.sweep(), 1_000);
  }

  /** Store how a task ended. */
  async store(held: HeldTask, outcome: Outcome, worker: Computer): Promise<Storage> {
    let current = outcome;
    for (;;) {
      const message = resultMessage(held, current, worker);
      const watch = setInterval(() => void this.#missing(held).then((gone) => gone && noPlace('no-place')), patienceMs);
      let noPlace: (storage: Storage) => void = () => undefined;
      const gone = new Promise<Storage>((resolve) => (noPlace = resolve));
      try {
        const stored = this.#publisher.publish(held.task.report, message, held.id).then((): Storage => 'stored');
        return await Promise.race([stored, gone]);
      } catch (error) {
        if (this.#closed) throw error;
        const limit = this.#connection.info?.max_payload ?? 1_048_576;
        const bytes = Buffer.byteLength(message);
        if (bytes > limit && current === outcome) {
          current = outcomeWithout(held.run, tooLarge(held, bytes, limit));
          continue;
        }
        if (bytes > limit) return 'no-place';
        this.#logger.warn({ task: held.id, error: messageOf(error) }, 'a result could not be stored; trying again');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      } finally {
        clearInterval(watch);
      }
    }
  }

  /** Whether a task that came again was finished already; 'no-place' when nobody can want its result any more. */
  async find(held: HeldTask, asOf: number | undefined): Promise<Storage | 'unknown'> {
    while (!this.#closed) {
      try {
        const known = await this.#index.has(held.task.report, held.id, held.delivery.storedAt, asOf);
        return known ? 'stored' : 'unknown';
      } catch (error) {
        if (isMissingStream(error)) return 'no-place';
        this.#logger.debug({ task: held.id, error: messageOf(error) }, 'cannot look for a result yet');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    return 'unknown';
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    this.#publisher.close();
    if (!this.#connection.isClosed()) await this.#index.close();
  }

  async #missing({ task }: HeldTask): Promise<boolean> {
    try {
      const manager = await jetstreamManager(this.#connection, { checkAPI: false });
      await manager.streams.info(streamOfReport(task.report) ?? '');
      return false;
    } catch (error) {
      return isMissingStream(error);
    }
  }
}

function tooLarge(
  { task }: HeldTask,
  bytes: number,
  limit: number,
): ReturnType<typeof outcomeWithout>['failure'] & object {
  return {
    code: 'result.too-large',
    message:
      `the result of ${task.method} has ${bytes} bytes, more than the ${limit} of a NATS message; ` +
      'the method should store large values with objects.put and return the reference',
    retry: 'never',
    details: { bytes, limit },
  };
}
