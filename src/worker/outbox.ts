import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { startOf } from '../nats/store-owner.ts';
import { messageOf } from '../protocol/errors.ts';

const letterSchema = z.object({ subject: z.string(), id: z.string(), message: z.string() });
/** A result on its way: where it is to be stored, under which id, and what. */
export type Letter = z.infer<typeof letterSchema>;

const ownerSchema = z.object({
  host: z.string(),
  pid: z.number(),
  /** When that process started, in the system's words: process ids are used again. */
  started: z.string().nullable(),
  /** The store that the results are for; a server of another one is not to have them. */
  place: z.string(),
});

/** Nobody wants results that are older, ms. */
const keptForMs = 8 * 24 * 3_600_000;
const ownerFile = 'owner.json';

/**
 * Results that a worker could not deliver yet, in a folder of its own on this host's disk: should the worker die, or leave while
 * the server is away, another worker of this host and this server delivers them.
 */
export class Outbox {
  readonly #root: string;
  readonly #folder: string;
  readonly #place: string;
  readonly #logger: Logger;
  /** What is written, or being written. */
  readonly #writing = new Map<string, Promise<boolean>>();
  #made: Promise<void> | null = null;

  constructor(root: string, options: { worker: string; place: string; logger: Logger }) {
    this.#root = root;
    this.#folder = join(root, options.worker);
    this.#place = options.place;
    this.#logger = options.logger;
  }

  get folder(): string {
    return this.#folder;
  }

  /** Write a result down, complete or not at all; false when the disk does not take it. */
  keep(letter: Letter): Promise<boolean> {
    let writing = this.#writing.get(letter.id);
    if (writing === undefined) {
      writing = this.#write(letter).then(
        () => true,
        (error: unknown) => {
          this.#writing.delete(letter.id);
          this.#logger.warn(
            { error: messageOf(error) },
            'a result that the server does not take is not on disk either',
          );
          return false;
        },
      );
      this.#writing.set(letter.id, writing);
    }
    return writing;
  }

  /** It is delivered, or nobody wants it. */
  async remove(id: string): Promise<void> {
    const writing = this.#writing.get(id);
    if (writing === undefined) return;
    await writing;
    this.#writing.delete(id);
    await this.#clear(this.#fileOf(id));
  }

  /** Take over what workers of this host left that are no more; it is ours then. */
  async adopt(): Promise<Letter[]> {
    const letters: Letter[] = [];
    for (const worker of await readdir(this.#root).catch(() => [])) {
      const folder = join(this.#root, worker);
      if (folder === this.#folder || !(await this.#isLeft(folder))) continue;
      for (const file of await readdir(folder).catch(() => [])) {
        if (file === ownerFile) continue;
        const letter = await this.#take(join(folder, file)).catch((error: unknown) => {
          // Another worker took it in this moment, or a kill cut it short.
          this.#logger.debug({ file, error: messageOf(error) }, 'a kept result could not be taken over');
          return null;
        });
        if (letter !== null) letters.push(letter);
      }
      await this.#clear(folder);
    }
    return letters;
  }

  /** Leave nothing behind but results that were not delivered; resolves with how many these are. */
  async close(): Promise<number> {
    await Promise.all(this.#writing.values());
    if (this.#writing.size === 0) await this.#clear(this.#folder);
    return this.#writing.size;
  }

  async #write(letter: Letter): Promise<void> {
    this.#made ??= this.#make();
    await this.#made;
    const file = this.#fileOf(letter.id);
    await writeFile(`${file}.part`, JSON.stringify(letter), { mode: 0o600 });
    await rename(`${file}.part`, file);
  }

  async #make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const owner = { host: hostname(), pid: process.pid, started: await startOf(process.pid), place: this.#place };
    await writeFile(join(this.#folder, ownerFile), JSON.stringify(owner), { mode: 0o600 });
  }

  /** What cannot be removed is delivered once more by the next worker, which does no harm: a result is stored once. */
  async #clear(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      this.#logger.debug({ path, error: messageOf(error) }, 'kept results could not be removed');
    });
  }

  #fileOf(id: string): string {
    return join(this.#folder, createHash('sha256').update(id).digest('hex').slice(0, 32));
  }

  /** Whether what is in a folder is for our server, and its owner, of this host, is no more. */
  async #isLeft(folder: string): Promise<boolean> {
    try {
      const path = join(folder, ownerFile);
      const owner = ownerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      // A folder of several hosts may hold it: only the owner's own knows whether that one lives.
      if (owner.host !== hostname() || (await startOf(owner.pid)) === owner.started) return false;
      if (owner.place === this.#place) return true;
      if (Date.now() - (await stat(path)).mtimeMs > keptForMs) await rm(folder, { recursive: true, force: true });
      return false;
    } catch {
      // Being made, or being cleared away.
      return false;
    }
  }

  async #take(file: string): Promise<Letter | null> {
    const letter = letterSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    if (!letter.success) return null;
    this.#made ??= this.#make();
    await this.#made;
    await rename(file, this.#fileOf(letter.data.id));
    this.#writing.set(letter.data.id, Promise.resolve(true));
    return letter.data;
  }
}
