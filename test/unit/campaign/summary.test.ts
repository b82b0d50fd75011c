import { describe, expect, test } from 'vitest';
import type { ResultLine } from '../../../src/campaign/result-line.ts';
import { SummaryBuilder, type Summary } from '../../../src/campaign/summary.ts';

const definition = {
  name: 'molecular-design',
  objective: { topic: 'simulate', field: 'ie', label: 'IE', unit: 'hartree', also: { unit: 'eV', factor: 27 } },
};
let made = 0;

/** A task that ran from one second to another. */
function line(
  value: unknown,
  {
    from = 0,
    to = 1,
    topic = 'simulate',
    slots = 1,
    failure = null as ResultLine['failure'],
    tried = [] as string[],
  } = {},
): ResultLine {
  made += 1;
  const [computeStarted, computeEnded] = [from * 1_000, to * 1_000];
  return {
    id: `${topic}-${made}`,
    method: 'm',
    topic,
    arguments: null,
    candidate: made,
    choice: null,
    success: failure === null,
    value,
    failure,
    attempts: tried.map((code) => ({ at: 0, worker: 'w', host: 'h', code, message: 'm' })),
    worker: { id: 'w', host: 'h', child: 0 },
    pool: topic,
    slots,
    resources: { wallMs: 0, cpuMs: 0 },
    times: {
      created: 0,
      queued: 0,
      pickedUp: 0,
      computeStarted,
      computeEnded,
      stored: computeEnded,
      received: null,
      decided: computeEnded,
    },
    serialisationMs: { arguments: 0, value: 0 },
    sequence: made,
    recorded: made,
  };
}

const numbers = {
  id: 'one',
  settings: { policy: 'batched', total: 64, threshold: 0.55 },
  state: 'ended',
  reason: 'enough',
  slots: 2,
  updates: { seconds: [0.5, 1.5], failed: 1 },
  wallSeconds: 12,
};

function summaryOf(
  lines: readonly ResultLine[],
  builder = new SummaryBuilder(definition),
  settings: Partial<typeof numbers.settings & { seek: 'lowest' }> = {},
): Summary {
  for (const one of lines) builder.take(one, ({ candidate }) => `molecule ${candidate ?? 0}`);
  return builder.build({ ...numbers, settings: { ...numbers.settings, ...settings } });
}

test('nothing yet is a summary, too', () => {
  expect(summaryOf([])).toEqual({
    id: 'one',
    campaign: 'molecular-design',
    policy: 'batched',
    state: 'ended',
    reason: 'enough',
    simulations: { succeeded: 0, failed: 0 },
    found: { threshold: 0.55, side: 'above', count: 0, shareOfLast25: 0 },
    best: [],
    failures: [],
    failuresByCode: {},
    retriesByCode: {},
    withdrawn: 0,
    updates: { done: 2, failed: 1, meanSeconds: 1 },
    slots: { count: 2, busy: 0, simulating: 0 },
    wallSeconds: 12,
    units: { value: 'hartree', also: 'eV' },
  });
});

test('the best ten stand first to last, with their names and second unit', () => {
  const { best } = summaryOf(Array.from({ length: 30 }, (_, n) => line({ ie: ((n * 7) % 30) / 100 })));
  expect(best.map(({ value }) => value)).toEqual([0.29, 0.28, 0.27, 0.26, 0.25, 0.24, 0.23, 0.22, 0.21, 0.2]);
  expect(best[0]?.label).toBe(`molecule ${best[0]?.candidate ?? ''}`);
  expect(best[0]?.also).toBeCloseTo(0.29 * 27);
});

test('found are those above the threshold, not those on it; the last 25 are a window', () => {
  const poor = Array.from({ length: 10 }, () => line({ ie: 0.55 }));
  const rich = Array.from({ length: 20 }, () => line({ ie: 0.56 }));
  expect(summaryOf([...poor, ...rich]).found).toEqual({
    threshold: 0.55,
    side: 'above',
    count: 20,
    shareOfLast25: 20 / 25,
  });
  expect(summaryOf(rich.slice(0, 4)).found).toMatchObject({ count: 4, shareOfLast25: 1 });
});

test('where the lowest are sought, the lowest are the best, and found is what lies below', () => {
  const lines = [0.5, 0.3, 0.25, 0.4].map((ie) => line({ ie }));
  const { found, best } = summaryOf(lines, undefined, { seek: 'lowest', threshold: 0.3 });
  expect(found).toEqual({ threshold: 0.3, side: 'below', count: 1, shareOfLast25: 0.25 });
  expect(best.map(({ value }) => value)).toEqual([0.25, 0.3, 0.4, 0.5]);
});

test('a task that was withdrawn while it waited is neither a failure nor work', () => {
  const failure = { code: 'task.withdrawn', message: 'm', retry: 'never' as const, details: {} };
  const lines = [line({ ie: 0.5 }, { from: 1, to: 3 }), line(null, { failure, from: 50, to: 50 })];
  const { withdrawn, ...summary } = summaryOf(lines);
  expect(withdrawn).toBe(1);
  expect({ ...summary, withdrawn: 0 }).toEqual(summaryOf(lines.slice(0, 1)));
});

test('failures are listed with their reasons, a value without the number among them; other topics do not count', () => {
  const failure = { code: 'xtb.crashed', message: 'it crashed', retry: 'never' as const, details: {} };
  const summary = summaryOf([
    line({ ie: 0.5 }),
    line(null, { failure }),
    line({ other: 1 }),
    line({ model: 'm' }, { topic: 'train' }),
    line(null, { topic: 'infer', failure }),
  ]);
  expect(summary.simulations).toEqual({ succeeded: 1, failed: 2 });
  expect(summary.failures.map(({ code, message }) => [code, message])).toEqual([
    ['xtb.crashed', 'it crashed'],
    ['result.no-objective', 'no number "ie"'],
  ]);
});

test('failures and attempts of tasks of every kind are counted by their codes', () => {
  const failed = (code: string): ResultLine['failure'] => ({ code, message: 'm', retry: 'never', details: {} });
  const { failuresByCode, retriesByCode } = summaryOf([
    line({ ie: 0.5 }, { tried: ['transport.failed', 'worker.child-died'] }),
    line(null, { failure: failed('task.timed-out') }),
    line(null, { topic: 'train', failure: failed('task.timed-out'), tried: ['transport.failed'] }),
    line(null, { failure: failed('task.poisoned') }),
  ]);
  expect(failuresByCode).toEqual({ 'task.timed-out': 2, 'task.poisoned': 1 });
  expect(retriesByCode).toEqual({ 'transport.failed': 2, 'worker.child-died': 1 });
});

describe('slots', () => {
  test('are busy with everything, and simulate for a part of it', () => {
    const summary = summaryOf([
      line({ ie: 0.5 }, { from: 0, to: 10 }),
      line({ ie: 0.5 }, { from: 0, to: 4 }),
      line({}, { from: 4, to: 6, topic: 'train' }),
    ]);
    expect(summary.slots).toEqual({ count: 2, busy: 16 / 20, simulating: 14 / 20 });
  });

  test('a task of two slots occupies both', () => {
    expect(summaryOf([line({ ie: 0.5 }, { from: 0, to: 10, slots: 2 })]).slots.busy).toBe(1);
  });

  test('are those of the whole fleet, for as long as they were there', () => {
    const builder = new SummaryBuilder(definition);
    builder.staff(0.001, 1);
    // Another host lends three more for the second half.
    builder.staff(5_000, 4);
    const summary = summaryOf(
      [line({ ie: 0.5 }, { from: 0, to: 10 }), line({ ie: 0.5 }, { from: 5, to: 10, slots: 3 })],
      builder,
    );
    expect(summary.slots.count).toBe(4);
    expect(summary.slots.busy).toBeCloseTo(1);
  });

  test('are not idle between two lives of a run', () => {
    const builder = new SummaryBuilder(definition);
    builder.begin(0.5);
    builder.hear(10_000);
    summaryOf([line({ ie: 0.5 }, { from: 0, to: 10 }), line({ ie: 0.5 }, { from: 0, to: 10 })], builder);
    builder.begin(1_000_000);
    const lines = [line({ ie: 0.5 }, { from: 1_000, to: 1_010 }), line({ ie: 0.5 }, { from: 1_005, to: 1_010 })];
    const summary = summaryOf(lines, builder);
    expect(summary.slots.busy).toBeCloseTo((20 + 15) / 40);
    // The first life lasted until it was last heard of, and this one's time is told.
    expect(summary.wallSeconds).toBeCloseTo(9.9995 + 12);
  });

  test('the time in which a killed run was dead is none of it, though it speaks before it is told to go on', () => {
    const builder = new SummaryBuilder(definition);
    builder.begin(1_000);
    for (const at of [2_000, 5_000, 20_000, 31_000, 900_000, 902_000]) builder.hear(at);
    builder.begin(903_000);
    const summary = summaryOf([line({ ie: 0.5 }, { from: 0, to: 10 })], builder);
    expect(summary.wallSeconds).toBeCloseTo(30 + 2 + 12);
    // Silence before its death is what simulations take.
    const slow = new SummaryBuilder(definition);
    slow.begin(1_000);
    for (const at of [2_000, 5_000, 20_000, 31_000]) slow.hear(at);
    slow.begin(903_000);
    expect(summaryOf([line({ ie: 0.5 }, { from: 0, to: 10 })], slow).wallSeconds).toBeCloseTo(30 + 12);
  });

  test('are not idle while a run stands paused, which is no time of the run, whatever is said meanwhile', () => {
    const builder = new SummaryBuilder(definition);
    builder.begin(1_000);
    summaryOf([line({ ie: 0.5 }, { from: 0, to: 10 }), line({ ie: 0.5 }, { from: 0, to: 10 })], builder);
    builder.pause(11_000);
    builder.hear(500_000);
    builder.begin(1_000_000);
    builder.hear(1_002_000);
    builder.goOn();
    const lines = [line({ ie: 0.5 }, { from: 1_000, to: 1_010 }), line({ ie: 0.5 }, { from: 1_005, to: 1_010 })];
    const summary = summaryOf(lines, builder);
    expect(summary.slots.busy).toBeCloseTo((20 + 15) / 40);
    expect(summary.wallSeconds).toBeCloseTo(10 + 12);
  });
});
