import { describe, expect, test } from 'vitest';
import type { ResultLine } from '../../../src/campaign/result-line.ts';
import { colmenaResult } from '../../../src/report/colmena.ts';
import { csvOf } from '../../../src/report/csv.ts';
import { taskRows } from '../../../src/report/task-rows.ts';

const line: ResultLine = {
  id: 'simulate-2',
  method: 'ionization-energy',
  topic: 'simulate',
  arguments: { smiles: '=HYPERLINK("http://x")' },
  candidate: 7,
  choice: {
    by: 'ranking',
    rank: 1,
    score: 0.6,
    mean: -0.5,
    deviation: 0.1,
    update: 3,
    trainedOn: 12,
    stale: { results: 2, seconds: 0.25 },
  },
  success: true,
  value: { ionizationEnergyHa: -0.61, geometryXyz: 'C 0 0 0\n'.repeat(40), isFine: true },
  failure: null,
  attempts: [{ at: 1_000, worker: 'w', host: 'h', code: 'child.died', message: 'gone' }],
  worker: { id: 'w', host: 'h', child: 3 },
  pool: 'simulate',
  slots: 2,
  resources: { wallMs: 1_500, cpuMs: 900 },
  times: {
    created: 1_000_000,
    queued: 1_001_000,
    pickedUp: 1_002_000,
    computeStarted: 1_003_000,
    computeEnded: 1_004_500,
    stored: 1_005_000,
    received: null,
    decided: 1_006_000,
  },
  serialisationMs: { arguments: 2, value: 4 },
  sequence: 31,
  recorded: 33,
};
const failed: ResultLine = {
  ...line,
  id: 'simulate-3',
  arguments: [1, 2],
  success: false,
  value: null,
  failure: { code: 'method.failed', message: 'no, "never"\nagain', retry: 'never', details: { stack: 'at x' } },
};

describe('colmena', () => {
  // The shape that colmena 0.7.2 parses; bench/peers/colmena_parses.py reads a whole export with its own class.
  test('a result has the fields of its class, in seconds', () => {
    expect(colmenaResult(line, 'c')).toEqual({
      task_id: 'simulate-2',
      inputs: [[], { smiles: '=HYPERLINK("http://x")' }],
      value: line.value,
      method: 'ionization-energy',
      topic: 'simulate',
      success: true,
      complete: true,
      task_info: {
        campaign: 'c',
        candidate: 7,
        choice: line.choice,
        pool: 'simulate',
        decided: 1_006,
        attempts: line.attempts,
      },
      resources: { node_count: 1, cpu_processes: 1, cpu_threads: 2 },
      failure_info: null,
      worker_info: { hostname: 'h', worker: 'w', child: 3 },
      timestamp: {
        created: 1_000,
        input_received: 1_001,
        start_task_submission: 1_002,
        compute_started: 1_003,
        compute_ended: 1_004.5,
        task_received: 1_005,
        result_sent: 1_005,
        result_received: 1_006,
      },
      time: { running: 1.5, deserialize_inputs: 0.002, serialize_results: 0.004, additional: { cpu: 0.9 } },
      retries: 1,
    });
  });

  test('a failure says what it was; arguments without names stand in their places', () => {
    const result = colmenaResult(failed, 'c');
    expect(result).toMatchObject({ success: false, value: null, inputs: [[[1, 2]], {}] });
    expect(result.failure_info).toEqual({ exception: 'method.failed: no, "never"\nagain', traceback: 'at x' });
  });
});

describe('csv', () => {
  test('has a row a task with the scalars of its value, and nothing that a spreadsheet would run', () => {
    const { columns, rows } = taskRows([line, failed]);
    const cell = (row: number, name: string): unknown => rows[row]?.[columns.indexOf(name)];
    expect(columns).toContain('value.ionizationEnergyHa');
    expect(columns).not.toContain('value.geometryXyz');
    expect([cell(0, 'value.ionizationEnergyHa'), cell(0, 'value.isFine'), cell(0, 'stale seconds')]).toEqual([
      -0.61,
      'true',
      0.25,
    ]);
    expect([cell(0, 'compute ended s'), cell(1, 'state'), cell(1, 'value.ionizationEnergyHa')]).toEqual([
      4.5,
      'failed',
      null,
    ]);
    expect(rows.map((row) => row.length)).toEqual([columns.length, columns.length]);
    const text = csvOf({ columns, rows });
    expect(text).toContain(`,"'=HYPERLINK(""http://x"")",`);
    expect(text).toContain(',-0.61,');
    expect(text).toContain(',"no, ""never""\nagain",');
  });

  test.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM', "'@SUM"],
    ['\tx', "'\tx"],
    ['C=C', 'C=C'],
    [-1, '-1'],
    [NaN, ''],
    [null, ''],
  ])('writes %j as %j', (given, written) => {
    expect(csvOf({ columns: ['a'], rows: [[given]] })).toBe(`a\r\n${written}\r\n`);
  });
});
