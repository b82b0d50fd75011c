/** What slots and tasks alone show, without a replay: faults that are in the actors' own code would be replayed, too. */
import { describe, expect, test } from 'vitest';
import { SlotAudit } from '../../../src/audit/slot-audit.ts';
import { TaskAudit } from '../../../src/audit/task-audit.ts';
import { Turns } from '../../../src/audit/turns.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { changed, find, sampleLog, spliced, type SampleLog } from './sample-log.ts';

type Fields = Record<string, unknown>;

const log = sampleLog('batched', { workers: [3], simulationFails: 10, duplicates: 30 });
const half = Math.floor(log.facts.length / 2);

/** All that is found wrong with slots and tasks, each behind its place. */
function faultsOf({ facts }: SampleLog): string[] {
  const faults: string[] = [];
  let place = 0;
  const wrong = (message: string): void => void faults.push(`${place}: ${message}`);
  const slots = new SlotAudit(wrong);
  const tasks = new TaskAudit(wrong);
  const turns = new Turns();
  for (const fact of facts) {
    place = fact.sequence;
    const run = turns.take(fact);
    for (const turn of run) {
      slots.take(turn, place, run.length > 1);
      tasks.take(turn);
    }
  }
  return faults;
}

const taskOf = (fact: StoredFact): Fields => fact.event['task'] as Fields;
const withTask = (fact: StoredFact, change: Fields): Partial<StoredFact> => ({
  event: { ...fact.event, task: { ...taskOf(fact), ...change } },
});
const withEvent = (fact: StoredFact, change: Fields): Partial<StoredFact> => ({ event: { ...fact.event, ...change } });

test('nothing is wrong with a log that is in order', () => {
  expect(faultsOf(log)).toEqual([]);
});

describe('slots', () => {
  test('a slot that fell free twice is missed in the books', () => {
    const { sequence, event } = find(log, 'resource-ledger', 'slots.changed', half);
    const pools = event['pools'] as Record<string, { allocated: number; free: number }>;
    const simulate = { allocated: (pools['simulate']?.allocated ?? 0) - 1, free: (pools['simulate']?.free ?? 0) + 1 };
    const faults = faultsOf(changed(log, sequence, { event: { ...event, pools: { ...pools, simulate } } }));
    expect(faults[0]).toMatch(
      new RegExp(`^${sequence}: pool simulate has -?\\d slots in use; by grants and their ends`),
    );
  });

  test('capacity that comes from nowhere', () => {
    const { sequence, event } = find(log, 'resource-ledger', 'slots.changed', half);
    const pools = event['pools'] as Record<string, { allocated: number; free: number }>;
    const infer = { allocated: pools['infer']?.allocated ?? 0, free: (pools['infer']?.free ?? 0) + 1 };
    const more = { capacity: Number(event['capacity']) + 1, pools: { ...pools, infer } };
    expect(faultsOf(changed(log, sequence, { event: { ...event, ...more } }))[0]).toMatch(
      `${sequence}: the capacity is 4; the fleet has 3 slots`,
    );
    const unbalanced = { ...event, pools: { ...pools, infer } };
    expect(faultsOf(changed(log, sequence, { event: unbalanced }))[0]).toMatch(
      `${sequence}: in use and free are 4 slots, and the capacity is 3`,
    );
  });

  test('slots that change pool without a move', () => {
    const moved = find(log, 'resource-ledger', 'slots.moved');
    const next = find(log, 'resource-ledger', 'slots.changed', moved.sequence);
    const faults = faultsOf(changed(log, moved.sequence, withEvent(moved, { to: 'infer', from: 'train' })));
    expect(faults[0]).toMatch(new RegExp(`^${next.sequence}: pool \\w+ has \\d slots; by the moves it has -?\\d`));
  });

  test('a grant that is given twice, or to nobody, or out of turn', () => {
    const grant = find(log, 'resource-ledger', 'slots.granted', half);
    const first = find(log, 'resource-ledger', 'slots.granted').event['grant'];
    expect(faultsOf(changed(log, grant.sequence, withEvent(grant, { grant: first })))[0]).toBe(
      `${grant.sequence}: ${String(first)} was given before`,
    );
    expect(faultsOf(changed(log, grant.sequence, withEvent(grant, { request: 'trainer/77' })))[0]).toMatch(
      `${grant.sequence}: ${String(grant.event['grant'])} is for trainer/77, which asks for nothing in pool`,
    );
    const infer = find(log, 'inference-runner', 'slots.requested');
    const queued: StoredFact = {
      ...infer,
      source: 'trainer',
      number: null,
      id: 'x',
      event: { ...infer.event, request: 'trainer/88' },
    };
    const ahead = spliced(log, infer.sequence, 0, queued);
    expect(faultsOf(ahead).join('\n')).toMatch(
      /is for inference-runner\/\d, but trainer\/88 comes first in pool infer/,
    );
  });
});

describe('tasks', () => {
  const created = find(log, 'submitter', 'task.created', half);

  test('on a grant that is none, or another’s, or taken', () => {
    const { sequence } = created;
    expect(faultsOf(changed(log, sequence, withTask(created, { grant: 'grant-999' })))[0]).toMatch(
      /is created on grant-999, which is no grant, or has ended/,
    );
    const theirs = find(log, 'trainer', 'task.created');
    const ours = find(log, 'submitter', 'task.created');
    const swapped = changed(log, theirs.sequence, withTask(theirs, { grant: taskOf(ours)['grant'] }));
    expect(faultsOf(swapped)[0]).toMatch(new RegExp(`^${theirs.sequence}: .*, which is no grant|which is a grant of`));
  });

  test('before the result that freed the slot was decided on', () => {
    // A slot that was granted while the decision on the result which freed it was still to come.
    const slot = log.facts
      .filter(({ event }) => event.type === 'slots.granted')
      .map((granted) => ({
        granted,
        decided: log.facts.find(
          ({ event }) => event.type === 'result.recorded' && event['sequence'] === granted.event['freedBy'],
        ),
        created: log.facts.find(
          (fact) =>
            fact.source === 'submitter' &&
            fact.event.type === 'task.created' &&
            taskOf(fact)['grant'] === granted.event['grant'],
        ),
      }))
      .find(({ granted, decided, created }) => created !== undefined && granted.sequence < (decided?.sequence ?? 0));
    if (slot?.created === undefined) throw new Error('no slot was granted before the decision');
    const { granted, decided, created } = slot;
    const hasty = (cause: number): string | undefined => faultsOf(changed(log, created.sequence, { cause }))[0];
    expect(hasty(granted.sequence)).toMatch(/, whose slot was freed by the result at \d+, before that was decided on$/);
    expect(hasty(granted.sequence - 1)).toMatch(/, which was given at \d+, after its cause$/);
    expect(hasty(decided?.sequence ?? 0)).toBeUndefined();
  });

  test('a candidate twice, a number twice, a task counted twice or with another’s result', () => {
    const { sequence } = created;
    const first = find(log, 'submitter', 'task.created');
    expect(faultsOf(changed(log, sequence, withTask(created, { candidate: taskOf(first)['candidate'] })))[0]).toMatch(
      /is about candidate \d+, which was submitted before, as number 1/,
    );
    expect(faultsOf(changed(log, sequence, withTask(created, { number: 1 })))[0]).toMatch(
      /is task 1 of submitter, expected/,
    );
    const recorded = find(log, 'result-processor', 'result.recorded', half);
    const earlier = find(log, 'result-processor', 'result.recorded').event['sequence'];
    expect(faultsOf(changed(log, recorded.sequence, withEvent(recorded, { sequence: earlier })))[0]).toMatch(
      new RegExp(
        `^${recorded.sequence}: .* is counted with what stands at ${String(earlier)}, which is no result, or was`,
      ),
    );
    expect(faultsOf(changed(log, recorded.sequence, withEvent(recorded, { task: 'simulate-1' })))[0]).toMatch(
      /simulate-1 is counted with the result of/,
    );
  });
});

const idOfResult = (event: StoredFact['event']): unknown => ((event['result'] as Fields)['task'] as Fields)['id'];

describe('tasks that wait ahead of a slot', () => {
  const ahead = sampleLog('batched', { workers: [3], hearing: 100, duplicates: 30 }, 16, 5);
  const unrun = ahead.facts.filter(
    ({ event }) => event.type === 'result.recorded' && event['withdrawn'] === true && event['candidate'] !== null,
  );
  const given = ahead.facts.filter(({ event }) => event.type === 'slots.granted' && event['task'] !== undefined);
  const [granted] = given;
  const [recorded] = unrun;
  if (granted === undefined || recorded === undefined) throw new Error('none had its slot, or none was withdrawn');

  test('nothing is wrong with them', () => {
    expect(faultsOf(ahead)).toEqual([]);
    // Some candidates were chosen again.
    const withdrawn = new Set(unrun.map(({ event }) => event['candidate']));
    const created = ahead.facts.filter(({ event }) => event.type === 'task.created');
    const times = (candidate: unknown): number =>
      created.filter((fact) => taskOf(fact)['candidate'] === candidate).length;
    expect([...withdrawn].some((candidate) => times(candidate) > 1)).toBe(true);
  });

  test('a slot that goes to another than the oldest, or to a request while one waits', () => {
    const { sequence, event } = granted;
    const [grant, task] = [String(event['grant']), String(event['task'])];
    expect(faultsOf(changed(ahead, sequence, withEvent(granted, { task: 'simulate-99' })))[0]).toBe(
      `${sequence}: ${grant} is for simulate-99, and ${task} waits ahead in pool simulate`,
    );
    const { task: _, ...rest } = event;
    const asked = { ...rest, request: 'submitter/1' } as StoredFact['event'];
    expect(faultsOf(changed(ahead, sequence, { event: asked }))[0]).toBe(
      `${sequence}: ${grant} is for submitter/1, but ${task} waits ahead in pool simulate`,
    );
    expect(faultsOf(changed(ahead, sequence, withEvent(granted, { slots: 2 })))[0]).toBe(
      `${sequence}: ${grant} is of 2 slots, and ${task} takes 1`,
    );
  });

  test('a drain that is over while one waits', () => {
    const { sequence, source } = granted;
    const drained = { ...granted, source, number: null, id: 'x', event: { type: 'slots.drained' } };
    expect(faultsOf(spliced(ahead, sequence, 0, { ...drained, number: granted.number })).join('\n')).toMatch(
      /nothing is held any more, but .*simulate-\d/,
    );
  });

  test('one that is withdrawn and was never created, or had a grant, or was withdrawn before', () => {
    const withdrawn = find(ahead, 'submitter', 'task.withdrawn');
    const of = (task: string): string =>
      faultsOf(changed(ahead, withdrawn.sequence, withEvent(withdrawn, { task }))).join('\n');
    expect(of('simulate-999')).toContain(`${withdrawn.sequence}: simulate-999 is withdrawn, which nobody created`);
    const twice = spliced(ahead, withdrawn.sequence + 1, 0, { ...withdrawn, number: null });
    expect(faultsOf(twice)[0]).toMatch(/: simulate-\d+ was withdrawn before/);
    const endOf = (task: unknown): number =>
      ahead.facts.find(({ event }) => event.type === 'task.finished' && idOfResult(event) === task)?.sequence ?? 0;
    const running = ahead.facts.filter(
      (fact) => fact.event.type === 'task.created' && endOf(taskOf(fact)['id']) > withdrawn.sequence,
    );
    const onGrant = running.find((fact) => taskOf(fact)['grant'] !== null && fact.sequence < withdrawn.sequence);
    if (onGrant === undefined) throw new Error('no task on a grant runs then');
    expect(of(String(taskOf(onGrant)['id']))).toMatch(/ is withdrawn, and was created on grant-\d+/);
  });

  test('one that was not run and is counted as if it was, or its candidate chosen again before that', () => {
    const { sequence, event } = recorded;
    const { withdrawn: _, ...rest } = event;
    expect(faultsOf(changed(ahead, sequence, { event: rest }))[0]).toBe(
      `${sequence}: ${String(event['task'])} is counted as run, and was withdrawn`,
    );
    const earlier = ahead.facts.findLast(
      (fact) =>
        fact.source === 'submitter' &&
        fact.event.type === 'task.created' &&
        fact.sequence < sequence &&
        taskOf(fact)['id'] !== event['task'],
    );
    if (earlier === undefined) throw new Error('nothing was created before');
    const twice = changed(ahead, earlier.sequence, withTask(earlier, { candidate: event['candidate'] }));
    expect(faultsOf(twice).join('\n')).toMatch(/is about candidate \d+, which was submitted before/);
  });
});
