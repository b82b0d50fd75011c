import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Recorder } from '../../../src/campaign/recorder.ts';
import { resultLineSchema, type ResultLine } from '../../../src/campaign/result-line.ts';
import { ProtocolError, ResourceError } from '../../../src/protocol/errors.ts';
import type { StoredFact } from '../../../src/protocol/fact.ts';
import { protocolVersion } from '../../../src/protocol/task.ts';

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cox-recorder-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newPath = (): string => join(folder, `results-${(files += 1)}.jsonl`);
const rest = { v: protocolVersion, number: null, cause: null, heardAt: null, saidAt: 5 } as const;

/** The end of a task, at a place of the log. */
function finished(number: number, sequence: number, note = ''): StoredFact {
  const task = {
    v: protocolVersion,
    id: `simulate-${number}`,
    campaign: 'c',
    method: 'ionization-energy',
    topic: 'simulate',
    source: 'submitter',
    number,
    arguments: { smiles: 'C' },
    pool: 'simulate',
    slots: 1,
    grant: 'grant-1',
    candidate: number,
    choice: { by: 'shuffle' },
    timeoutMs: null,
    memoryMb: null,
    report: 'cox.log.c.worker.task.finished',
    createdAt: 1,
  };
  const result = {
    v: protocolVersion,
    task,
    success: true,
    value: { ionizationEnergyHa: 0.5, note },
    failure: null,
    attempts: [],
    worker: { id: 'w', host: 'h', child: 2 },
    resources: { wallMs: 3, cpuMs: 2.5 },
    times: { created: 1, queued: 2, pickedUp: 3, computeStarted: 4, computeEnded: 7 },
    serialisationMs: { arguments: 0.1, value: 0.2 },
  };
  const event = { type: 'task.finished', result };
  return { ...rest, id: `finished-${number}-${sequence}`, source: 'worker', sequence, storedAt: sequence * 10, event };
}

/** The decision to count the result at another place. */
function recorded(number: number, of: number, sequence: number): StoredFact {
  const event = { type: 'result.recorded', task: `simulate-${number}`, topic: 'simulate', sequence: of, success: true };
  const said = { ...rest, heardAt: 41, saidAt: 42, number, cause: of, id: `result-processor/${of}/1` };
  return { ...said, source: 'result-processor', sequence, storedAt: sequence * 10, event };
}

/** The log of so many tasks: each ends, and is recorded right after. */
const logOf = (tasks: number, note = ''): StoredFact[] =>
  Array.from({ length: tasks }, (_, n) => [
    finished(n + 1, 2 * n + 1, note),
    recorded(n + 1, 2 * n + 1, 2 * n + 2),
  ]).flat();

function record(path: string, facts: readonly StoredFact[]): void {
  const recorder = new Recorder(path);
  for (const fact of facts) recorder.take(fact);
  recorder.close();
}
const linesOf = (path: string): ResultLine[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => resultLineSchema.parse(JSON.parse(line)));

test('a line holds the task from its creation to the decision on it', () => {
  const path = newPath();
  record(path, logOf(1));
  expect(linesOf(path)).toEqual([
    {
      id: 'simulate-1',
      method: 'ionization-energy',
      topic: 'simulate',
      arguments: { smiles: 'C' },
      candidate: 1,
      choice: { by: 'shuffle' },
      success: true,
      value: { ionizationEnergyHa: 0.5, note: '' },
      failure: null,
      attempts: [],
      worker: { id: 'w', host: 'h', child: 2 },
      pool: 'simulate',
      slots: 1,
      resources: { wallMs: 3, cpuMs: 2.5 },
      times: {
        created: 1,
        queued: 2,
        pickedUp: 3,
        computeStarted: 4,
        computeEnded: 7,
        stored: 10,
        received: 41,
        decided: 42,
      },
      serialisationMs: { arguments: 0.1, value: 0.2 },
      sequence: 1,
      recorded: 2,
    },
  ]);
});

test('lines stand in the order of the decisions, and each result in one of them', () => {
  const path = newPath();
  const log = [
    finished(1, 1),
    finished(2, 2),
    // The second delivery of a task that is counted already, and a decision that was stored twice.
    finished(1, 3),
    recorded(2, 2, 4),
    recorded(1, 1, 5),
    recorded(2, 2, 6),
  ];
  record(path, log);
  expect(linesOf(path).map(({ id, recorded: at }) => [id, at])).toEqual([
    ['simulate-2', 4],
    ['simulate-1', 5],
  ]);
});

test('what was written in an earlier life is told, and not written again', () => {
  const path = newPath();
  const log = logOf(3);
  record(path, log.slice(0, 4));
  const recorder = new Recorder(path);
  const taken = log.map((fact) => recorder.take(fact)).filter((line) => line !== null);
  recorder.close();
  expect(taken.map(({ line, isNew }) => [line.id, isNew])).toEqual([
    ['simulate-1', false],
    ['simulate-2', false],
    ['simulate-3', true],
  ]);
  expect(linesOf(path)).toHaveLength(3);
});

describe('a file that was cut short', () => {
  test('anywhere, any number of times, is made whole from the log', () => {
    const whole = newPath();
    const log = logOf(5);
    record(whole, log);
    const text = readFileSync(whole);
    const cuts = fc.array(fc.record({ bytes: fc.nat({ max: text.length }), facts: fc.nat({ max: log.length }) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(cuts, (deaths) => {
        const path = newPath();
        for (const { bytes, facts } of deaths) {
          record(path, log.slice(0, facts));
          if (bytes < readFileSync(path).length) truncateSync(path, bytes);
        }
        record(path, log);
        expect(readFileSync(path).equals(text)).toBe(true);
        rmSync(path);
      }),
      { numRuns: 60 },
    );
  });

  test.each([100, 65_534, 65_535, 65_536, 65_537, 524_287, 600_000])(
    'in a last line of which %i bytes are there, keeps what stands before it',
    (torn) => {
      const path = newPath();
      record(path, logOf(2));
      const before = readFileSync(path, 'utf8');
      appendFileSync(path, `{"id":"${'x'.repeat(torn - 7)}`);
      const recorder = new Recorder(path);
      recorder.close();
      expect(readFileSync(path, 'utf8')).toBe(before);
    },
  );

  test.each([10, 65_536, 700_000])('behind a line of more than %i bytes goes on behind it', (length) => {
    const path = newPath();
    const log = logOf(3, 'ä'.repeat(length / 2));
    record(path, log.slice(0, 4));
    record(path, log);
    expect(linesOf(path).map(({ id }) => id)).toEqual(['simulate-1', 'simulate-2', 'simulate-3']);
  });
});

describe('what is refused', () => {
  test.each(['hello', '{}', '{"id":"simulate-1"}', ''])('a file whose last line is %j', (line) => {
    const path = newPath();
    writeFileSync(path, `${line}\n`);
    expect(() => new Recorder(path)).toThrow(ProtocolError);
    expect(() => new Recorder(path)).toThrow(/its last line is not one of ours; move the file away/);
    expect(readFileSync(path, 'utf8')).toBe(`${line}\n`);
  });

  test('a path that cannot be written', () => {
    expect(() => new Recorder(join(folder, 'no', 'such', 'folder.jsonl'))).toThrow(ResourceError);
    expect(() => new Recorder(folder)).toThrow(/cannot be written/);
  });

  test('a line for which the disk has no room', () => {
    const recorder = new Recorder('/dev/full');
    const [first, second] = logOf(1);
    if (first === undefined || second === undefined) throw new Error('the log is empty');
    recorder.take(first);
    const take = (): unknown => recorder.take(second);
    expect(take).toThrow(ResourceError);
    recorder.close();
  });
});
