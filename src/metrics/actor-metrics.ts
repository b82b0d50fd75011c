import type { NatsConnection } from '@nats-io/nats-core';
import { Counter, Histogram, type Registry } from 'prom-client';
import { endOfLog, followFacts } from '../campaign/facts.ts';
import type { LogReader } from '../nats/log-reader.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { Inspection } from '../runtime/contracts.ts';
import type { ActorView } from '../runtime/running-actor.ts';
import { counter, gauge, type Sample } from './tallies.ts';

/** What metrics need of the actors that this process runs. */
export interface ActorsHere {
  readonly views: Readonly<Record<string, ActorView>>;
}

/** Times of so many facts are kept, to know how long ago a cause was stored. */
const mostCauses = 4_096;

/** Metrics of the actors that this process runs; those of others are told by their own processes. */
export class ActorMetrics {
  readonly #connection: NatsConnection;
  readonly #campaign: string;
  readonly #actors: () => ActorsHere | null;
  readonly #transitions: Counter;
  readonly #decisions: Histogram;
  readonly #storedAt = new Map<number, number>();
  #reader: Promise<LogReader> | null = null;

  constructor(registry: Registry, connection: NatsConnection, campaign: string, actors: () => ActorsHere | null) {
    this.#connection = connection;
    this.#campaign = campaign;
    this.#actors = actors;
    const labels = ['campaign', 'actor'] as const;
    counter(registry, {
      name: 'cox_actor_facts_total',
      help: 'Facts of the log that an actor has taken or passed, from the first on.',
      labels,
      look: () => this.#each(({ position }) => position),
    });
    gauge(registry, {
      name: 'cox_actor_mailbox',
      help: 'Facts that are stored and that the actor has not taken.',
      labels,
      look: async () => {
        const end = await endOfLog(connection, campaign).catch(() => null);
        return this.#each(({ position, early }) => (end === null ? null : Math.max(0, end - position) + early));
      },
    });
    gauge(registry, {
      name: 'cox_actor_timers',
      help: 'Delays that an actor waits for.',
      labels,
      look: () => this.#each(({ timers }) => timers.length),
    });
    this.#transitions = new Counter({
      name: 'cox_actor_transitions_total',
      help: 'Events that the machine of an actor was given since this process runs it.',
      labelNames: labels,
      registers: [registry],
    });
    this.#decisions = new Histogram({
      name: 'cox_actor_decision_seconds',
      help: 'From the storing of a fact to the storing of what an actor said to it, by the clock of the server.',
      labelNames: labels,
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
      registers: [registry],
    });
  }

  /** Listen to the log from now on. */
  open(): void {
    this.#reader = this.#follow();
    // Metrics that cannot be had end nothing; the log is not there before the campaign is.
    this.#reader.catch(() => undefined);
  }

  /** An actor of this process has taken an event. */
  inspected({ actor }: Inspection): void {
    this.#transitions.inc({ campaign: this.#campaign, actor });
  }

  async close(): Promise<void> {
    await this.#reader?.then((reader) => reader.close()).catch(() => undefined);
  }

  async #follow(): Promise<LogReader> {
    const from = (await endOfLog(this.#connection, this.#campaign)) + 1;
    const onFact = (fact: StoredFact): void => this.#take(fact);
    return followFacts(this.#connection, this.#campaign, { from, onFact, onOther: () => undefined });
  }

  #take({ sequence, storedAt, source, cause, number }: StoredFact): void {
    this.#storedAt.set(sequence, storedAt);
    this.#storedAt.delete(sequence - mostCauses);
    // Timers, and what outsiders say, decide nothing.
    if (number === null || cause === null || this.#actors()?.views[source] === undefined) return;
    const causedAt = this.#storedAt.get(cause);
    if (causedAt === undefined) return;
    this.#decisions.observe({ campaign: this.#campaign, actor: source }, Math.max(0, storedAt - causedAt) / 1_000);
  }

  #each(value: (view: ActorView) => number | null): Sample<'campaign' | 'actor'>[] {
    return Object.entries(this.#actors()?.views ?? {}).map(([actor, view]) => ({
      labels: { campaign: this.#campaign, actor },
      value: value(view),
    }));
  }
}
