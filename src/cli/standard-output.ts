import { once } from 'node:events';

/**
 * Write pieces of text to standard output, as fast as its reader takes them; resolves when all are taken. A reader that goes early,
 * such as `head`, is content: that is no error.
 */
export async function writeOut(pieces: Iterable<string>): Promise<void> {
  const { stdout } = process;
  const gone = once(stdout, 'error').then(([error]: unknown[]) => error as NodeJS.ErrnoException);
  for (const piece of pieces) {
    const taken = new Promise<null>((resolve) => void stdout.write(piece, () => resolve(null)));
    const error = await Promise.race([taken, gone]);
    if (error?.code === 'EPIPE') return;
    if (error !== null) throw error;
  }
}
