/** What a command prints reaches whoever reads it, slow readers and those that go early included. */
import { exitCodes, messageOf } from '../protocol/errors.ts';

/**
 * From now on a reader that goes early, such as `head`, ends no command: it has seen enough. An output that cannot be written, as on a
 * full disk, ends it with one message.
 */
export function bearReaders(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`cox: the output cannot be written: ${messageOf(error)}\n`);
    process.exit(exitCodes.failed);
  });
  // There is nowhere left to say it.
  process.stderr.on('error', () => undefined);
}

/** Resolves when everything that was printed so far is taken, or nobody is left to take it: a pipe holds 64 kB, and the end of a process drops the rest. */
export async function allTaken(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map((stream) => taken(stream, '')));
}

/** Write pieces of text to standard output, as fast as its reader takes them; resolves when all are taken, or nobody reads any more. */
export async function writeOut(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) if (!(await taken(process.stdout, piece))) return;
}

const taken = (stream: NodeJS.WriteStream, text: string): Promise<boolean> =>
  new Promise((resolve) => void stream.write(text, (error) => resolve(error === null || error === undefined)));
