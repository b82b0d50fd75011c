import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { log as logAction, setup, type AnyStateMachine } from 'xstate';
import { ConfigError, InvariantError } from '../../../src/protocol/errors.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { beginActor, recordOf, restoreActor, takeFact, type ActorState, type Said } from '../../../src/runtime/step.ts';
import { alarm, alarmMs, factOf, type AlarmContext } from './alarm-actor.ts';

const contextOf = ({ snapshot }: ActorState): AlarmContext => (snapshot as { context: AlarmContext }).context;
const idsOf = (said: readonly Said[]): string[] => said.map(({ id, number, event }) => `${id} ${event.type} ${number}`);
const note = (source: string, value: number, rest: { sequence: number; number?: number; id?: string }): StoredFact =>
  factOf(source, { type: 'note', value }, rest);
const fired = (timer: { id: string; armed: number }, sequence: number): StoredFact =>
  factOf('alarm', { type: 'timer.fired', timer: timer.id, armed: timer.armed }, { sequence });

/** An actor that has taken these, and everything that it said. */
function takeAll(facts: readonly StoredFact[], from: ActorState = beginActor(alarm, {}, 0)) {
  const said: Said[] = [];
  let state = from;
  for (const fact of facts) {
    const step = takeFact(alarm, state, fact);
    said.push(...step.said);
    state = step;
  }
  return { state, said };
}

/** As it comes back from the store. */
const stored = (state: ActorState): ActorState =>
  restoreActor(alarm, JSON.parse(JSON.stringify(recordOf(alarm, state))));

describe('ids and numbers', () => {
  test('the first breath says what the initial state emits, caused by nothing', () => {
    expect(idsOf(beginActor(alarm, {}, 0).said)).toEqual(['alarm/0/1 ready 1']);
  });

  test('each effect is named by its cause and counted among all that the actor said', () => {
    const { said } = takeAll([note('a', 5, { sequence: 4 }), note('b', 6, { sequence: 9 })]);
    expect(idsOf(said)).toEqual(['alarm/4/1 noted 2', 'alarm/4/2 noted 3', 'alarm/9/1 noted 4', 'alarm/9/2 noted 5']);
    expect(said.map(({ cause }) => cause)).toEqual([4, 4, 9, 9]);
  });

  test('a fact at or before the position changes nothing', () => {
    const { state } = takeAll([note('a', 5, { sequence: 4 })]);
    for (const sequence of [1, 4]) {
      const step = takeFact(alarm, state, note('a', 6, { sequence }));
      expect(step).toMatchObject({ said: [], taken: [], record: state.record });
    }
  });
});

describe('places', () => {
  test('the machine is told where an event stands in the log and when it was stored', () => {
    const { state } = takeAll([factOf('a', { type: 'note', value: 1 }, { sequence: 7, storedAt: 123 })]);
    expect(contextOf(state).places).toEqual([[7, 123]]);
  });

  test('what an event says of itself is not overwritten by its place', () => {
    // A result.recorded has a `sequence` of its own: that of the result which it is about.
    const { state } = takeAll([factOf('a', { type: 'note', value: 1, sequence: 3 }, { sequence: 7 })]);
    expect(contextOf(state).places).toEqual([[3, 70]]);
  });
});

describe('channels', () => {
  test('an early fact is held until the gap is closed, through a snapshot, too', () => {
    const early = takeAll([note('a', 1, { sequence: 1, number: 1 }), note('a', 3, { sequence: 2, number: 3 })]);
    expect(contextOf(early.state).heard).toEqual({ a: [1] });
    expect(early.state.record.early).toHaveLength(1);
    const closed = takeAll([note('a', 2, { sequence: 5, number: 2 })], stored(early.state));
    expect(contextOf(closed.state).heard).toEqual({ a: [1, 2, 3] });
    expect(closed.state.record).toMatchObject({ position: 5, early: [], heard: { a: 3 } });
    expect(idsOf(closed.said)).toEqual([
      'alarm/5/1 noted 4',
      'alarm/5/2 noted 5',
      'alarm/5/3 noted 6',
      'alarm/5/4 noted 7',
    ]);
  });

  test('a fact that it does not hear keeps its place in the order of its source', () => {
    const unheard = factOf('a', { type: 'else' }, { sequence: 2, number: 2 });
    const { state } = takeAll([
      note('a', 3, { sequence: 1, number: 3 }),
      unheard,
      note('a', 1, { sequence: 3, number: 1 }),
    ]);
    expect(contextOf(state).heard).toEqual({ a: [1, 3] });
    expect(state.record).toMatchObject({ position: 3, early: [], heard: { a: 3 } });
  });

  test('of a source that it does not listen to only the position is remembered', () => {
    const { state } = takeAll([factOf('c', { type: 'note', value: 1 }, { sequence: 9, number: 4 })]);
    expect(state.record).toMatchObject({ position: 9, early: [], heard: {} });
  });

  test('outsiders have no numbers: everything they say counts', () => {
    const { state } = takeAll([note('a', 1, { sequence: 1 }), note('a', 1, { sequence: 2 })]);
    expect(contextOf(state).heard).toEqual({ a: [1, 1] });
  });

  test('any order and any repetition within the channels gives the same machine', () => {
    const channel = (source: string) =>
      fc
        .integer({ min: 0, max: 7 })
        .chain((length) => {
          const numbers = Array.from({ length }, (_, n) => n + 1);
          const repeated = fc.array(length === 0 ? fc.constant(1) : fc.integer({ min: 1, max: length }), {
            maxLength: length === 0 ? 0 : 6,
          });
          return repeated.chain((more) => {
            const all = [...numbers, ...more];
            return fc.shuffledSubarray(all, { minLength: all.length });
          });
        })
        .map((numbers) => numbers.map((number) => ({ source, number })));
    fc.assert(
      fc.property(channel('a'), channel('b'), fc.infiniteStream(fc.boolean()), (a, b, mix) => {
        const left = { a: [...a], b: [...b] };
        const facts: StoredFact[] = [];
        while (left.a.length + left.b.length > 0) {
          const isA = left.b.length === 0 || (left.a.length > 0 && mix.next().value === true);
          const next = (isA ? left.a : left.b).shift();
          if (next === undefined) break;
          const { source, number } = next;
          facts.push(note(source, number, { sequence: facts.length + 1, number, id: `${source}/x/${number}` }));
        }
        const { state, said } = takeAll(facts);
        const whole = (numbers: { number: number }[]): number[] =>
          [...new Set(numbers.map(({ number }) => number))].sort((x, y) => x - y);
        expect(contextOf(state).heard['a'] ?? []).toEqual(whole(a));
        expect(contextOf(state).heard['b'] ?? []).toEqual(whole(b));
        expect(state.record.early).toEqual([]);
        // After the one fact of its first breath.
        expect(said.map(({ number }) => number)).toEqual(said.map((_, index) => index + 2));
      }),
    );
  });
});

describe('timers', () => {
  const set = (sequence: number): StoredFact => factOf('a', { type: 'set' }, { sequence, storedAt: 5_000 + sequence });
  const off = (sequence: number): StoredFact => factOf('a', { type: 'off' }, { sequence });

  test('a delayed transition is a timer, due by the time at which its cause was stored', () => {
    const armed = takeFact(alarm, beginActor(alarm, {}, 0), set(3));
    expect(armed.timersChanged).toBe(true);
    expect(armed.record.timers).toMatchObject([{ armed: 3, dueAt: 5_003 + alarmMs }]);
  });

  test('it fires once, and through a snapshot', () => {
    const { state } = takeAll([set(3)]);
    const [timer] = state.record.timers;
    if (timer === undefined) throw new Error('no timer was armed');
    const after = takeAll([fired(timer, 4), fired(timer, 5)], stored(state));
    expect(contextOf(after.state).rung).toBe(1);
    expect(idsOf(after.said)).toEqual(['alarm/4/1 rung 2']);
    expect(after.state.record.timers).toEqual([]);
  });

  test('one that was called off, or set anew, does not fire', () => {
    const [first] = takeAll([set(3)]).state.record.timers;
    if (first === undefined) throw new Error('no timer was armed');
    const calledOff = takeAll([set(3), off(4), fired(first, 5)]);
    expect(calledOff.state.record.timers).toEqual([]);
    const again = takeAll([set(3), set(4), fired(first, 5)]);
    expect(again.state.record.timers).toMatchObject([{ armed: 4 }]);
    for (const { state } of [calledOff, again]) expect(contextOf(state).rung).toBe(0);
  });

  test("another actor's timer is none of its own", () => {
    const { state } = takeAll([set(3)]);
    const [timer] = state.record.timers;
    if (timer === undefined) throw new Error('no timer was armed');
    const step = takeFact(alarm, state, { ...fired(timer, 4), source: 'a' });
    expect(contextOf(step).rung).toBe(0);
    expect(step.record.timers).toEqual([timer]);
  });
});

describe('replay', () => {
  /** A history as a log could hold it: notes out of order and repeated, alarms set, called off, and firing late or twice. */
  const histories = fc
    .array(
      fc.record({
        what: fc.constantFrom('note', 'note', 'note', 'set', 'off', 'fire'),
        source: fc.constantFrom('a', 'b', 'outsider'),
        number: fc.integer({ min: 1, max: 12 }),
        old: fc.boolean(),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((moves) => {
      const timers: { id: string; armed: number }[] = [];
      const facts: StoredFact[] = [];
      let state: ActorState = beginActor(alarm, {}, 0);
      for (const { what, source, number, old } of moves) {
        const sequence = facts.length + 1;
        const timer = old ? timers[0] : timers.at(-1);
        let fact = factOf(source, { type: what }, { sequence });
        if (what === 'note')
          fact = note(source, number, {
            sequence,
            ...(source === 'outsider' ? {} : { number, id: `${source}/${number}` }),
          });
        if (what === 'fire') {
          if (timer === undefined) continue;
          fact = fired(timer, sequence);
        }
        facts.push(fact);
        state = takeFact(alarm, state, fact);
        timers.push(...state.record.timers);
      }
      return facts;
    });

  test('from any snapshot, the same effects are asked for under the same ids', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (facts, at) => {
        const place = at % (facts.length + 1);
        const whole = takeAll(facts);
        const head = takeAll(facts.slice(0, place));
        const tail = takeAll(facts.slice(place), stored(head.state));
        expect([...head.said, ...tail.said]).toEqual(whole.said);
        expect(recordOf(alarm, tail.state)).toEqual(recordOf(alarm, whole.state));
      }),
      { numRuns: 200 },
    );
  });

  test('facts that were taken before may come again in front', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (facts, at) => {
        const place = at % (facts.length + 1);
        const head = takeAll(facts.slice(0, place));
        const whole = takeAll(facts);
        const again = takeAll(facts, stored(head.state));
        expect([...head.said, ...again.said]).toEqual(whole.said);
      }),
    );
  });
});

describe('what is refused', () => {
  test('a snapshot of another version of the actor, by name', () => {
    const record = recordOf(alarm, beginActor(alarm, {}, 0));
    const restore = (): unknown => restoreActor({ ...alarm, version: 4 }, record);
    expect(restore).toThrow(ConfigError);
    expect(restore).toThrow(/actor alarm is of its version 3, this Coxswain has version 4/);
  });

  test('a record that is none', () => {
    expect(() => restoreActor(alarm, { v: 1, actor: 'alarm' })).toThrow(ConfigError);
  });

  const odd = (machine: AnyStateMachine) => ({ name: 'odd', machine, hears: ['a.go'], version: 1 });

  test('an effect that the runtime does not do', () => {
    const machine = setup({}).createMachine({ on: { go: { actions: logAction('hello') } } });
    const state = beginActor(odd(machine), {}, 0);
    expect(() => takeFact(odd(machine), state, factOf('a', { type: 'go' }, { sequence: 1 }))).toThrow(InvariantError);
  });

  test('a machine that throws', () => {
    const machine = setup({
      guards: {
        broken: () => {
          throw new Error('no such thing');
        },
      },
    }).createMachine({
      on: { go: { guard: 'broken', target: '.there' } },
      initial: 'here',
      states: { here: {}, there: {} },
    });
    const state = beginActor(odd(machine), {}, 0);
    const take = (): unknown => takeFact(odd(machine), state, factOf('a', { type: 'go' }, { sequence: 1 }));
    expect(take).toThrow(InvariantError);
    expect(take).toThrow(/actor odd failed at go \(1\): .*no such thing/s);
  });
});

test('a machine that has ended takes nothing more, also when it was stored in between', () => {
  const { state } = takeAll([factOf('a', { type: 'end' }, { sequence: 1 })]);
  const after = takeAll([note('a', 1, { sequence: 2 })], stored(state));
  expect(after.said).toEqual([]);
  expect(after.state.record.position).toBe(2);
  expect(contextOf(after.state).heard).toEqual({});
});
