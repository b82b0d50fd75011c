/** Candidates by number or by what people call them. */
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/nats-core';
import { ConfigError, CoxswainError, messageOf } from '../protocol/errors.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import type { CandidateWishes } from './candidate-wishes.ts';
import type { Candidates, CampaignDefinition, ExtendedCandidates } from './definition.ts';
import type { RunRecord } from './run-folder.ts';

/** What a campaign is, and where. */
export interface Hands {
  readonly connection: NatsConnection;
  readonly record: RunRecord;
  readonly definition: CampaignDefinition;
}
type Named = Omit<Hands, 'connection'>;

/** The space that was read last: another question about it costs nothing. */
let last: { readonly digest: string; readonly candidates: Promise<Candidates> } | null = null;

/**
 * The candidates that a campaign began with, read on this machine.
 * @throws ConfigError when they cannot be read here, or are others by now.
 */
export async function spaceOf({ definition, record }: Named): Promise<Candidates> {
  const { digest } = record.candidates;
  if (last?.digest !== digest) {
    const settings = definition.settings.parse(record.settings);
    const options = { cacheDir: join(cacheDir(), 'spaces'), onProgress: () => undefined };
    last = { digest, candidates: definition.loadCandidates(settings, options) };
  }
  try {
    const candidates = await last.candidates;
    if (candidates.digest === digest) return candidates;
    throw new ConfigError('it has changed since the campaign began', { code: 'space.changed' });
  } catch (error) {
    last = null;
    if (!(error instanceof CoxswainError)) throw error;
    throw new ConfigError(
      `the search space of campaign ${record.id} cannot be read on this machine (${messageOf(error)}); ` +
        `name a candidate by its number, or ask where the space is`,
      { code: 'space.elsewhere', cause: error },
    );
  }
}

/** The space with what was added so far, and what these lines make of it. @throws ConfigError when the campaign takes none. */
export async function extendedSpace(
  named: Named,
  wishes: CandidateWishes,
  lines: readonly string[],
): Promise<ExtendedCandidates> {
  const { extendCandidates, name } = named.definition;
  if (extendCandidates === undefined) {
    throw new ConfigError(`campaigns of ${name} take no more candidates`, { code: 'candidates.fixed' });
  }
  const earlier = wishes.added.map(({ label }) => label);
  const extended = await extendCandidates(await spaceOf(named), [...earlier, ...lines]);
  return { ...extended, lines: extended.lines.slice(earlier.length) };
}

/** A candidate's number, and its name for people. @throws ConfigError when the campaign has none of that number or name. */
export async function candidateCalled(
  named: Named,
  wishes: CandidateWishes,
  called: number | string,
): Promise<{ number: number; name: string }> {
  const base = named.record.candidates.count;
  const number = typeof called === 'number' ? called : /^\d+$/.test(called) ? Number(called) : null;
  if (number !== null) {
    if (number < wishes.count) return { number, name: nameOf(number, wishes.added[number - base]?.label) };
    throw new ConfigError(
      `campaign ${named.record.id} has no candidate ${number}; they are numbered 0 to ${wishes.count - 1}`,
      { code: 'candidate.unknown' },
    );
  }
  const label = String(called);
  const place = wishes.added.findIndex((one) => one.label === label);
  if (place >= 0) return { number: base + place, name: nameOf(base + place, label) };
  const space = await spaceOf(named);
  for (let index = 0; index < space.count; index += 1) {
    if (space.labelOf(index) === label) return { number: index, name: nameOf(index, label) };
  }
  // Another way to write one that is there.
  const line = named.definition.extendCandidates && (await extendedSpace(named, wishes, [label])).lines[0];
  if (line !== undefined && 'candidate' in line && !line.isNew) {
    return { number: line.candidate, name: nameOf(line.candidate, label) };
  }
  const why = line !== undefined && 'refused' in line ? ` (${line.refused})` : '';
  throw new ConfigError(
    `campaign ${named.record.id} has no candidate ${JSON.stringify(label)}${why}; add it, or see its numbers and labels in the space`,
    { code: 'candidate.unknown' },
  );
}

const nameOf = (number: number, label: string | undefined): string =>
  label === undefined ? `candidate ${number}` : `${label} (candidate ${number})`;
