/** A recorded run in numbers, from what it left in its folder: campaign.json, results.jsonl and summary.json. */
import { basename, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Objective } from '../campaign/definition.ts';
import { objectiveOf, readResultLines } from '../campaign/recorded-results.ts';
import type { ResultLine } from '../campaign/result-line.ts';
import { readRunRecord, readSummary, runFolder, type RunRecord } from '../campaign/run-folder.ts';
import type { Summary } from '../campaign/summary.ts';
import { ConfigError } from '../protocol/errors.ts';

/** What a run has left. */
export interface RecordedRun {
  readonly record: RunRecord;
  readonly lines: readonly ResultLine[];
  /** Null while it runs, and where it was interrupted for good. */
  readonly summary: Summary | null;
}

/** One simulation that succeeded. */
export interface Success {
  readonly value: number;
  /** When it was decided on, seconds since the run's first task was created. */
  readonly at: number;
}

/** What a run took, and what it gave. */
export interface RunNumbers {
  /** `running` where there is no summary. */
  readonly state: string;
  readonly successes: readonly Success[];
  readonly failed: number;
  readonly retries: number;
  readonly updates: { readonly done: number; readonly failed: number } | null;
  /** Of the time that was computed in: for the model. */
  readonly learningShare: number;
  /** Of the slots' time; null where there is no summary. */
  readonly busy: { readonly all: number; readonly simulating: number } | null;
  readonly slots: number | null;
  readonly wallSeconds: number;
  readonly cpuHours: number;
  readonly slotHours: number | null;
}

/**
 * Read a run by its id, or by the path of its folder.
 * @param runs the folder that holds runs which are named by id.
 * @throws ConfigError when there is none, or it is damaged.
 */
export async function readRun(named: string, runs: string): Promise<RecordedRun> {
  const isPath = named.includes('/') || existsSync(join(named, 'campaign.json'));
  const [out, id] = isPath ? [dirname(named), basename(named)] : [runs, named];
  const record = await readRunRecord(out, id);
  const folder = runFolder(out, id);
  const [lines, summary] = await Promise.all([readResultLines(folder.results), readSummary(folder)]);
  if (lines.length === 0) throw new ConfigError(`run ${record.id} has no results yet; try again when it has`);
  return { record, lines, summary };
}

/** The numbers of a run. */
export function numbersOf({ lines, summary }: RecordedRun, objective: Pick<Objective, 'topic' | 'field'>): RunNumbers {
  const startedAt = Math.min(...lines.map(({ times }) => times.created));
  const successes: Success[] = [];
  let [failed, retries, learnMs, computeMs, cpuMs, endedAt] = [0, 0, 0, 0, 0, startedAt];
  for (const line of lines) {
    const value = objectiveOf(line, objective);
    const isSimulation = line.topic === objective.topic;
    if (value !== null) successes.push({ value, at: (line.times.decided - startedAt) / 1_000 });
    // A task that was called off before it began is no simulation that failed.
    else if (isSimulation && line.failure?.code !== 'task.withdrawn') failed += 1;
    retries += line.attempts.length;
    const took = (line.times.computeEnded - line.times.computeStarted) * line.slots;
    computeMs += took;
    if (!isSimulation) learnMs += took;
    cpuMs += line.resources.cpuMs;
    endedAt = Math.max(endedAt, line.times.decided);
  }
  const wallSeconds = summary?.wallSeconds ?? (endedAt - startedAt) / 1_000;
  const slots = summary?.slots.count ?? null;
  return {
    state: summary?.state ?? 'running',
    successes,
    failed,
    retries,
    updates: summary === null ? null : { done: summary.updates.done, failed: summary.updates.failed },
    learningShare: computeMs === 0 ? 0 : learnMs / computeMs,
    busy: summary === null ? null : { all: summary.slots.busy, simulating: summary.slots.simulating },
    slots,
    wallSeconds,
    cpuHours: cpuMs / 3.6e6,
    slotHours: slots === null ? null : (slots * wallSeconds) / 3_600,
  };
}
