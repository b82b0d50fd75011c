import { describe, expect, it } from 'vitest';
import { eventFilter, momentOf } from '../../../src/cli/event-filter.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';

const fact = (source: string, event: { type: string } & Record<string, unknown>): StoredFact =>
  ({ source, event, sequence: 7, storedAt: 0 }) as unknown as StoredFact;

const created = fact('submitter', {
  type: 'task.created',
  task: { id: 'simulate-1', arguments: { smiles: 'CC(=O)O' } },
});
const withdrawn = fact('submitter', { type: 'task.withdrawn', task: 'simulate-2', reason: 'unlikely' });
const finished = fact('worker', { type: 'task.finished', result: { task: { id: 'simulate-1' } } });
const recorded = fact('result-processor', { type: 'result.recorded', task: 'simulate-1' });
const granted = fact('resource-ledger', { type: 'slots.granted', grant: 'g-1' });
const all = [created, withdrawn, finished, recorded, granted];

describe('the filter of events', () => {
  it.each([
    [{}, all],
    [{ source: ['submitter', 'worker'] }, [created, withdrawn, finished]],
    [{ type: ['task.*'] }, [created, withdrawn, finished]],
    [{ type: ['result.recorded', 'slots.granted'] }, [recorded, granted]],
    [{ task: 'simulate-1' }, [created, finished, recorded]],
    [{ grep: 'CC(=O)O' }, [created]],
    [{ source: ['submitter'], task: 'simulate-2' }, [withdrawn]],
  ])('%j', (flags, fitting) => {
    expect(all.filter(eventFilter(flags))).toEqual(fitting);
  });

  it('names what there is when nothing is called so', () => {
    expect(() => eventFilter({ source: ['submiter'] })).toThrow(
      /--source: nobody is called "submiter"; it takes operator, host/,
    );
    expect(() => eventFilter({ type: ['task.done'] })).toThrow(
      /--type: no event is called "task.done"; it takes .*task.finished/,
    );
  });

  it('knows moments by how long ago they are, and by date and time', () => {
    expect(momentOf('--since', '90s', 100_000)).toBe(10_000);
    expect(momentOf('--since', '1.5h', 10_000_000)).toBe(10_000_000 - 5_400_000);
    expect(momentOf('--since', '2026-01-31T12:00Z', 0)).toBe(Date.UTC(2026, 0, 31, 12));
    for (const wrong of ['', 'yesterday', '10', '-5m', '2026-13-99']) {
      expect(() => momentOf('--since', wrong, 0)).toThrow(/--since: ".*" is no time/);
    }
  });
});
