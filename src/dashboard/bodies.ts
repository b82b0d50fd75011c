/** Bodies of answers: made once for all who ask for the same, and compressed where that is worth it. */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Below this a compressed answer is hardly shorter. */
const worthwhileBytes = 16_384;
/** Answers that are kept: several people look at the same views. */
const mostKept = 64;

/** The bytes of an answer, as they are and, where it is long, compressed. */
export interface Body {
  readonly plain: Buffer;
  readonly gzipped: Buffer | null;
}

export async function bodyOf(text: string | Buffer): Promise<Body> {
  const plain = typeof text === 'string' ? Buffer.from(text) : text;
  if (plain.length < worthwhileBytes) return { plain, gzipped: null };
  return { plain, gzipped: await compress(plain, { level: constants.Z_BEST_SPEED }) };
}

/** What follows from the log up to some place of it is the same for everybody until there is more of it. */
export class SharedBodies {
  readonly #kept = new Map<string, { readonly version: string; readonly body: Promise<Body> }>();

  /** The answer to a question of this name in this version, made at most once. */
  get(name: string, version: string, make: () => unknown): Promise<Body> {
    const kept = this.#kept.get(name);
    if (kept?.version === version) return kept.body;
    const body = Promise.resolve()
      .then(make)
      .then((value) => bodyOf(JSON.stringify(value)));
    this.#kept.delete(name);
    this.#kept.set(name, { version, body });
    // What could not be made is tried again by whoever asks next.
    body.catch(() => this.#kept.delete(name));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return body;
  }
}
