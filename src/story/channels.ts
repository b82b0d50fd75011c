/** Which facts of actors were taken: what an actor says again after a restart is stored twice now and then, and counts once. */
import type { StoredFact } from '../protocol/fact.ts';

export class Channels {
  readonly #channels = new Map<string, { next: number; early: Set<number> }>();

  /** Whether a fact is new; notes that it was taken. Facts of outsiders have no numbers, and are always new. */
  isNew({ source, number }: StoredFact): boolean {
    if (number === null) return true;
    let channel = this.#channels.get(source);
    if (channel === undefined) {
      channel = { next: 1, early: new Set() };
      this.#channels.set(source, channel);
    }
    if (number < channel.next || channel.early.has(number)) return false;
    if (number > channel.next) {
      channel.early.add(number);
      return true;
    }
    channel.next += 1;
    while (channel.early.delete(channel.next)) channel.next += 1;
    return true;
  }
}
