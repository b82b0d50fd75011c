/** Tasks without any campaign: submit them, take their results by topic. */
import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/nats-core';
import { thisPerson } from '../campaign/operator.ts';
import { markCancelled } from '../nats/cancellations.ts';
import { connectNats, natsAddress } from '../nats/connection.ts';
import { readLog, type LogReader, type StoredMessage } from '../nats/log-reader.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { ensureTaskStreams } from '../nats/streams.ts';
import { ConfigError, InputError, ProtocolError } from '../protocol/errors.ts';
import { decode } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import { protocolVersion, taskResultSchema, tokenSchema, type Task, type TaskResult } from '../protocol/task.ts';
import { MethodDirectory } from './method-directory.ts';
import { TopicMailboxes } from './topic-mailboxes.ts';

export interface TaskClientOptions {
  /** The NATS server; or give a connection. Default: `COX_NATS_URL`. */
  readonly url?: string | undefined;
  /** A connection to use; it is left open. */
  readonly connection?: NatsConnection | undefined;
  /** Whose workers compute: the name of a campaign. Default: the only class that has the method. */
  readonly workerClass?: string | undefined;
  /** Under which results are stored; a client that comes back under the same name finds them again. Default: a new one. */
  readonly session?: string | undefined;
  /** Where credentials are looked for. Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

export interface SubmitOptions {
  readonly topic: string;
  readonly workerClass?: string | undefined;
  /** Longer than this, in ms of compute, and the task is ended; default: the method's own limit. */
  readonly timeoutMs?: number | undefined;
  /** More than this, in MB over its whole process tree, and the task is ended; default: the method's own limit. */
  readonly memoryMb?: number | undefined;
}

/** A place to submit tasks to and to take their results from. */
export interface TaskClient extends AsyncDisposable {
  readonly session: string;
  /**
   * Resolves with the task when the queue has stored it.
   * @throws ConfigError when no living worker has the method, or several classes do; InputError when the arguments are no
   * JSON or too large for a message.
   */
  submit(method: string, args: unknown, options: SubmitOptions): Promise<Task>;
  /**
   * The next result of a topic, in the order in which they were stored; each goes to one caller.
   * Null when none comes within `timeoutMs` (default: wait for ever), or the client is closed. A failed task is a result.
   */
  next(options: { topic: string; timeoutMs?: number | undefined }): Promise<TaskResult | null>;
  /**
   * End a task of this session: one that waits without running it, one that runs within a second. Its result then is a failure with
   * the code `task.cancelled`; a task that has ended is left as it is. Resolves when every worker is told.
   */
  cancel(taskId: string, reason?: string): Promise<void>;
  /** The results of a topic as they come, until the client is closed. */
  results(topic: string): AsyncIterableIterator<TaskResult>;
  close(): Promise<void>;
}

/**
 * Connect to the workers of a NATS server.
 *
 * @example
 * await using tasks = await connectTasks({ url: 'nats://127.0.0.1:4222' });
 * await tasks.submit('ionization-energy', { smiles: 'C' }, { topic: 'simulate' });
 * const result = await tasks.next({ topic: 'simulate', timeoutMs: 15_000 });
 *
 * @throws ConfigError without a server's address; TransportError when nobody answers there.
 */
export async function connectTasks(options: TaskClientOptions = {}): Promise<TaskClient> {
  const session = options.session ?? `session-${randomBytes(8).toString('hex')}`;
  checkToken('session', session);
  if (options.workerClass !== undefined) checkToken('workerClass', options.workerClass);
  const connection = options.connection ?? (await connect(options));
  try {
    await ensureTaskStreams(connection);
    const client = new Client(connection, session, options);
    await client.listen();
    return client;
  } catch (error) {
    if (options.connection === undefined) await connection.close();
    throw error;
  }
}

function connect({ url, environment = process.env }: TaskClientOptions): Promise<NatsConnection> {
  const server = url ?? environment['COX_NATS_URL'];
  if (server === undefined || server === '') {
    throw new ConfigError('which NATS server? Give connectTasks a url, or set COX_NATS_URL');
  }
  return connectNats(natsAddress(server, environment), { name: 'cox tasks' });
}

class Client implements TaskClient {
  readonly session: string;
  readonly #connection: NatsConnection;
  readonly #ownsConnection: boolean;
  readonly #workerClass: string | undefined;
  readonly #publisher: StoredPublisher;
  readonly #directory: MethodDirectory;
  readonly #mailboxes = new TopicMailboxes();
  /** Ids of tasks are not the same when a session is taken up again. */
  readonly #nonce = randomBytes(3).toString('hex');
  /** In a session of our own, what was submitted and has no result yet; a result of anything else is a second copy. */
  readonly #outstanding: Set<string> | null;
  /** In a session that others may share, what has been received. */
  readonly #received = new Set<string>();
  #reader: LogReader | null = null;
  #turn: Promise<void> | null = null;
  #number = 0;
  #closed = false;

  constructor(connection: NatsConnection, session: string, options: TaskClientOptions) {
    this.session = session;
    this.#connection = connection;
    this.#ownsConnection = options.connection === undefined;
    this.#workerClass = options.workerClass;
    this.#publisher = new StoredPublisher(connection);
    this.#directory = new MethodDirectory(connection);
    this.#outstanding = options.session === undefined ? new Set() : null;
  }

  async listen(): Promise<void> {
    this.#reader = await readLog(this.#connection, {
      stream: streams.results,
      filters: [subjects.resultsOf(this.session)],
      from: 1,
      onMessage: (message) => this.#receive(message),
    });
  }

  async submit(method: string, args: unknown, options: SubmitOptions): Promise<Task> {
    if (this.#closed) throw new ConfigError('this task client is closed', { code: 'client.closed' });
    checkToken('method', method);
    checkToken('topic', options.topic);
    const { topic, timeoutMs = null, memoryMb = null } = options;
    if (timeoutMs !== null && !(timeoutMs > 0)) throw new ConfigError(`timeoutMs must be above 0; ${timeoutMs} is not`);
    if (memoryMb !== null && !(memoryMb > 0)) throw new ConfigError(`memoryMb must be above 0; ${memoryMb} is not`);
    const campaign = options.workerClass ?? this.#workerClass;
    if (campaign !== undefined) checkToken('workerClass', campaign);
    const workerClass = await this.#directory.classOf(method, campaign);
    this.#number += 1;
    const task: Task = {
      v: protocolVersion,
      id: `${topic}-${this.#nonce}-${this.#number}`,
      campaign: this.session,
      method,
      topic,
      source: 'client',
      number: this.#number,
      arguments: args ?? null,
      pool: topic,
      slots: 1,
      grant: null,
      candidate: null,
      choice: null,
      timeoutMs,
      memoryMb,
      report: subjects.result(this.session, topic),
      createdAt: performance.timeOrigin + performance.now(),
    };
    this.#outstanding?.add(task.id);
    try {
      const text = this.#write(task);
      await this.#endOfTurn();
      await this.#publisher.publish(subjects.task(workerClass, method), text, `${this.session}/${task.id}`);
    } catch (error) {
      this.#outstanding?.delete(task.id);
      throw error;
    }
    return task;
  }

  async next({
    topic,
    timeoutMs = Infinity,
  }: {
    topic: string;
    timeoutMs?: number | undefined;
  }): Promise<TaskResult | null> {
    checkToken('topic', topic);
    return this.#mailboxes.next(topic, timeoutMs);
  }

  async cancel(taskId: string, reason = ''): Promise<void> {
    const mark = { campaign: this.session, task: taskId, by: thisPerson(), reason, at: Date.now() };
    await markCancelled(this.#connection, mark);
  }

  async *results(topic: string): AsyncIterableIterator<TaskResult> {
    for (;;) {
      const result = await this.next({ topic });
      if (result === null) return;
      yield result;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#mailboxes.close();
    this.#publisher.close();
    await this.#reader?.close();
    if (this.#ownsConnection) await this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Tasks that are submitted in one turn of the event loop leave in one write. */
  #endOfTurn(): Promise<void> {
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = null;
        resolve();
      });
    });
    return this.#turn;
  }

  /** The result embeds the task, and is one message too: a task may fill no more than half of one. */
  #write(task: Task): string {
    let text: string;
    try {
      text = JSON.stringify(task);
    } catch (cause) {
      throw new InputError(`${task.method}: the arguments are no JSON`, { cause });
    }
    const most = (this.#connection.info?.max_payload ?? 1_048_576) / 2;
    if (text.length <= most / 3 || Buffer.byteLength(text) <= most) return text;
    throw new InputError(
      `${task.method}: the arguments take ${Buffer.byteLength(text)} bytes, more than the ${most} that a task may have; ` +
        'store large values as objects and pass their references',
      { code: 'input.too-large' },
    );
  }

  #receive(message: StoredMessage): void {
    let result: TaskResult;
    try {
      result = decode(taskResultSchema, message.data, message.subject);
    } catch (error) {
      // Whoever wrote it, it is no result of a worker: nobody waits for it, and the next one may be good.
      process.emitWarning(error instanceof ProtocolError ? error.message : String(error), { code: 'COX_RESULT' });
      return;
    }
    const { id } = result.task;
    if (this.#outstanding === null) {
      if (this.#received.has(id)) return;
      this.#received.add(id);
    } else if (!this.#outstanding.delete(id)) return;
    const topic = message.subject.slice(subjects.result(this.session, '').length);
    this.#mailboxes.put(topic, result);
  }
}

function checkToken(what: string, given: string): void {
  if (tokenSchema.safeParse(given).success) return;
  throw new ConfigError(`${what} must be 1 to 64 letters, digits, "-" or "_"; "${given}" is not`);
}
