import { describe, expect, test } from 'vitest';
import type { Objective } from '../../../src/campaign/definition.ts';
import type { ResultLine } from '../../../src/campaign/result-line.ts';
import type { RunRecord } from '../../../src/campaign/run-folder.ts';
import { comparisonText } from '../../../src/comparison/comparison-text.ts';
import { compareRuns } from '../../../src/comparison/comparison.ts';
import { numbersOf, type RecordedRun } from '../../../src/comparison/recorded-run.ts';

const objective: Objective = {
  topic: 'simulate',
  field: 'energy',
  label: 'E',
  unit: 'J',
  also: { unit: 'cal', factor: 0.239 },
};

/** A task from `from` to `to`, seconds after the run's start, that took 100 ms of CPU time. */
function line(from: number, to: number, rest: Partial<ResultLine> = {}): ResultLine {
  const ms = (seconds: number): number => 1_000_000 + 1_000 * seconds;
  const [created, ended] = [ms(from), ms(to)];
  return {
    id: `simulate-${from}`,
    method: 'measure',
    topic: 'simulate',
    arguments: {},
    candidate: 1,
    choice: null,
    success: true,
    value: { energy: from },
    failure: null,
    attempts: [],
    worker: { id: 'w', host: 'h', child: 1 },
    pool: 'simulate',
    slots: 1,
    resources: { wallMs: ended - created, cpuMs: 100 },
    times: {
      created,
      queued: created,
      pickedUp: created,
      computeStarted: created,
      computeEnded: ended,
      stored: ended,
      received: ended,
      decided: ended,
    },
    serialisationMs: { arguments: 0, value: 0 },
    sequence: 1,
    recorded: 1,
    ...rest,
  };
}

const failure = (code: string): Partial<ResultLine> => ({
  success: false,
  value: null,
  failure: { code, message: '', retry: 'never', details: {} },
});

function run(id: string, lines: ResultLine[], settings: Record<string, unknown> = {}): RecordedRun {
  const record = {
    id,
    settings: { policy: 'batched', threshold: 2, ...settings },
    candidates: { count: 10, digest: 'a' },
    versions: { node: 'v20' },
    methods: 'm',
  } as unknown as RunRecord;
  return { record, lines, summary: null };
}

/** Values 0, 1, ... n-1, one a second. */
const counting = (n: number): ResultLine[] => Array.from({ length: n }, (_, i) => line(i, i + 1));

describe('the numbers of a run', () => {
  const lines = [
    line(0, 10),
    line(1, 5, { topic: 'train', value: { model: 'x' } }),
    line(2, 12, failure('method.failed')),
    line(3, 3, failure('task.withdrawn')),
    line(4, 20, { attempts: [{ at: 1, worker: 'w', host: 'h', code: 'child.died', message: '' }] }),
  ];

  test('count what succeeded, failed and was tried again; what was withdrawn is none of these', () => {
    const numbers = numbersOf(run('a', lines), objective);
    expect(numbers.successes).toEqual([
      { value: 0, at: 10 },
      { value: 4, at: 20 },
    ]);
    expect(numbers).toMatchObject({
      failed: 1,
      retries: 1,
      state: 'running',
      slots: null,
      slotHours: null,
      busy: null,
    });
    expect(numbers.learningShare).toBeCloseTo(4 / (10 + 4 + 10 + 16), 12);
    expect(numbers.wallSeconds).toBe(20);
    expect(numbers.cpuHours).toBeCloseTo(0.5 / 3_600, 12);
  });
});

describe('a comparison', () => {
  test('sets runs side by side at 16, 32, ... and where the shortest ends', () => {
    const { runs, notes, differences } = compareRuns(
      [run('a', counting(20)), run('b', counting(40), { policy: 'random', seed: 3 })],
      [objective, objective],
      null,
    );
    const at = runs.map(({ foundAt }) => foundAt.map(({ evaluations, found, best }) => [evaluations, found, best]));
    expect(at[0]).toEqual([
      [16, 13, 15],
      [20, 17, 19],
      [32, null, null],
    ]);
    expect(at[1]?.at(-1)).toEqual([32, 29, 31]);
    expect(runs.map(({ found, best }) => [found, best])).toEqual([
      [17, 19],
      [37, 39],
    ]);
    expect(runs[0]?.cpuSecondsPerFind).toBeCloseTo(2 / 17, 12);
    expect(differences).toEqual({ policy: ['batched', 'random'], seed: [null, 3] });
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^run a has no summary: it is still running, or was killed/);
  });

  test('counts below the threshold where the lowest are sought, and beyond the one that is given', () => {
    const lowest = { seek: 'lowest' };
    const both = [run('a', counting(9), lowest), run('b', counting(9), { ...lowest, threshold: 5 })];
    const compared = compareRuns(both, [objective, objective], null);
    expect(compared.runs.map(({ found, best }) => [found, best])).toEqual([
      [2, 0],
      [2, 0],
    ]);
    expect(compared.notes.at(-1)).toBe('thresholds differ; found counts beyond that of the first, 2 J');
    expect(compareRuns(both, [objective, objective], 5).runs[0]?.found).toBe(5);
  });

  test('is refused where runs look for different things', () => {
    const [a, b] = [run('a', counting(3)), run('b', counting(3))];
    const refusal = /runs a and b cannot be compared: one seeks the highest E \(energy\) in J, the other/;
    expect(() => compareRuns([a, b], [objective, { ...objective, unit: 'eV' }], null)).toThrow(refusal);
    expect(() => compareRuns([a, b], [objective, { ...objective, field: 'gap' }], null)).toThrow(refusal);
    const other = run('b', counting(3), { seek: 'lowest' });
    expect(() => compareRuns([a, other], [objective, objective], null)).toThrow(/the other the lowest E/);
  });

  test('says when the runs searched different spaces', () => {
    const other = run('b', counting(3));
    Object.assign(other.record.candidates, { digest: 'b', count: 11 });
    const { notes } = compareRuns([run('a', counting(3)), other], [objective, objective], null);
    expect(notes.at(-1)).toBe('they searched different spaces: 10, 11 candidates');
  });

  test('is printed with a column a run, by letters where there are many', () => {
    const compare = (n: number): string => {
      const runs = Array.from({ length: n }, (_, i) => run(`run-${i}`, counting(3)));
      return comparisonText(
        compareRuns(
          runs,
          runs.map(() => objective),
          null,
        ),
      );
    };
    expect(compare(2)).toMatch(/^ +run-0 +run-1\n/);
    expect(compare(4)).toMatch(/^A {2}run-0\nB {2}run-1\nC {2}run-2\nD {2}run-3\n +A +B +C +D\n/);
  });
});
