import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Logger } from 'pino';
import { StoredPublisher } from '../nats/publisher.ts';
import { messageOf } from '../protocol/errors.ts';
import { resultMessage, type Computer, type HeldTask } from './held-task.ts';
import type { Letter, Outbox } from './outbox.ts';
import { isMissingStream, ResultIndex, streamOfReport } from './result-index.ts';
import { outcomeWithout, type Outcome } from './wire.ts';

/** How storing ended: it is stored, kept on this host's disk for another worker, or there is no place for it any more. */
export type Storage = 'stored' | 'kept' | 'no-place';

const patienceMs = 30_000;
/** What is not stored by then is written to this host's disk meanwhile. */
const keepAfterMs = 1_000;
/** How often to look for results that workers of this host left when they died. */
const adoptMs = 2_000;

/** Stores results, and knows which are stored; keeps trying for as long as there is a stream that they belong in. */
export class ResultStore {
  readonly #connection: NatsConnection;
  readonly #publisher: StoredPublisher;
  readonly #index: ResultIndex;
  readonly #outbox: Outbox;
  readonly #logger: Logger;
  readonly #timers: readonly NodeJS.Timeout[];
  /** What is on its way. */
  readonly #letters = new Map<string, { readonly letter: Letter; readonly delivery: Promise<Storage> }>();
  #adopting: Promise<void> | null = null;
  /** The largest message that the server takes, as it last said. */
  #limit = 1_048_576;
  #closed = false;

  constructor(connection: NatsConnection, outbox: Outbox, logger: Logger) {
    this.#connection = connection;
    this.#publisher = new StoredPublisher(connection);
    this.#index = new ResultIndex(connection);
    this.#outbox = outbox;
    this.#logger = logger;
    this.#timers = [setInterval(() => void this.#index.sweep(), 1_000), setInterval(() => void this.#adopt(), adoptMs)];
  }

  /** Store how a task ended. */
  async store(held: HeldTask, outcome: Outcome, worker: Computer): Promise<Storage> {
    const letter = { subject: held.task.report, id: held.id, message: resultMessage(held, outcome, worker) };
    const bytes = Buffer.byteLength(letter.message);
    this.#limit = this.#connection.info?.max_payload ?? this.#limit;
    if (bytes <= this.#limit) return this.#deliver(letter);
    const failed = outcomeWithout(held.run, tooLarge(held, bytes, this.#limit));
    const message = resultMessage(held, failed, worker);
    return Buffer.byteLength(message) <= this.#limit ? this.#deliver({ ...letter, message }) : 'no-place';
  }

  /** Deliver what workers of this host left that died, or ended while the server was away. */
  async deliverLeftovers(): Promise<void> {
    await this.#adopt();
    await Promise.all([...this.#letters.values()].map(({ delivery }) => delivery));
  }

  /** Write down what is not stored, so that this worker may end. */
  async keepRest(): Promise<void> {
    const kept = await Promise.all([...this.#letters.values()].map(({ letter }) => this.#outbox.keep(letter)));
    const count = kept.filter(Boolean).length;
    if (count === 0) return;
    this.#logger.warn(
      `${resultsOf(count)} could not be delivered: kept in ${this.#outbox.folder} for the next worker that starts on this host ` +
        'with the same server and cache',
    );
  }

  /** Whether a task that came again was finished already; 'no-place' when nobody can want its result any more. */
  async find(held: HeldTask, asOf: number | undefined): Promise<'stored' | 'no-place' | 'unknown'> {
    // What a worker of this host left may be on its way, and this task has come just before.
    await this.#adopt();
    const storage = await this.#letters.get(held.id)?.delivery;
    if (storage !== undefined && storage !== 'kept') return storage;
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
    this.#timers.forEach(clearInterval);
    await this.#adopting;
    this.#publisher.close();
    await this.#outbox.close();
    if (!this.#connection.isClosed()) await this.#index.close();
  }

  /** Take over what was left, and start to deliver it. */
  #adopt(): Promise<void> {
    this.#adopting ??= (async () => {
      const letters = this.#closed ? [] : await this.#outbox.adopt();
      if (letters.length === 0) return;
      this.#logger.info(`delivering ${resultsOf(letters.length)} that workers of this host left`);
      for (const letter of letters) void this.#deliver(letter);
    })().finally(() => (this.#adopting = null));
    return this.#adopting;
  }

  #deliver(letter: Letter): Promise<Storage> {
    const delivery = this.#send(letter).finally(() => this.#letters.delete(letter.id));
    this.#letters.set(letter.id, { letter, delivery });
    return delivery;
  }

  async #send(letter: Letter): Promise<Storage> {
    const { id } = letter;
    const late = setTimeout(() => void this.#outbox.keep(letter), keepAfterMs);
    try {
      const storage = await this.#publish(letter);
      if (storage !== 'kept') await this.#outbox.remove(id);
      return storage;
    } finally {
      clearTimeout(late);
    }
  }

  async #publish({ subject, id, message }: Letter): Promise<Storage> {
    for (;;) {
      let noPlace: (storage: Storage) => void = () => undefined;
      const gone = new Promise<Storage>((resolve) => (noPlace = resolve));
      const watch = setInterval(
        () => void this.#isMissing(subject).then((is) => is && noPlace('no-place')),
        patienceMs,
      );
      try {
        const stored = this.#publisher.publish(subject, message, id).then((): Storage => 'stored');
        return await Promise.race([stored, gone]);
      } catch (error) {
        if (this.#closed) return 'kept';
        this.#logger.warn({ result: id, error: messageOf(error) }, 'a result could not be stored; trying again');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      } finally {
        clearInterval(watch);
      }
    }
  }

  async #isMissing(subject: string): Promise<boolean> {
    try {
      const manager = await jetstreamManager(this.#connection, { checkAPI: false });
      await manager.streams.info(streamOfReport(subject) ?? '');
      return false;
    } catch (error) {
      return isMissingStream(error);
    }
  }
}

const resultsOf = (count: number): string => (count === 1 ? 'a result' : `${count} results`);

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
