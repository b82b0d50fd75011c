/** Results by topic, each given to one caller, in the order in which they came. */
import type { TaskResult } from '../protocol/task.ts';

type Receiver = (result: TaskResult | null) => void;

interface Topic {
  readonly results: TaskResult[];
  /** Callers that wait, first come first. */
  readonly receivers: Set<Receiver>;
}

/** What came and was not asked for yet, and who asked for what has not come: never both for one topic. */
export class TopicMailboxes {
  readonly #topics = new Map<string, Topic>();
  #closed = false;

  put(topic: string, result: TaskResult): void {
    const { results, receivers } = this.#topic(topic);
    const first = receivers.values().next();
    if (first.done === true) results.push(result);
    else {
      receivers.delete(first.value);
      first.value(result);
    }
  }

  /** The next result of a topic; null when none comes in time, or no more can come. */
  next(topic: string, timeoutMs: number): Promise<TaskResult | null> {
    const { results, receivers } = this.#topic(topic);
    const result = results.shift();
    if (result !== undefined) return Promise.resolve(result);
    if (this.#closed || timeoutMs <= 0) return Promise.resolve(null);
    return new Promise((resolve) => {
      // setTimeout takes at most 2^31 - 1 ms; for ever is no timer at all.
      const timer = timeoutMs > 2_147_483_647 ? undefined : setTimeout(() => receive(null), timeoutMs);
      const receive: Receiver = (one) => {
        clearTimeout(timer);
        receivers.delete(receive);
        resolve(one);
      };
      receivers.add(receive);
    });
  }

  /** Nothing more comes: whoever waits is told so. */
  close(): void {
    this.#closed = true;
    for (const { receivers } of this.#topics.values()) for (const receive of receivers) receive(null);
  }

  #topic(topic: string): Topic {
    let known = this.#topics.get(topic);
    if (known === undefined) this.#topics.set(topic, (known = { results: [], receivers: new Set() }));
    return known;
  }
}
