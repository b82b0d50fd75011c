import type { NatsConnection } from '@nats-io/nats-core';
import type { Logger } from 'pino';
import { attemptsAt, recordAttempt, type TaskName } from '../nats/attempts.ts';
import { messageOf } from '../protocol/errors.ts';
import type { LimitRetries } from '../protocol/method.ts';
import { judge, poisonIn } from '../protocol/retry.ts';
import type { TaskFailure } from '../protocol/task.ts';
import type { HeldTask } from './held-task.ts';

/** What becomes of a task that failed: it is given back for later, or this is how it ended. */
type Fate = { readonly giveBackAfterMs: number } | TaskFailure;

/** How long an attempt is tried to be noted before its task is given back without. */
const patienceMs = 10_000;

/** Decides with what every worker has tried whether a task is tried again. */
export class Retries {
  readonly #connection: NatsConnection;
  readonly #worker: { readonly id: string; readonly host: string };
  readonly #logger: Logger;
  #closed = false;

  constructor(connection: NatsConnection, worker: { readonly id: string; readonly host: string }, logger: Logger) {
    this.#connection = connection;
    this.#worker = worker;
    this.#logger = logger;
  }

  /** Learn what was tried at a task that came again, however long the server is away. */
  async recall(held: HeldTask): Promise<void> {
    while (!this.#closed) {
      try {
        held.attempts = await attemptsAt(this.#connection, nameOf(held));
        return;
      } catch (error) {
        this.#logger.debug({ task: held.id, error: messageOf(error) }, 'cannot look for earlier attempts yet');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** What becomes of a task that failed; what is tried again is noted first, so that it counts whoever takes it. */
  async judge(held: HeldTask, failure: TaskFailure, retries: LimitRetries): Promise<Fate> {
    const random = Math.random();
    const verdict = judge(failure, held.attempts, retries, random);
    if (verdict.is === 'final') return failure;
    const { code, message } = failure;
    const attempt = { at: Date.now(), worker: this.#worker.id, host: this.#worker.host, code, message };
    for (const began = performance.now(); ;) {
      try {
        held.attempts = await recordAttempt(this.#connection, nameOf(held), attempt);
        break;
      } catch (error) {
        const problem = { task: held.id, code, error: messageOf(error) };
        if (this.#closed || performance.now() - began > patienceMs) {
          this.#logger.warn(problem, 'a failed attempt could not be noted; its task is given back without');
          return { giveBackAfterMs: 0 };
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    const poison = poisonIn(held.attempts);
    if (poison !== null) return poison;
    // Judged again by all that was tried: this worker may not have known of some of it.
    const known = held.attempts.filter(({ at, worker }) => at !== attempt.at || worker !== attempt.worker);
    const latest = judge(failure, known, retries, random);
    if (latest.is !== 'again') return failure;
    this.#logger.info({ task: held.id, code, attempts: held.attempts.length }, 'a task failed and is tried again');
    return { giveBackAfterMs: latest.afterMs };
  }

  close(): void {
    this.#closed = true;
  }
}

function nameOf({ task }: HeldTask): TaskName {
  return { campaign: task.campaign, task: task.id };
}
