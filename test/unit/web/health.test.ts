import { describe, expect, it } from 'vitest';
import type { Overview, WorkerRow } from '../../../src/story/views.ts';
import { worriesOf } from '../../../web/health.ts';

const worker: WorkerRow = {
  worker: 'a',
  host: 'h',
  slots: 2,
  running: 2,
  state: 'there',
  joinedAt: 0,
  goneAt: null,
  done: 9,
  failed: 0,
  load: 1,
  heardAt: 99_000,
};
const counts = { total: 100, succeeded: 30, failed: 1, running: 2, queued: 0, withdrawn: 0, retried: 0 };
/** Of an overview what tells whether all is well. */
const seen = (change: Partial<Overview>): Overview =>
  ({ state: 'running', workers: [worker], capacity: 2, counts, model: null, ...change }) as Overview;
const worries = (change: Partial<Overview>, runBy: string | null = 'p'): string[] =>
  worriesOf(seen(change), { now: 100_000, actors: [{ runBy }] });

describe('the health of a campaign', () => {
  it('is good while somebody computes and somebody decides', () => {
    expect(worries({})).toEqual([]);
    expect(worries({ state: 'ended', capacity: 0, workers: [] }, null)).toEqual([]);
  });

  it.each([
    ['no worker is there', { capacity: 0, workers: [] }, /No worker/],
    ['a worker was lost', { workers: [{ ...worker, state: 'lost' as const }] }, /Worker a was lost/],
    ['a worker is silent', { workers: [{ ...worker, heardAt: 80_000 }] }, /a has not been heard for 20 s/],
    ['much fails', { counts: { ...counts, failed: 30 } }, /30 of 60 simulations failed/],
  ])('says that %s', (_, change, said) => {
    expect(worries(change)).toEqual([expect.stringMatching(said)]);
  });

  it('lets a loss rest that is long over', () => {
    const lost = { ...worker, state: 'lost' as const, goneAt: -30_000 };
    expect(worries({ workers: [lost, { ...worker, worker: 'b' }] })).toEqual([]);
  });

  it('says that nobody decides before anything that follows from it', () => {
    expect(worries({ state: 'paused', capacity: 0, workers: [] }, null)).toEqual([
      expect.stringMatching(/No process runs its actors/),
    ]);
  });
});
