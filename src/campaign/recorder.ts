import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { ProtocolError } from '../protocol/errors.ts';
import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import type { TaskResult } from '../protocol/task.ts';
import { resultLineSchema, type ResultLine } from './result-line.ts';
import { unwritable } from './run-folder.ts';

/**
 * Writes `results.jsonl` from the campaign's log: a line for each result that the result processor recorded, in that order,
 * each once. The file itself says how far it got, so a restart goes on behind its last whole line.
 */
export class Recorder {
  readonly #path: string;
  readonly #file: number;
  #recorded: number;
  #size: number;
  /** Results that are in the log and not yet recorded, by sequence. */
  readonly #waiting = new Map<number, { result: TaskResult; storedAt: number }>();

  /**
   * Open the file, cutting off a last line that is not whole.
   * @throws ResourceError when it cannot be written, ProtocolError when it is damaged before its end.
   */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'a+');
    } catch (cause) {
      throw unwritable(path, cause);
    }
    const { last, wholeBytes } = readTail(this.#file);
    cutTo(this.#file, wholeBytes);
    this.#size = wholeBytes;
    this.#recorded = last === null ? 0 : recordedOf(path, last);
  }

  /**
   * Take a fact of the log; all of them, in order, from the first on.
   * @returns the line that the fact completes, and whether it was appended now rather than in an earlier life; or null.
   * @throws ResourceError when the disk does not take the line; the file is left as it was before.
   */
  take(fact: StoredFact): { line: ResultLine; isNew: boolean } | null {
    if (fact.source === 'worker' && fact.event.type === 'task.finished') {
      const { result } = fact.event as unknown as Says<'worker'>;
      this.#waiting.set(fact.sequence, { result, storedAt: fact.storedAt });
      return null;
    }
    if (fact.source !== 'result-processor' || fact.event.type !== 'result.recorded') return null;
    const { sequence, success } = fact.event as unknown as Extract<
      Says<'result-processor'>,
      { type: 'result.recorded' }
    >;
    const finished = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    // Stored a second time, by a publisher whose first answer was lost: its line is there.
    if (finished === undefined) return null;
    const line = lineOf(finished.result, finished.storedAt, fact, sequence, success);
    const isNew = fact.sequence > this.#recorded;
    if (isNew) {
      this.#append(`${JSON.stringify(line)}\n`);
      this.#recorded = fact.sequence;
    }
    return { line, isNew };
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    } catch (cause) {
      cutTo(this.#file, this.#size);
      throw unwritable(this.#path, cause);
    }
    this.#size += bytes.length;
  }
}

function lineOf(result: TaskResult, stored: number, fact: StoredFact, sequence: number, success: boolean): ResultLine {
  const { task, value, failure, attempts, worker, resources, times, serialisationMs } = result;
  return {
    id: task.id,
    method: task.method,
    topic: task.topic,
    arguments: task.arguments,
    candidate: task.candidate,
    choice: task.choice,
    success,
    value: value ?? null,
    failure,
    attempts,
    worker,
    pool: task.pool,
    slots: task.slots,
    resources,
    times: { ...times, stored, received: fact.heardAt, decided: fact.saidAt },
    serialisationMs,
    sequence,
    recorded: fact.sequence,
  };
}

function recordedOf(path: string, line: string): number {
  try {
    return resultLineSchema.parse(JSON.parse(line)).recorded;
  } catch (cause) {
    throw new ProtocolError(
      `${path}: its last line is not one of ours; move the file away and resume to have it rewritten`,
      {
        cause,
      },
    );
  }
}

/** Cut a file off where its whole lines end. */
function cutTo(file: number, bytes: number): void {
  if (fstatSync(file).size > bytes) ftruncateSync(file, bytes);
}

/** The last whole line of a file, and how many bytes all whole lines take. */
function readTail(file: number): { last: string | null; wholeBytes: number } {
  const { size } = fstatSync(file);
  const newline = 10;
  let length = Math.min(size, 64 * 1024);
  for (;;) {
    const tail = Buffer.alloc(length);
    readSync(file, tail, 0, length, size - length);
    const end = tail.lastIndexOf(newline);
    // A negative place would count from the end.
    const start = end < 1 ? -1 : tail.lastIndexOf(newline, end - 1);
    const isWhole = length === size;
    if (end < 0 && isWhole) return { last: null, wholeBytes: 0 };
    if (end >= 0 && (start >= 0 || isWhole)) {
      return { last: tail.subarray(start + 1, end).toString(), wholeBytes: size - length + end + 1 };
    }
    length = Math.min(size, length * 8);
  }
}
