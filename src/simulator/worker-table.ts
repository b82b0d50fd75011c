/** A worker as it registered. */
export interface RegisteredWorker {
  readonly worker: string;
  readonly host: string;
  readonly slots: number;
}

/** One change of the workers: somebody came, or went. */
export type WorkerChange =
  | { readonly what: 'seen'; readonly worker: RegisteredWorker }
  | { readonly what: 'gone'; readonly worker: string; readonly reason: 'left' | 'lost' };

/** What a server knows of the workers that are there: all changes, numbered from 1. */
export class WorkerTable {
  readonly #living = new Map<string, RegisteredWorker & { readonly asOf: number }>();
  readonly #changes: WorkerChange[] = [];
  readonly #onChange = new Set<() => void>();

  /** Number of the last change. */
  get size(): number {
    return this.#changes.length;
  }

  /** Those that are there, each as of the change that brought it. */
  get all(): (RegisteredWorker & { readonly asOf: number })[] {
    return [...this.#living.values()];
  }

  at(number: number): WorkerChange | null {
    return this.#changes[number - 1] ?? null;
  }

  put(worker: RegisteredWorker): void {
    if (this.#living.has(worker.worker)) return;
    this.#living.set(worker.worker, { ...worker, asOf: this.size + 1 });
    this.#note({ what: 'seen', worker });
  }

  remove(worker: string, reason: 'left' | 'lost'): void {
    if (this.#living.delete(worker)) this.#note({ what: 'gone', worker, reason });
  }

  /** Call back at every change, until the returned function is called. */
  onStored(callback: () => void): () => void {
    this.#onChange.add(callback);
    return () => this.#onChange.delete(callback);
  }

  #note(change: WorkerChange): void {
    this.#changes.push(change);
    for (const tell of [...this.#onChange]) tell();
  }
}
