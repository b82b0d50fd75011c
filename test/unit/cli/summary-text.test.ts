import { expect, test } from 'vitest';
import type { Summary } from '../../../src/campaign/summary.ts';
import { summaryText } from '../../../src/cli/summary-text.ts';

const objective = { topic: 'simulate', field: 'ie', label: 'IE', unit: 'hartree', also: { unit: 'eV', factor: 27 } };
const summary: Summary = {
  id: 'one',
  campaign: 'molecular-design',
  policy: 'batched',
  state: 'ended',
  reason: 'enough',
  simulations: { succeeded: 60, failed: 4 },
  found: { threshold: 0.55, side: 'above', count: 3, shareOfLast25: 0.1 },
  best: [],
  failures: [],
  failuresByCode: {},
  retriesByCode: {},
  withdrawn: 0,
  updates: { done: 2, failed: 0, meanSeconds: 1 },
  slots: { count: 2, busy: 0.9, simulating: 0.8 },
  wallSeconds: 12,
  units: { value: 'hartree', also: 'eV' },
};

test('failures and attempts are said by code, the most frequent first, where there are any', () => {
  const rowsOf = (change: Partial<Summary>): string[] =>
    summaryText({ ...summary, ...change }, objective, 'runs/one')
      .split('\n')
      .filter((line) => /^(failures|tried again|withdrawn)/.test(line));
  expect(rowsOf({})).toEqual([]);
  const rows = rowsOf({
    failuresByCode: { 'task.poisoned': 1, 'xtb.not-converged': 3 },
    retriesByCode: { 'worker.child-died': 2 },
    withdrawn: 5,
  });
  expect(rows.map((row) => row.replace(/\s{2,}/, ': '))).toEqual([
    'failures: 3 xtb.not-converged, 1 task.poisoned',
    'tried again: 2 worker.child-died',
    'withdrawn: 5 that waited',
  ]);
});
