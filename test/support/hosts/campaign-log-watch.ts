/** The log of a campaign as a test reads it: every fact, and when it was stored. */
import type { NatsConnection } from '@nats-io/nats-core';
import { readLog, type LogReader } from '../../../src/nats/log-reader.ts';
import { factSchema, type StoredFact } from '../../../src/protocol/fact.ts';
import { parseLogSubject, streams, subjects } from '../../../src/protocol/subjects.ts';
import { taskResultSchema, type TaskResult } from '../../../src/protocol/task.ts';
import { eventually } from '../scene.ts';

export class CampaignLogWatch {
  readonly id: string;
  /** Every fact that was stored so far, in order. */
  readonly facts: readonly StoredFact[];
  readonly #reader: LogReader;

  private constructor(id: string, facts: readonly StoredFact[], reader: LogReader) {
    this.id = id;
    this.facts = facts;
    this.#reader = reader;
  }

  static async open(connection: NatsConnection, id: string): Promise<CampaignLogWatch> {
    const facts: StoredFact[] = [];
    const reader = await readLog(connection, {
      stream: streams.log(id),
      filters: [subjects.logOf(id)],
      from: 1,
      onMessage: ({ subject, data, sequence, storedAt }) => {
        const source = parseLogSubject(subject)?.source ?? '';
        const fact = factSchema.safeParse(JSON.parse(new TextDecoder().decode(data)));
        // A test may have put something else in.
        if (fact.success) facts.push({ ...fact.data, source, sequence, storedAt });
      },
    });
    await reader.caughtUp;
    return new CampaignLogWatch(id, facts, reader);
  }

  /** The facts of one kind, such as `resource-ledger.slots.granted`. */
  of(kind: string): StoredFact[] {
    return this.facts.filter(({ source, event }) => `${source}.${event.type}` === kind);
  }

  /** The results that were stored, in order, with those that came twice. */
  get results(): TaskResult[] {
    return this.of('worker.task.finished').map(({ event }) => taskResultSchema.parse(event['result']));
  }

  /** Resolves with the facts of a kind once there are so many. */
  async until(kind: string, count = 1, timeoutMs = 30_000): Promise<StoredFact[]> {
    return eventually(() => {
      const found = this.of(kind);
      if (found.length < count) throw new Error(`${found.length} of ${count} ${kind} after ${this.#tail()}`);
      return found;
    }, timeoutMs);
  }

  /** Resolves when the campaign has ended. */
  async ended(timeoutMs = 60_000): Promise<void> {
    await this.until('campaign.campaign.ended', 1, timeoutMs);
  }

  /** Capacity of the fleet, as the campaign last heard of it. */
  get capacity(): number {
    return Number(this.of('fleet.capacity.changed').at(-1)?.event['capacity'] ?? 0);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #tail(): string {
    const last = this.facts.slice(-8).map(({ sequence, source, event }) => `${sequence} ${source}.${event.type}`);
    return `${this.facts.length} facts, the last: ${last.join(', ')}`;
  }
}
