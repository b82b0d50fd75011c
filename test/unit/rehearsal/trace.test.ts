import { describe, expect, test } from 'vitest';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { TraceBuilder } from '../../../src/rehearsal/trace.ts';

/** A fact at a time, seconds. */
const fact = (source: string, at: number, event: { type: string } & Record<string, unknown>): StoredFact => ({
  v: 1,
  id: `${source}/${at}/${event.type}`,
  number: null,
  cause: null,
  heardAt: null,
  saidAt: 1_000 * at,
  sequence: 1,
  source,
  storedAt: 1_000 * at,
  event,
});

const started = fact('campaign', 10, { type: 'campaign.started' });
/** Slots of each pool; one of those for simulations is free. */
const books = (at: number, simulate: number, train: number): StoredFact =>
  fact('resource-ledger', at, {
    type: 'slots.changed',
    capacity: simulate + train,
    pools: { simulate: { allocated: simulate - 1, free: 1 }, train: { allocated: train, free: 0 } },
  });
const created = (id: string, at: number, choice: Record<string, unknown> | null): StoredFact =>
  fact('submitter', at, { type: 'task.created', task: { id, topic: 'simulate', pool: 'simulate', choice } });
const finished = (
  id: string,
  topic: string,
  from: number,
  to: number,
  failure: { code: string } | null = null,
): StoredFact =>
  fact('worker', to, {
    type: 'task.finished',
    result: {
      task: { id, topic, pool: topic, slots: 1 },
      failure,
      times: { computeStarted: 1_000 * from, computeEnded: 1_000 * to },
    },
  });
const recorded = (task: string, at: number, rest: Record<string, unknown>): StoredFact =>
  fact('result-processor', at, {
    type: 'result.recorded',
    task,
    topic: 'simulate',
    candidate: 7,
    value: 0.5,
    targetReached: false,
    ...rest,
  });

function traceOf(facts: readonly StoredFact[]): ReturnType<TraceBuilder['finish']> {
  const builder = new TraceBuilder({ topic: 'simulate' });
  for (const one of facts) builder.take(one);
  return builder.finish();
}

describe('a trace', () => {
  test('has what was counted, when, and what was predicted of it', () => {
    const { evaluations, seconds } = traceOf([
      started,
      created('simulate-1', 10, { by: 'shuffle', place: 1 }),
      created('simulate-2', 11, {
        update: 1,
        trainedOn: 1,
        mean: 0.4,
        deviation: 0.1,
        stale: { results: 3, seconds: 2 },
      }),
      recorded('simulate-1', 15, { value: null }),
      recorded('simulate-2', 17, { candidate: 8, targetReached: true }),
      recorded('simulate-3', 19, { candidate: 9 }),
    ]);
    expect(evaluations).toEqual([
      { candidate: 7, value: null, at: 5, mean: null, deviation: null, stale: null },
      { candidate: 8, value: 0.5, at: 7, mean: 0.4, deviation: 0.1, stale: { results: 3, seconds: 2 } },
      { candidate: 9, value: 0.5, at: 9, mean: null, deviation: null, stale: null },
    ]);
    // Until the last result that was wanted.
    expect(seconds).toBe(7);
  });

  test('knows how stale a choice was, also where the choice does not say it', () => {
    const { evaluations, updates } = traceOf([
      started,
      recorded('simulate-1', 11, {}),
      recorded('simulate-2', 12, {}),
      fact('inference-runner', 13, { type: 'ranking.updated', update: 0 }),
      fact('inference-runner', 14, { type: 'ranking.updated', update: 1, older: { update: 0 } }),
      fact('inference-runner', 15, { type: 'ranking.updated', update: 1 }),
      created('simulate-3', 17, { update: 1, trainedOn: 1 }),
      created('simulate-4', 18, { update: 0, trainedOn: 0 }),
      recorded('simulate-3', 20, {}),
      recorded('simulate-4', 21, {}),
    ]);
    expect(updates).toBe(1);
    expect(evaluations.map(({ stale }) => stale)).toEqual([null, null, { results: 1, seconds: 2 }, null]);
  });

  test('measures slots from the start to the last that was wanted, in all pools and in that of simulations', () => {
    const { busy } = traceOf([
      books(0, 2, 0),
      started,
      created('simulate-1', 10, null),
      // Half of it before the start; the rest of the second after the end.
      finished('simulate-1', 'simulate', 5, 15),
      books(16, 1, 1),
      finished('train-1', 'train', 16, 18),
      recorded('simulate-1', 20, { targetReached: true }),
      finished('simulate-2', 'simulate', 15, 30),
      recorded('simulate-2', 30, {}),
    ]);
    expect(busy.all).toBeCloseTo((5 + 2 + 5) / 20, 12);
    expect(busy.simulating).toBeCloseTo((5 + 5) / 20, 12);
    expect(busy.pool).toBeCloseTo((5 + 5) / (2 * 6 + 1 * 4), 12);
  });

  test('leaves out tasks that were withdrawn before they began', () => {
    const { evaluations } = traceOf([
      started,
      created('simulate-1', 10, null),
      finished('simulate-1', 'simulate', 12, 12, { code: 'task.withdrawn' }),
      recorded('simulate-1', 12, { value: null }),
      recorded('simulate-2', 13, { candidate: 3 }),
    ]);
    expect(evaluations.map(({ candidate }) => candidate)).toEqual([3]);
  });
});
