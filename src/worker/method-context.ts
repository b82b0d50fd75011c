import { mkdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { keepFile } from '../nats/object-files.ts';
import type { MethodContext } from '../protocol/method.ts';
import { objectRefOf } from '../protocol/object-ref.ts';
import { runProgram } from './program.ts';

/** What a context needs of the child that it is made in. */
export interface ContextServices {
  readonly objectsFolder: string;
  readonly progress: (partial: unknown) => void;
  /** Path of this host's copy of an object. */
  readonly fetch: (ref: string) => Promise<string>;
  /** Store this host's copy for every host. */
  readonly upload: (ref: string) => Promise<void>;
}

/** A {@link MethodContext}, and what its task leaves to be cleared up. */
export interface TaskContext {
  readonly context: MethodContext;
  /** Remove the scratch folder, if it was made. */
  readonly clear: () => Promise<void>;
}

/** The signal of one task, made when it is first looked at: most methods never do, and it costs more than a no-op task. */
export class Ending {
  #controller: AbortController | null = null;
  #reason: Error | null = null;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== null) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

const keptValues = 16;
const kept = new Map<string, Promise<unknown>>();

/** What the child remembers between tasks, least recently used first; a value that could not be made is forgotten. */
function keep<T>(key: string, make: () => Promise<T>): Promise<T> {
  const known = kept.get(key);
  const value = known ?? make();
  kept.delete(key);
  kept.set(key, value);
  if (known === undefined) {
    value.catch(() => {
      if (kept.get(key) === value) kept.delete(key);
    });
    const oldest = kept.keys().next();
    if (kept.size > keptValues && oldest.done !== true) kept.delete(oldest.value);
  }
  return value as Promise<T>;
}

/** The context of one task in this child. */
export function taskContext(scratch: string, ending: Ending, services: ContextServices): TaskContext {
  let made = false;
  const context: MethodContext = {
    get scratchDir() {
      if (!made) mkdirSync(scratch, { recursive: true });
      made = true;
      return scratch;
    },
    get signal() {
      return ending.signal;
    },
    progress: services.progress,
    objects: {
      get: async (ref) => readFile(await services.fetch(ref)),
      put: async (bytes) => {
        const ref = objectRefOf(bytes);
        await keepFile(services.objectsFolder, ref, bytes);
        await services.upload(ref);
        return ref;
      },
    },
    keep,
    run: (program, args, options = {}) =>
      runProgram(program, args, { cwd: options.cwd ?? context.scratchDir, signal: ending.signal }),
  };
  return {
    context,
    clear: async () => {
      if (made) await rm(scratch, { recursive: true, force: true });
    },
  };
}
