import { InvariantError } from '../protocol/errors.ts';
import type { AnyMethod, MethodContext } from '../protocol/method.ts';
import { objectRefOf, type ObjectRef } from '../protocol/object-ref.ts';
import type { Task } from '../protocol/task.ts';

/** As many as a worker's warm child keeps. */
const keptValues = 16;

/** A campaign's own methods, run where they are called: objects in memory, and what a warm child would remember. */
export class InProcessMethods {
  readonly #methods: ReadonlyMap<string, AnyMethod>;
  readonly #objects = new Map<ObjectRef, Uint8Array>();
  /** Least recently used first. */
  readonly #kept = new Map<string, Promise<unknown>>();
  readonly #warm = new Set<string>();
  readonly #context: MethodContext;

  /** @param objects the blobs that tasks refer to from the start. */
  constructor(methods: readonly AnyMethod[], objects: Iterable<Uint8Array>) {
    this.#methods = new Map(methods.map((method) => [method.name, method]));
    for (const bytes of objects) this.#put(bytes);
    const none = (what: string): never => {
      throw new InvariantError(`a rehearsal computes in this process: there is no ${what}`);
    };
    this.#context = {
      get scratchDir(): string {
        return none('scratch folder');
      },
      signal: new AbortController().signal,
      progress: () => undefined,
      objects: {
        get: (ref) => Promise.resolve(this.#objects.get(ref) ?? none(`object ${ref}`)),
        put: (bytes) => Promise.resolve(this.#put(bytes)),
      },
      keep: (key, make) => this.#keep(key, make),
      run: (program) => none(`${program} to be run`),
    };
  }

  /**
   * What a task's method returns for its arguments, both checked by the method's own schemas.
   * @throws InvariantError when the campaign has no such method; whatever the method throws.
   */
  async run({ method: name, arguments: input }: Pick<Task, 'method' | 'arguments'>): Promise<unknown> {
    const method = this.#methods.get(name);
    if (method === undefined) throw new InvariantError(`the campaign has no method "${name}"`);
    if (!this.#warm.has(name)) await method.warm?.();
    this.#warm.add(name);
    return method.output.parse(await method.run(method.input.parse(input), this.#context));
  }

  #put(bytes: Uint8Array): ObjectRef {
    const ref = objectRefOf(bytes);
    this.#objects.set(ref, bytes);
    return ref;
  }

  #keep<T>(key: string, make: () => Promise<T>): Promise<T> {
    const value = (this.#kept.get(key) as Promise<T> | undefined) ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, value);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptValues && oldest !== undefined) this.#kept.delete(oldest);
    return value;
  }
}
