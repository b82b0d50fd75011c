/** A small actor for tests of the runtime: keeps what it hears, says that it did, and has an alarm. */
import { assign, emit, setup } from 'xstate';
import type { ActorDefinition } from '../../../src/protocol/actor.ts';
import type { Fact, StoredFact } from '../../../src/protocol/fact.ts';
import { protocolVersion } from '../../../src/protocol/task.ts';

type Event =
  | { type: 'note'; source: string; value: number; sequence: number; at: number }
  | { type: 'set' }
  | { type: 'off' }
  | { type: 'end' };

export interface AlarmContext {
  /** Values that were heard, by who said them. */
  heard: Readonly<Record<string, readonly number[]>>;
  /** Sequences of the facts that they came in, and when these were stored. */
  places: readonly (readonly [number, number])[];
  rung: number;
}

export const alarmMs = 1_000;

const machine = setup({
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- XState's own way to declare types
  types: {} as { context: AlarmContext; events: Event; emitted: { type: string; value?: number }; input: object },
  actions: {
    note: assign(({ context, event }) => {
      if (event.type !== 'note') return {};
      const { source, value, sequence, at } = event;
      const heard = { ...context.heard, [source]: [...(context.heard[source] ?? []), value] };
      return { heard, places: [...context.places, [sequence, at] as const] };
    }),
    sayNoted: emit(({ event }) => ({ type: 'noted', value: event.type === 'note' ? event.value : 0 })),
    ring: assign({ rung: ({ context }) => context.rung + 1 }),
    sayRung: emit({ type: 'rung' }),
    sayReady: emit({ type: 'ready' }),
  },
  delays: { alarm: alarmMs },
}).createMachine({
  id: 'alarm',
  context: { heard: {}, places: [], rung: 0 },
  entry: 'sayReady',
  initial: 'quiet',
  on: { note: { actions: ['note', 'sayNoted', 'sayNoted'] }, end: '.ended' },
  states: {
    quiet: { on: { set: 'armed' } },
    armed: {
      after: { alarm: { target: 'quiet', actions: ['ring', 'sayRung'] } },
      on: { off: 'quiet', set: { target: 'armed', reenter: true } },
    },
    ended: { type: 'final' },
  },
});

/** The actor, under a name that the protocol knows, so that a host can run it. */
const hears = ['a', 'b', 'worker'].flatMap((source) =>
  ['note', 'set', 'off', 'end'].map((type) => `${source}.${type}`),
);
export const alarm = { name: 'alarm', machine, hears: hears as never[], version: 3 } satisfies ActorDefinition;

/** A fact with what a test does not care about filled in. */
export function factOf(
  source: string,
  event: Fact['event'],
  rest: { sequence: number; number?: number | null; id?: string; storedAt?: number },
): StoredFact {
  const { sequence, number = null, id = `${source}/${sequence}`, storedAt = sequence * 10 } = rest;
  return {
    v: protocolVersion,
    id,
    number,
    cause: null,
    heardAt: null,
    saidAt: storedAt,
    event,
    sequence,
    source,
    storedAt,
  };
}
