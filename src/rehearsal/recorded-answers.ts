/** The results of a recorded campaign as a table of known answers. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Objective } from '../campaign/definition.ts';
import { objectiveOf, readResultLines } from '../campaign/recorded-results.ts';
import { ConfigError } from '../protocol/errors.ts';

/** What a campaign's results know. */
export interface RecordedAnswers {
  /** The table that was written of them. */
  readonly file: string;
  readonly answered: number;
  /** Simulations without a value. */
  readonly failed: number;
}

/**
 * Write what a campaign's results know as a table, into a folder; the same results give the same file.
 * @param labelOf what the campaign calls a candidate.
 * @throws ConfigError when no simulation succeeded.
 */
export async function recordedAnswers(
  results: string,
  objective: Pick<Objective, 'topic' | 'field'>,
  { folder, labelOf }: { folder: string; labelOf: (candidate: number) => string },
): Promise<RecordedAnswers> {
  const rows: string[] = [];
  let failed = 0;
  for (const line of await readResultLines(results)) {
    if (line.topic !== objective.topic || line.candidate === null) continue;
    const value = objectiveOf(line, objective);
    if (value === null) failed += 1;
    else rows.push(`${labelOf(line.candidate)}\t${value}`);
  }
  if (rows.length === 0)
    throw new ConfigError(`${results} holds no simulation that succeeded: there is nothing to rehearse`);
  const text = `candidate\t${objective.field}\n${rows.join('\n')}\n`;
  const digest = createHash('sha256').update(text).digest('hex');
  const file = join(folder, `${digest.slice(0, 32)}.tsv`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, text);
  return { file, answered: rows.length, failed };
}
