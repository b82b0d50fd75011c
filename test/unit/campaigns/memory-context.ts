import type { MethodContext, ObjectRef } from '../../../src/index.ts';
import { objectRefOf } from '../../../src/protocol/object-ref.ts';

/** What a method needs that only reads, stores and remembers objects; `reads` lists what was fetched, in order. */
export function memoryContext() {
  const blobs = new Map<ObjectRef, Uint8Array>();
  const kept = new Map<string, Promise<unknown>>();
  const reads: ObjectRef[] = [];
  const context: Pick<MethodContext, 'objects' | 'keep'> = {
    objects: {
      get(ref) {
        reads.push(ref);
        const bytes = blobs.get(ref);
        return bytes === undefined ? Promise.reject(new Error(`no object ${ref}`)) : Promise.resolve(bytes);
      },
      put(bytes) {
        const ref = objectRefOf(bytes);
        blobs.set(ref, Uint8Array.from(bytes));
        return Promise.resolve(ref);
      },
    },
    keep<T>(key: string, make: () => Promise<T>): Promise<T> {
      const made = kept.get(key) ?? make();
      kept.set(key, made);
      return made as Promise<T>;
    },
  };
  return { context: context as MethodContext, reads };
}
