import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MissingError } from '../protocol/errors.ts';

/** The SHA-256 of a file, in hexadecimal. */
async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Nothing, when the file has the expected SHA-256.
 * @throws MissingError `setup.wrong-checksum` otherwise. This ends an installation: bytes that are not what was pinned mean a
 * broken download or somebody in between, and a person should look before anything else is tried.
 */
export async function verifyChecksum(file: string, expected: string, source: string): Promise<void> {
  const actual = await sha256Of(file);
  if (actual === expected) return;
  throw new MissingError(
    `${basename(file)} from ${source} is not the file that was pinned: its SHA-256 is ${actual}, expected ${expected}. ` +
      'Nothing of it was kept. Try again; if it stays so, the download is broken or was tampered with on its way.',
    { code: 'setup.wrong-checksum', details: { file: basename(file), source, actual, expected } },
  );
}

const connectTimeoutMs = 5_000;
const downloadTimeoutMs = 300_000;

/**
 * The size in bytes of what was downloaded from `url` into `file`.
 * Machines without the whole internet are common (hence the short wait for an answer), and so are gateways that answer for
 * everybody with a page of their own, which counts as no answer.
 * @throws Error when the address cannot be reached, answers anything but the file, or takes more than five minutes.
 */
export async function download(url: string, file: string): Promise<void> {
  const giveUp = new AbortController();
  const noAnswer = setTimeout(() => giveUp.abort(new Error('no answer')), connectTimeoutMs);
  const tooSlow = setTimeout(() => giveUp.abort(new Error('too slow')), downloadTimeoutMs);
  try {
    const response = await fetch(url, { signal: giveUp.signal });
    clearTimeout(noAnswer);
    if (!response.ok || response.body === null) throw new Error(`it answered with status ${response.status}`);
    if (response.headers.get('content-type')?.startsWith('text/html') === true)
      throw new Error('it answered with a page');
    await pipeline(response.body, createWriteStream(file), { signal: giveUp.signal });
  } catch (error) {
    // fetch says "fetch failed" and keeps the reason in its cause.
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`${new URL(url).host} cannot be reached (${reason})`, { cause: error });
  } finally {
    clearTimeout(noAnswer);
    clearTimeout(tooSlow);
  }
}
