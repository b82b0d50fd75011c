/** What a request's query says, checked. */
import type { Context } from 'hono';

/** A request that cannot be answered: `message` is for people, `status` for programs. */
export class RequestError extends Error {
  readonly status: 400 | 404 | 503;

  constructor(message: string, status: 400 | 404 | 503 = 400) {
    super(message);
    this.status = status;
  }
}

const mostLetters = 2_000;

/** A text of the query; empty when it is not there. @throws RequestError when it is too long. */
export function textIn(context: Context, name: string): string {
  const text = context.req.query(name) ?? '';
  if (text.length > mostLetters) throw new RequestError(`${name} is too long`);
  return text;
}

/** A number of the query; null when it is not there. @throws RequestError when it is none. */
export function optionalNumberIn(context: Context, name: string): number | null {
  const text = textIn(context, name);
  if (text === '') return null;
  const number = Number(text);
  if (!Number.isFinite(number)) throw new RequestError(`${name} is no number`);
  return number;
}

/** A whole number of the query. @throws RequestError when it is none, or not there and there is no other. */
export function numberIn(
  context: Context,
  name: string,
  { least, otherwise }: { readonly least: number; readonly otherwise?: number },
): number {
  const number = optionalNumberIn(context, name) ?? otherwise;
  if (number === undefined || !Number.isSafeInteger(number) || number < least) {
    throw new RequestError(`${name} must be a whole number from ${least} on`);
  }
  return number;
}
