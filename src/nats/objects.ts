/** Content-addressed blobs in NATS, kept on each host's disk. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm, setSha256Backend, type ObjectStore } from '@nats-io/obj';
import { InputError, InvariantError } from '../protocol/errors.ts';
import { objectRefOf, type ObjectRef } from '../protocol/object-ref.ts';
import { buckets } from '../protocol/subjects.ts';
import { answered } from './answered.ts';
import { isIntact, keepFile } from './object-files.ts';

// The client's default is pure JavaScript: 50 MB take 881 ms with it and 138 ms with node:crypto.
setSha256Backend('native');

/** Blobs by the SHA-256 of their bytes: put anywhere, read anywhere, fetched once a host. */
export class ObjectCache {
  readonly #connection: NatsConnection;
  readonly #folder: string;
  #bucket: Promise<ObjectStore> | null = null;
  readonly #fetching = new Map<ObjectRef, Promise<string>>();

  /** @param folder where this host keeps its copies. */
  constructor(connection: NatsConnection, folder: string) {
    this.#connection = connection;
    this.#folder = folder;
  }

  /** Path of this host's copy, fetched if it is not here. @throws InputError when nobody has stored it. */
  async path(ref: ObjectRef): Promise<string> {
    const path = join(this.#folder, ref);
    if (await isIntact(path, ref)) return path;
    let fetching = this.#fetching.get(ref);
    if (fetching === undefined) {
      fetching = this.#fetch(ref, path).finally(() => this.#fetching.delete(ref));
      this.#fetching.set(ref, fetching);
    }
    return fetching;
  }

  /** The bytes of an object, from this host's copy. @throws InputError when nobody has stored it. */
  async read(ref: ObjectRef): Promise<Uint8Array> {
    return readFile(await this.path(ref));
  }

  /** Store bytes for every host and keep a copy here. */
  async put(bytes: Uint8Array): Promise<ObjectRef> {
    const ref = objectRefOf(bytes);
    await keepFile(this.#folder, ref, bytes);
    await this.upload(ref, bytes);
    return ref;
  }

  /** Store a blob that this host has on disk for every host. */
  async upload(ref: ObjectRef, bytes?: Uint8Array): Promise<void> {
    const bucket = await this.#open();
    const blob = bytes ?? (await readFile(join(this.#folder, ref)));
    await answered(this.#connection, async () => {
      if ((await bucket.info(ref)) === null)
        await bucket.putBlob({ name: ref, options: { max_chunk_size: 512 * 1024 } }, blob);
    });
  }

  async #fetch(ref: ObjectRef, path: string): Promise<string> {
    const bucket = await this.#open();
    const bytes = await answered(this.#connection, () => bucket.getBlob(ref));
    if (bytes === null) throw new InputError(`object ${ref} is not stored`, { code: 'object.missing' });
    if (objectRefOf(bytes) !== ref)
      throw new InvariantError(`object ${ref} arrived with other bytes than its name says`);
    await keepFile(this.#folder, ref, bytes);
    return path;
  }

  #open(): Promise<ObjectStore> {
    this.#bucket ??= answered(this.#connection, () =>
      new Objm(this.#connection).create(buckets.objects, { description: 'content-addressed blobs' }),
    ).catch((error: unknown) => {
      this.#bucket = null;
      throw error;
    });
    return this.#bucket;
  }
}
