/** Candidates that people add to a campaign under way. */
import { randomUUID } from 'node:crypto';
import { jetstream, JetStreamApiError } from '@nats-io/jetstream';
import type { SteerAnswer } from '../dashboard/api.ts';
import { ObjectCache } from '../nats/objects.ts';
import { ConfigError } from '../protocol/errors.ts';
import type { Says } from '../protocol/events.ts';
import { subjects } from '../protocol/subjects.ts';
import { protocolVersion } from '../protocol/task.ts';
import { cacheDir } from '../setup/cache-dir.ts';
import { extendedSpace, type Hands } from './candidate-names.ts';
import { readCandidateWishes, type CandidateWishes } from './candidate-wishes.ts';

/** Somebody else added candidates in the same moment: so many tries. */
const tries = 5;

/**
 * Add candidates, one a line: all that are good and new; what becomes of the others is told line by line.
 * @throws ConfigError when there is nothing to add, with what is wrong with each line.
 */
export async function addCandidates(
  hands: Hands,
  lines: readonly string[],
  wisher: { readonly by: string; readonly reason: string },
): Promise<SteerAnswer> {
  const { connection, record } = hands;
  for (let n = 1; ; n += 1) {
    const wishes = await readCandidateWishes(connection, record.id, record.candidates.count);
    const extended = await extendedSpace(hands, wishes, lines);
    const { candidates } = extended;
    const problems = extended.lines.flatMap((line, index) => {
      const where = `${index + 1} (${(lines[index] ?? '').slice(0, 60)})`;
      if ('refused' in line) return [`line ${where} is refused: ${line.refused}`];
      return line.isNew ? [] : [`line ${where} is candidate ${line.candidate} already`];
    });
    const numbers = Array.from({ length: candidates.count - wishes.count }, (_, index) => wishes.count + index);
    if (numbers.length === 0) {
      throw new ConfigError(`nothing was added: ${problems.join('; ')}`, { code: 'candidates.none' });
    }
    const objects = new ObjectCache(connection, `${cacheDir()}/objects`);
    const refs = await Promise.all(
      Object.entries(candidates.objects).map(async ([name, bytes]) => [name, await objects.put(bytes)] as const),
    );
    const sequence = await sayOnce(hands, wishes, {
      type: 'candidates.added',
      first: wishes.count,
      candidates: numbers.map((number) => ({
        label: candidates.labelOf(number),
        arguments: candidates.argumentsOf(number),
      })),
      objects: Object.fromEntries(refs),
      ...wisher,
    });
    if (sequence !== null) return { sequence, told: toldOf(numbers, problems), undo: null };
    if (n === tries)
      throw new ConfigError('others add candidates all the time; try again', { code: 'candidates.busy' });
  }
}

function toldOf(numbers: readonly number[], problems: readonly string[]): string {
  const [first = 0, end = 0] = [numbers[0], numbers.at(-1)];
  const which = numbers.length === 1 ? `candidate ${first}` : `${numbers.length} candidates, ${first} to ${end},`;
  const whole = `added ${which} to be ranked with the next update of the model; pin what is to be simulated first`;
  return [whole, ...problems].join('; ');
}

/** Say it unless others were added meanwhile; resolves with its place in the log, or null. */
async function sayOnce(
  { connection, record: { id } }: Hands,
  { addedAt }: CandidateWishes,
  event: Says<'operator'>,
): Promise<number | null> {
  const msgID = `operator/${randomUUID()}`;
  const fact = { v: protocolVersion, id: msgID, number: null, cause: null, heardAt: null, saidAt: Date.now(), event };
  const subject = subjects.log(id, 'operator', event.type);
  try {
    const expect = { lastSubjectSequence: addedAt };
    return (await jetstream(connection).publish(subject, JSON.stringify(fact), { msgID, expect })).seq;
  } catch (error) {
    // "wrong last sequence"
    if (error instanceof JetStreamApiError && error.code === 10071) return null;
    throw error;
  }
}
