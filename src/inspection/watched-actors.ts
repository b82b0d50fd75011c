/** The actors of a campaign as an inspector sees them: from their stored snapshots on, along the log. */
import type { NatsConnection } from '@nats-io/nats-core';
import type { AnyMachineSnapshot } from 'xstate';
import { followFacts } from '../campaign/facts.ts';
import { NatsSnapshotStore } from '../nats/snapshot-store.ts';
import { openSnapshots } from '../nats/streams.ts';
import type { ActorDefinition, ActorPlan } from '../protocol/actor.ts';
import { messageOf } from '../protocol/errors.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { beginActor, restoreActor, takeFact, type ActorState } from '../runtime/step.ts';
import { actorEvent, outsiderEvent, transitionEvents, type StatelyEvent } from './stately-events.ts';

interface Watched {
  readonly actor: ActorDefinition;
  state: ActorState;
}

/**
 * The log alone tells what an actor has taken, in which order and with which context, also across the hosts that run it; its last
 * snapshot saves reading from the beginning.
 */
export class WatchedActors {
  readonly #campaign: string;
  readonly #watched: Watched[];
  readonly #outsiders = new Set<string>();
  readonly #send: (event: StatelyEvent) => void;
  readonly #warn: (message: string) => void;
  #at = Date.now();
  #close: (() => Promise<void>) | null = null;

  private constructor(
    campaign: string,
    watched: Watched[],
    send: (event: StatelyEvent) => void,
    warn: (message: string) => void,
  ) {
    this.#campaign = campaign;
    this.#watched = watched;
    this.#send = send;
    this.#warn = warn;
  }

  /**
   * Follow a campaign from now on; `send` is told every transition.
   * @throws ConfigError when a snapshot is of another version than the folder here.
   */
  static async open(
    connection: NatsConnection,
    campaign: string,
    plans: readonly ActorPlan[],
    { send, warn }: { send: (event: StatelyEvent) => void; warn: (message: string) => void },
  ): Promise<WatchedActors> {
    const snapshots = new NatsSnapshotStore(await openSnapshots(connection), campaign);
    const watched = await Promise.all(
      plans.map(async ({ actor, input }): Promise<Watched> => {
        const stored = await snapshots.load(actor.name);
        const state = stored === null ? beginActor(actor, input, Date.now()) : restoreActor(actor, stored.record);
        return { actor, state };
      }),
    );
    const actors = new WatchedActors(campaign, watched, send, warn);
    const from = Math.min(...watched.map(({ state }) => state.record.position)) + 1;
    const reader = await followFacts(connection, campaign, {
      from,
      onFact: (fact) => actors.take(fact),
      onOther: (sequence, message) => warn(`message ${sequence} is no event: ${message}`),
    });
    actors.#close = () => reader.close();
    return actors;
  }

  /** What somebody who has just come is told: who there is, with their states. */
  present(): StatelyEvent[] {
    const at = this.#at;
    return [
      outsiderEvent(this.#campaign, null, at),
      ...[...this.#outsiders].map((source) => outsiderEvent(this.#campaign, source, at)),
      ...this.#watched.map(({ actor, state }) => actorEvent(this.#campaign, actor, state.snapshot, at)),
    ];
  }

  /** Stop following. */
  async close(): Promise<void> {
    await this.#close?.();
  }

  take(fact: StoredFact): void {
    const { source, sequence, storedAt: at } = fact;
    this.#at = at;
    if (!this.#outsiders.has(source) && !this.#watched.some(({ actor }) => actor.name === source)) {
      this.#outsiders.add(source);
      this.#send(outsiderEvent(this.#campaign, source, at));
    }
    for (const watched of [...this.#watched]) {
      // The last microstep on an event leaves the snapshot after it.
      const after = new Map<{ readonly type: string }, AnyMachineSnapshot>();
      try {
        const step = takeFact(watched.actor, watched.state, fact, ({ event, snapshot }) => after.set(event, snapshot));
        watched.state = { record: step.record, snapshot: step.snapshot };
      } catch (error) {
        this.#watched.splice(this.#watched.indexOf(watched), 1);
        this.#warn(`${watched.actor.name} cannot be inspected any more: ${messageOf(error)}`);
        continue;
      }
      for (const [event, snapshot] of after) {
        const step = { actor: watched.actor.name, source, sequence, at, event, snapshot };
        for (const told of transitionEvents(this.#campaign, step)) this.#send(told);
      }
    }
  }
}
