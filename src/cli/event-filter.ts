/** Which events of a log somebody wants to see. */
import { ConfigError } from '../protocol/errors.ts';
import { eventSchemas } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';

/** As the command line gives it; of several sources or types any counts, and everything that is given must hold. */
export interface EventFlags {
  readonly source?: readonly string[];
  readonly type?: readonly string[];
  readonly task?: string;
  readonly grep?: string;
}

const sources = Object.keys(eventSchemas);
const types = [
  ...new Set(
    Object.values(eventSchemas).flatMap((schema) => schema.options.map(({ shape }) => shape.type.value as string)),
  ),
].sort();

/**
 * Tells which facts fit.
 * @throws ConfigError when a source or a type is none; it names those that there are.
 */
export function eventFilter({ source, type, task, grep }: EventFlags): (fact: StoredFact) => boolean {
  const unknown = source?.find((name) => !sources.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`--source: nobody is called "${unknown}"; it takes ${listed(sources)}`);
  const wantedTypes = type === undefined ? null : new Set(type.flatMap(typesLike));
  return (fact) => {
    if (source !== undefined && !source.includes(fact.source)) return false;
    if (wantedTypes !== null && !wantedTypes.has(fact.event.type)) return false;
    if (task !== undefined && taskOf(fact) !== task) return false;
    return grep === undefined || JSON.stringify(fact).includes(grep);
  };
}

/** The types that a name or a pattern such as `task.*` means. */
function typesLike(pattern: string): string[] {
  const begin = pattern.endsWith('*') ? pattern.slice(0, -1) : null;
  const found = types.filter((type) => (begin === null ? type === pattern : type.startsWith(begin)));
  if (found.length === 0) throw new ConfigError(`--type: no event is called "${pattern}"; it takes ${listed(types)}`);
  return found;
}

/** The id of the task that an event is about; null when it is about none. */
function taskOf({ event }: StoredFact): string | null {
  const { task, result } = event as { task?: string | { id?: string }; result?: { task?: { id?: string } } };
  if (typeof task === 'string') return task;
  return task?.id ?? result?.task?.id ?? null;
}

const listed = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A moment, ms since 1970: `10m` ago, or a date and time.
 * @throws ConfigError when it is neither.
 */
export function momentOf(flag: string, text: string, now: number): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(s|min|m|h|d)$/.exec(text.trim()) ?? [];
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * (unitsMs[unit] ?? 0);
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(at)) return at;
  throw new ConfigError(`${flag}: "${text}" is no time; say how long ago, 90s, 10m, 2h or 1d, or 2026-01-31T12:00Z`);
}
