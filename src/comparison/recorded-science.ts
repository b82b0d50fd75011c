/** What a recorded run found, from its lines of results: as its story tells it, without its log. */
import { objectiveOf } from '../campaign/recorded-results.ts';
import type { ResultLine } from '../campaign/result-line.ts';
import type { Objective } from '../campaign/definition.ts';
import type { Science } from '../story/views.ts';

/** The science of a run; updates and calibration are in its log alone. @param lines in the order in which they were recorded. */
export function scienceOf(
  lines: readonly ResultLine[],
  objective: Pick<Objective, 'topic' | 'field'>,
  { threshold, seek }: { threshold: number; seek: 'highest' | 'lowest' },
): Science {
  const origin = lines.reduce((first, { times }) => Math.min(first, times.created), Infinity);
  const successes = lines.flatMap((line) => {
    const value = objectiveOf(line, objective);
    return value === null ? [] : [{ line, value }];
  });
  const isBeyond = (value: number): boolean => (seek === 'highest' ? value > threshold : value < threshold);
  let count = 0;
  const choices = successes.map(({ line }) => choiceOf(line));
  return {
    origin: Number.isFinite(origin) ? origin : 0,
    threshold,
    seek,
    results: {
      at: successes.map(({ line }) => line.times.decided - origin),
      value: successes.map(({ value }) => value),
      task: successes.map(({ line }) => line.id),
      label: successes.map(({ line }) => labelOf(line)),
      predicted: choices.map(({ mean }) => mean),
      deviation: choices.map(({ deviation }) => deviation),
      update: choices.map(({ update }) => update),
      staleResults: choices.map(({ results }) => results),
      staleSeconds: choices.map(({ seconds }) => seconds),
      decisionMs: successes.map(({ line }) => Math.max(0, line.times.decided - line.times.computeEnded)),
    },
    found: successes.map(({ value }) => (count += isBeyond(value) ? 1 : 0)),
    random: null,
    updates: [],
    calibration: null,
  };
}

/** What a result is about, without the search space: its SMILES, else its task. */
function labelOf({ id, arguments: given }: ResultLine): string {
  const { smiles } = (given ?? {}) as { smiles?: unknown };
  return typeof smiles === 'string' ? smiles : id;
}

interface Noted {
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly update: number | null;
  readonly results: number | null;
  readonly seconds: number | null;
}

/** What the submitter noted of a choice; see `actors/choices.ts`. */
function choiceOf({ choice }: ResultLine): Noted {
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  const { mean, deviation, update, stale } = choice ?? {};
  const { results, seconds } = (typeof stale === 'object' && stale !== null ? stale : {}) as Record<string, unknown>;
  return {
    mean: number(mean),
    deviation: number(deviation),
    update: number(update),
    results: number(results),
    seconds: number(seconds),
  };
}
