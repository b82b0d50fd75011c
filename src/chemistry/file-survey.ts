/** A first look at a file: its digest, which names what is cached of it, and its length. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { InputError, messageOf } from '../protocol/errors.ts';

/** What one pass over a file's bytes tells. */
export interface FileSurvey {
  readonly digest: string;
  readonly lines: number;
}

/**
 * Digest and number of lines of a file, in one pass over its bytes; `what` is what an error calls it.
 * @throws InputError with the system's reason when it cannot be read
 */
export async function surveyFile(path: string, what = 'search space'): Promise<FileSurvey> {
  const hash = createHash('sha256');
  let lines = 0;
  let endsOpen = false;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      endsOpen = chunk.at(-1) !== 10;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
    }
  } catch (cause) {
    throw unreadableFile(what, path, cause);
  }
  return { digest: hash.digest('hex'), lines: endsOpen ? lines + 1 : lines };
}

/** The error for a file that the system cannot read, with its reason; `what` says what it should have been. */
export const unreadableFile = (what: string, path: string, cause: unknown): InputError =>
  new InputError(`${what} ${path} cannot be read: ${messageOf(cause)}`, { code: 'space.unreadable', cause });
