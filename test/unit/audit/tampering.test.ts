import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Auditor } from '../../../src/audit/auditor.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { audit, changed, find, sampleLog, spliced, type SampleLog } from './sample-log.ts';

type Fields = Record<string, unknown>;

const log = sampleLog('batched', { workers: [3], simulationFails: 10 });
const half = Math.floor(log.facts.length / 2);

/** The first thing that an audit finds, which must be at this place and say this. */
function expectFirst(tampered: SampleLog, sequence: number, message: RegExp): void {
  const [first] = audit(tampered).violations;
  expect(first).toEqual({ sequence, message: expect.stringMatching(message) as string });
}

const withEvent = (fact: StoredFact, change: Fields): Partial<StoredFact> => ({ event: { ...fact.event, ...change } });

test('the log is in order before anybody touches it', () => {
  expect(audit(log).violations).toEqual([]);
  expect(log.isOver).toBe(true);
});

describe('the audit names the first event that does not fit', () => {
  test('a message is missing', () => {
    for (let sequence = 1; sequence < log.facts.length; sequence += 4) {
      const facts = log.facts.filter((fact) => fact.sequence !== sequence);
      expectFirst({ ...log, facts }, sequence, new RegExp(`there is no message ${sequence}; the next one in the log`));
    }
  });

  test('a fact was taken out of a copy of the log', () => {
    const { sequence } = find(log, 'resource-ledger', 'slots.granted', half);
    const [first] = audit(spliced(log, sequence, 1)).violations;
    expect(first?.sequence).toBeGreaterThanOrEqual(sequence);
    // What comes next of any actor names a cause that has another place now.
    expect(first?.sequence).toBeLessThan(sequence + 5);
  });

  test('a number was changed', () => {
    const fact = find(log, 'submitter', 'task.created', half);
    expectFirst(changed(log, fact.sequence, { number: (fact.number ?? 0) + 1 }), fact.sequence, /submitter said/);
    expectFirst(changed(log, fact.sequence, { number: 1 }), fact.sequence, /fact 1 was said before, and differently/);
    expectFirst(changed(log, fact.sequence, { number: null }), fact.sequence, /only timers have not/);
  });

  test('the value of a result was changed', () => {
    const recorded = log.facts.find((fact) => fact.event['value'] !== null && fact.event.type === 'result.recorded');
    const { sequence = 0, event } = recorded ?? {};
    const at = Number(event?.['sequence']);
    const result = log.facts[at - 1];
    if (result === undefined) throw new Error('there is no such result');
    const value = { ionizationEnergyHa: 99 };
    const tampered = changed(log, at, withEvent(result, { result: { ...(result.event['result'] as Fields), value } }));
    expectFirst(tampered, sequence, /result-processor said result\.recorded: value is 0\.4\d+, expected 99/);
  });

  test('a grant was given twice', () => {
    const earlier = find(log, 'resource-ledger', 'slots.granted');
    const later = find(log, 'resource-ledger', 'slots.granted', half);
    const tampered = changed(log, later.sequence, withEvent(later, { grant: earlier.event['grant'] }));
    expectFirst(tampered, later.sequence, /grant is "grant-1", expected "grant-\d+"/);
    const said = audit(tampered).violations.filter(({ sequence }) => sequence === later.sequence);
    expect(said.map(({ message }) => message).join()).toContain('grant-1 was given before');
  });

  test('the books were falsified', () => {
    const { sequence, event } = find(log, 'resource-ledger', 'slots.changed', half);
    const pools = { ...(event['pools'] as Fields), simulate: { allocated: 1, free: 2 } };
    const tampered = changed(log, sequence, { event: { ...event, pools } });
    expectFirst(tampered, sequence, /resource-ledger said slots\.changed: pools\.simulate\.\w+ is \d, expected \d/);
    const said = audit(tampered).violations.filter((violation) => violation.sequence === sequence);
    expect(said.map(({ message }) => message).join()).toMatch(
      /pool simulate has 1 slots in use; by grants and their ends/,
    );
  });

  test('a task was counted twice', () => {
    const recorded = find(log, 'result-processor', 'result.recorded', half);
    const last = log.facts.filter(({ source }) => source === 'result-processor').length;
    const end = log.facts.length;
    const again = { ...recorded, id: `result-processor/${end}/1`, number: last + 1, cause: end };
    expectFirst(spliced(log, end + 1, 0, again), end + 1, /the replay says only \d+ facts up to here/);
    expect(
      audit(spliced(log, end + 1, 0, again))
        .violations.map(({ message }) => message)
        .join(),
    ).toMatch(/is counted with what stands at \d+, which is no result, or was counted/);
  });

  test('an actor is said to have said more', () => {
    const more: StoredFact = {
      ...find(log, 'submitter', 'task.created'),
      id: `submitter/${half}/9`,
      number: 999,
      cause: half,
    };
    expectFirst(spliced(log, half + 1, 0, more), half + 1, /submitter said task\.created: the replay says only/);
    const timer = { type: 'timer.fired', timer: 'xstate.after.patience.fleet.empty', armed: half };
    const fired = { ...more, source: 'fleet', id: `fleet/timer/${timer.timer}/${half}`, number: null, event: timer };
    expectFirst(spliced(log, half + 1, 0, fired), half + 1, /no timer .* was armed/);
    const nobody = { ...more, source: 'trainee' };
    expectFirst(spliced(log, half + 1, 0, nobody), half + 1, /this campaign has no actor of that name/);
  });

  test('events were swapped', () => {
    // The end of a task and what follows from it: a grant that comes before its reason.
    const granted = find(log, 'resource-ledger', 'slots.granted', half);
    const cause = granted.cause ?? 0;
    const result = log.facts[cause - 1];
    if (result === undefined) throw new Error('a grant without a cause');
    const between = log.facts.slice(cause, granted.sequence - 1);
    const facts = spliced(log, cause, between.length + 2, granted, ...between, result);
    const [first] = audit(facts).violations;
    expect(first?.sequence).toBe(cause);
    expect(first?.message).toMatch(/resource-ledger said slots\.granted/);
  });

  test('a result of a task that nobody created was slipped in', () => {
    const result = find(log, 'worker', 'task.finished', half);
    const { task } = result.event['result'] as { task: Fields };
    const forged = { ...(result.event['result'] as Fields), task: { ...task, id: 'simulate-999', number: 999 } };
    const end = log.facts.length;
    const slipped = spliced(log, end + 1, 0, { ...result, ...withEvent(result, { result: forged }) });
    expectFirst(slipped, end + 1, /nobody created simulate-999/);
  });

  test('a result carries another task than the one that was created', () => {
    const result = find(log, 'worker', 'task.finished', half);
    const { task } = result.event['result'] as { task: Fields };
    const forged = { ...(result.event['result'] as Fields), task: { ...task, arguments: { smiles: 'CCO' } } };
    const slipped = changed(log, result.sequence, withEvent(result, { result: forged }));
    expectFirst(slipped, result.sequence, /carries another task than \S+ created/);
  });

  test('a log was cut off, and is said to be over', () => {
    for (let length = 1; length < log.facts.length; length += 4) {
      const facts = log.facts.slice(0, length);
      if (facts.some(({ event }) => event.type === 'campaign.ended')) continue;
      expectFirst({ ...log, facts }, length + 1, /the log ends here, and/);
    }
  });

  test('a message is no fact', () => {
    const auditor = new Auditor(log.plans);
    for (const fact of log.facts.slice(0, half)) auditor.take(fact);
    auditor.refuse(half + 1, 'not JSON');
    expect(auditor.finish({ isOver: false }).violations).toEqual([
      { sequence: half + 1, message: 'a message that is no fact: not JSON' },
    ]);
  });
});

/** Everything in a fact that a replay says again: not the times, nor what the runtime adds to a task. */
const replayed = (fact: StoredFact): [string, unknown][] => {
  const leaves: [string, unknown][] = [];
  const walk = (path: string, value: unknown): void => {
    if (/task\.(v|campaign|arguments|timeoutMs|memoryMb|report|createdAt)\b/.test(path)) return;
    if (typeof value === 'object' && value !== null)
      for (const [name, field] of Object.entries(value)) walk(`${path}.${name}`, field);
    else leaves.push([path, value]);
  };
  walk('id', fact.id);
  walk('number', fact.number);
  walk('cause', fact.cause);
  walk('event', fact.event);
  return leaves;
};

test('any change of anything that an actor said is found, at its place', () => {
  const ahead = sampleLog('batched', { seed: 2, hearing: 100, duplicates: 30, restarts: 4, workers: [2, 2] }, 8, 4);
  const logs = [
    log,
    ahead,
    sampleLog('random', { seed: 5, duplicates: 30, restarts: 4, fleetChanges: 3, workers: [2, 2] }),
  ];
  const choice = fc.record({
    log: fc.constantFrom(...logs),
    fact: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    leaf: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.oneof(fc.nat({ max: 50 }), fc.double(), fc.boolean(), fc.string(), fc.constant(null), fc.object()),
  });
  fc.assert(
    fc.property(choice, (chosen) => {
      const said = chosen.log.facts.filter(({ number }) => number !== null);
      const fact = said[Math.floor(chosen.fact * said.length)];
      if (fact === undefined) throw new Error('no actor has said anything');
      const leaves = replayed(fact);
      const [path, before] = leaves[Math.floor(chosen.leaf * leaves.length)] ?? ['id', fact.id];
      fc.pre(!Object.is(before, chosen.value) && before !== chosen.value);
      const copy = structuredClone(fact) as unknown as Fields;
      const names = path.split('.');
      const last = names.pop() ?? '';
      const holder = names.reduce<Fields>((at, name) => at[name] as Fields, copy);
      holder[last] = chosen.value;
      const [first] = audit(changed(chosen.log, fact.sequence, copy)).violations;
      expect(first?.sequence, `${path} of ${JSON.stringify(fact)}`).toBe(fact.sequence);
    }),
    { numRuns: 200 },
  );
});
