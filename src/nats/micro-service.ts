/** Questions answered as a NATS micro service: `nats micro ls` finds it, `nats req` asks it. */
import type { NatsConnection } from '@nats-io/nats-core';
import { CoxswainError, InputError, messageOf } from '../protocol/errors.ts';

/** One question: where it is asked, and what answers it. */
export interface Question {
  /** One token; within a service no two are the same. */
  readonly name: string;
  readonly subject: string;
  /** What it answers, and what its payload may be: for people, in the service's description of itself. */
  readonly about: string;
  readonly takes: string;
  /**
   * The answer, as JSON holds it, for what was sent with the question, which may be empty. What it throws is answered as an error of the service:
   * 400 for a question that cannot be answered, 503 for one that cannot be answered now, 500 for anything else.
   */
  readonly answer: (asked: string) => unknown;
}

/**
 * Answer questions until closed.
 * @param service its name, which one host's and another's share; the version of what answers; and what sets this one apart.
 */
export async function answerAsService(
  connection: NatsConnection,
  service: { name: string; version: string; description: string; metadata: Record<string, string> },
  questions: readonly Question[],
): Promise<{ close(): Promise<unknown> }> {
  const { Svcm } = await import('@nats-io/services');
  const running = await new Svcm(connection as never).add({ ...service });
  for (const { name, subject, about, takes, answer } of questions) {
    running.addEndpoint(name, {
      subject,
      metadata: { about, takes },
      handler: (_error, message) => {
        void answerTo(message.string().trim(), answer, connection.info?.max_payload)
          .then(
            (text) => void message.respond(text),
            (error: unknown) => void message.respondError(codeOf(error), messageOf(error).replaceAll(/\s+/g, ' ')),
          )
          // The connection has gone, and whoever asked with it.
          .catch(() => undefined);
      },
    });
  }
  return { close: async () => (connection.isClosed() ? null : running.stop()) };
}

/** @throws InputError when the answer is larger than the server takes. */
async function answerTo(asked: string, answer: Question['answer'], mostBytes = Infinity): Promise<string> {
  const text = JSON.stringify(await answer(asked));
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostBytes) return text;
  throw new InputError(`the answer has ${bytes} bytes, and the server takes ${mostBytes} a message; ask for less`);
}

function codeOf(error: unknown): number {
  if (!(error instanceof CoxswainError)) return 500;
  return error.retry === 'never' ? 400 : 503;
}
