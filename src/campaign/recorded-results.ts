/** The results that a run has left, for whoever reads them when it is over. */
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../protocol/errors.ts';
import type { Objective } from './definition.ts';
import { resultLineSchema, type ResultLine } from './result-line.ts';

/**
 * Every whole line of a run's results; none when there is no such file.
 * @throws ConfigError that names the line that is none of ours.
 */
export async function readResultLines(path: string): Promise<ResultLine[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.slice(0, -1).map((line, i) => {
    try {
      return resultLineSchema.parse(JSON.parse(line));
    } catch (cause) {
      throw new ConfigError(`${path}, line ${i + 1}, is damaged`, { code: 'run.damaged', cause });
    }
  });
}

/** The objective's value in a line of results; null where it has none. */
export function objectiveOf(line: ResultLine, { topic, field }: Pick<Objective, 'topic' | 'field'>): number | null {
  if (!line.success || line.topic !== topic || typeof line.value !== 'object' || line.value === null) return null;
  const value = (line.value as Record<string, unknown>)[field];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
