import { initialTransition, transition, type AnyMachineSnapshot } from 'xstate';
import { expect } from 'vitest';
import type { ActorDefinition } from '../../../src/protocol/actor.ts';
import { eventSchemas, isSource, type Says, type Source } from '../../../src/protocol/events.ts';
import type { TransitionCoverage } from './transition-coverage.ts';

/** What an actor said, as a test reads it. */
export type Said = { readonly type: string } & Readonly<Record<string, unknown>>;
type Effect = { type: string; params?: { event?: Said; id?: string; delay?: number; sendId?: string } };

/** One second a fact, by the log's clock. */
const millisecondsPerFact = 1_000;

/**
 * An actor, driven by hand through XState's pure transitions. Whatever it hears and says is held against the protocol's
 * schemas, and its context must be plain JSON.
 */
export class DrivenActor {
  readonly #definition: ActorDefinition;
  readonly #coverage: TransitionCoverage | null;
  #snapshot: AnyMachineSnapshot;
  #sequence = 0;
  /** Armed timers: their delayed events, by id, with what they wait in ms. */
  readonly timers = new Map<string, { event: Said; delayMs: number }>();
  /** Everything that it ever said. */
  readonly said: Said[] = [];

  constructor(definition: ActorDefinition, input: unknown, coverage: TransitionCoverage | null = null) {
    this.#definition = definition;
    this.#coverage = coverage;
    coverage?.noteStart(input);
    const [snapshot, effects] = initialTransition(definition.machine, input);
    this.#snapshot = snapshot as AnyMachineSnapshot;
    this.#perform(effects as unknown as Effect[]);
  }

  get state(): unknown {
    return this.#snapshot.value as unknown;
  }

  get status(): string {
    return this.#snapshot.status;
  }

  get context(): unknown {
    return this.#snapshot.context as unknown;
  }

  /** Sequence of the last fact that it heard. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Let it hear one fact, the next of the log or the one at `sequence`; returns what it says to it. */
  hear<S extends Source>(source: S, event: Says<S>, sequence = this.#sequence + 1): Said[] {
    const { name, hears } = this.#definition;
    if (!(hears as readonly string[]).includes(`${source}.${event.type}`)) {
      throw new Error(`${name} does not hear ${source}.${event.type}`);
    }
    expectToFit(source, event);
    this.#sequence = sequence;
    // What an event says of itself counts, as in the runtime: a `result.recorded` names the sequence of the result.
    return this.#give({ sequence: this.#sequence, source, at: this.#sequence * millisecondsPerFact, ...event });
  }

  /** Let an armed timer fire. */
  fire(id: string): Said[] {
    const timer = this.timers.get(id);
    if (timer === undefined)
      throw new Error(`no timer ${id} is armed; there are: ${[...this.timers.keys()].join(', ')}`);
    this.timers.delete(id);
    return this.#give(timer.event);
  }

  #give(event: Said): Said[] {
    this.#coverage?.noteEvent(this.#snapshot, event);
    const [snapshot, effects] = transition(this.#definition.machine, this.#snapshot, event);
    this.#snapshot = snapshot as AnyMachineSnapshot;
    expect(this.#snapshot.error).toBeUndefined();
    return this.#perform(effects as unknown as Effect[]);
  }

  #perform(effects: readonly Effect[]): Said[] {
    const { name } = this.#definition;
    expect(JSON.parse(JSON.stringify(this.#snapshot.context)), `context of ${name}`).toEqual(this.#snapshot.context);
    const said: Said[] = [];
    for (const { type, params } of effects) {
      if (type === 'xstate.emit' && params?.event !== undefined) {
        expectToFit(name, params.event);
        said.push(params.event);
      } else if (type === 'xstate.raise' && params?.event !== undefined) {
        this.timers.set(params.id ?? params.event.type, { event: params.event, delayMs: params.delay ?? 0 });
      } else if (type === 'xstate.cancel') {
        this.timers.delete(params?.sendId ?? '');
      } else {
        throw new Error(`${name} asked for ${type}, which the runtime does not do`);
      }
    }
    this.said.push(...said);
    return said;
  }
}

/** Hold a fact against its schema: it is in it, whole, and comes back from JSON as it was. */
function expectToFit(source: string, event: { readonly type: string }): void {
  if (!isSource(source)) throw new Error(`${source} has no events in the protocol`);
  const parsed = eventSchemas[source].safeParse(JSON.parse(JSON.stringify(event)));
  expect(parsed.error, `${source}.${event.type}: ${JSON.stringify(event)}`).toBeUndefined();
  expect(parsed.data).toEqual(event);
}

/** The facts of one type among what was said. */
export function ofType(said: readonly Said[], type: string): Said[] {
  return said.filter((fact) => fact.type === type);
}

/** Types of what was said, in order. */
export const typesOf = (said: readonly Said[]): string[] => said.map(({ type }) => type);
