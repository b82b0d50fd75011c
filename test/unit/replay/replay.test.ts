import { describe, expect, it } from 'vitest';
import type { AnyMachineSnapshot } from 'xstate';
import { beginActor, takeFact, type ActorState } from '../../../src/runtime/step.ts';
import { Replay } from '../../../src/replay/replay.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { sampleLog, type SampleLog } from '../audit/sample-log.ts';

const stormy = { seed: 3, drains: 3, duplicates: 20, reorders: 20, restarts: 4, fleetChanges: 8, trainingFails: 20 };

function replayed({ plans, facts }: SampleLog, spacing = 16, to = Infinity): Replay {
  const replay = new Replay(plans, spacing);
  for (const fact of facts) if (fact.sequence <= to) replay.take(fact);
  return replay;
}

const reader =
  ({ facts }: SampleLog) =>
  (from: number, to: number): Promise<readonly StoredFact[]> =>
    Promise.resolve(facts.slice(from - 1, to));

/** Paths of the active states, as XState itself tells them. */
const activeIn = (snapshot: AnyMachineSnapshot): string[] =>
  snapshot._nodes
    .map(({ path }) => path.join('.'))
    .filter((path) => path !== '')
    .sort();

describe('a replay', () => {
  const log = sampleLog('batched', stormy, 24);

  it('has the actors in the states in which the runtime has them, at every event', () => {
    const replay = new Replay(log.plans);
    const states = new Map<string, ActorState>(
      log.plans.map(({ actor, input }) => [actor.name, beginActor(actor, input, 0)]),
    );
    for (const fact of log.facts) {
      replay.take(fact);
      for (const { actor } of log.plans) {
        const before = states.get(actor.name);
        if (before !== undefined) states.set(actor.name, takeFact(actor, before, fact));
      }
      for (const { actor, active, trouble } of replay.actors()) {
        const state = states.get(actor);
        expect([...active].sort()).toEqual(state === undefined ? [] : activeIn(state.snapshot));
        expect(trouble).toBeNull();
      }
    }
  });

  it('counts what adds up: a state is entered as often as it is left, or once more, and its time is the time of the log', () => {
    const replay = replayed(log);
    const first = log.facts[0]?.storedAt ?? 0;
    for (const actor of replay.actors()) {
      const outer = Object.entries(actor.states).filter(([path]) => !path.includes('.'));
      const ms = outer.reduce((sum, [, state]) => sum + state.ms, 0);
      expect(ms, actor.actor).toBeCloseTo(replay.at - first, 3);
      for (const path of actor.active) expect(actor.states[path]?.entered, `${actor.actor} ${path}`).toBeGreaterThan(0);
    }
    const campaign = replay.actors().find(({ actor }) => actor === 'campaign');
    const { states = {}, arrows = {} } = campaign ?? {};
    const drains = Object.entries(arrows).filter(([id]) => id.startsWith('running/'));
    expect(states['draining']?.entered).toBe(drains.reduce((sum, [, count]) => sum + count, 0));
    expect(states['ended']?.entered).toBe(1);
    expect(campaign?.last?.arrows).toEqual(['draining.toEnd/results.complete/0']);
  });

  it('names what an actor said by its place in the log, and owes nothing at the end', () => {
    for (const { actor, recent, mailbox, position } of replayed(log).actors()) {
      expect(recent.length).toBeGreaterThan(0);
      expect({ actor, mailbox }).toEqual({ actor, mailbox: 0 });
      expect(position).toBe(log.facts.length);
      for (const { sequence, said } of recent) {
        for (const saying of said) {
          const stored = log.facts[(saying.sequence ?? 0) - 1];
          expect([stored?.source, stored?.event.type]).toEqual([actor, saying.type]);
          expect(stored?.cause).toBe(sequence);
        }
      }
    }
  });

  it('tells an actor that answers nothing any more by its mailbox', () => {
    const isOfLedger = ({ source, number }: StoredFact): boolean => source === 'resource-ledger' && number !== null;
    const replay = new Replay(log.plans);
    for (const fact of log.facts) if (!isOfLedger(fact)) replay.take(fact);
    const mailboxOf = (name: string): number => replay.actors().find(({ actor }) => actor === name)?.mailbox ?? 0;
    expect(mailboxOf('resource-ledger')).toBeGreaterThan(2);
    expect(mailboxOf('campaign')).toBeLessThanOrEqual(1);
  });

  it('goes back to any event, by the marks and what follows, and tells the same as on the way there', async () => {
    const replay = replayed(log);
    expect(replay.checkpoints).toBeGreaterThan(4);
    for (let sequence = 1; sequence <= log.facts.length; sequence += 29) {
      const past = await replay.past(sequence, reader(log));
      const then = replayed(log, 16, sequence);
      expect(past?.sequence).toBe(sequence);
      expect(past?.actors).toEqual(
        then.actors().map(({ actor, active, states, arrows, last, trouble }) => ({
          actor,
          active,
          states,
          arrows,
          last,
          trouble,
        })),
      );
      expect(past?.contexts).toEqual(then.contexts);
    }
    expect(await replay.past(log.facts.length + 1, reader(log))).toBeNull();
  });

  it('keeps a bounded number of marks of a long log', () => {
    const long = replayed(sampleLog('random', {}, 300), 1);
    expect(long.position).toBeGreaterThan(1_100);
    expect(long.checkpoints).toBeLessThanOrEqual(1_025);
  });

  it('says so when a machine fails on what is stored, and goes on with the others', () => {
    const replay = new Replay(log.plans);
    const spoilt = log.facts.findIndex(({ event }) => event.type === 'task.finished');
    log.facts.forEach((fact, index) => {
      replay.take(index === spoilt ? { ...fact, event: { type: 'task.finished' } } : fact);
    });
    const troubled = replay.actors().filter(({ trouble }) => trouble !== null);
    expect(troubled.map(({ actor }) => actor)).toContain('resource-ledger');
    expect(troubled[0]?.trouble).toMatch(/cannot be replayed from \d+ on: .*task.finished/);
    expect(replay.actors().find(({ actor }) => actor === 'campaign')).toMatchObject({
      trouble: null,
      position: replay.position,
    });
  });
});
