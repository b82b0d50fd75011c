/** What people wished of candidates so far, and what became of one: read from the log, as the actors do. */
import type { NatsConnection } from '@nats-io/nats-core';
import { toStoredFact } from '../nats/campaign-log.ts';
import { readStored, type StoredMessage } from '../nats/log-reader.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Says } from '../protocol/events.ts';
import type { StoredFact } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';

type Added = Extract<Says<'operator'>, { type: 'candidates.added' }>;

export interface CandidateWishes {
  /** How many candidates there are, the added ones included. */
  readonly count: number;
  /** Those that were added, in the order of their numbers. */
  readonly added: readonly Added['candidates'][number][];
  /** Place in the log of the last addition; 0 where there is none. */
  readonly addedAt: number;
  /** In the order of pinning; candidates that have run since are still among them. */
  readonly pinned: ReadonlySet<number>;
  readonly vetoed: ReadonlySet<number>;
}

/** What a campaign of so many candidates was told of candidates. */
export async function readCandidateWishes(
  connection: NatsConnection,
  campaign: string,
  count: number,
): Promise<CandidateWishes> {
  const added: Added['candidates'][number][] = [];
  const pinned = new Set<number>();
  const vetoed = new Set<number>();
  let addedAt = 0;
  await readEvents(connection, campaign, [['operator', '>']], null, ({ event: said, sequence }) => {
    const event = said as unknown as Says<'operator'>;
    if (event.type === 'candidates.added') {
      addedAt = sequence;
      if (event.first === count + added.length) added.push(...event.candidates);
    } else if ('candidate' in event) {
      note(event, pinned, vetoed);
    }
  });
  return { count: count + added.length, added, addedAt, pinned, vetoed };
}

type CandidateEvent = Extract<Says<'operator'>, { candidate: number }>;

/** The last word about a candidate holds; only of a vetoed one none but being allowed. */
function note({ type, candidate }: CandidateEvent, pinned: Set<number>, vetoed: Set<number>): void {
  if (type === 'candidate.allowed') vetoed.delete(candidate);
  if (type === 'candidate.vetoed') vetoed.add(candidate);
  if (type === 'candidate.pinned' && !vetoed.has(candidate)) pinned.add(candidate);
  if (type === 'candidate.unpinned' || type === 'candidate.vetoed') pinned.delete(candidate);
}

/** The task that a candidate has or had, unless it was withdrawn; and whether it still waits without a slot, as with lookahead. */
export interface CandidateTask {
  readonly task: string;
  readonly isWaiting: boolean;
}

/** The task of a candidate; null when it has none, so that it may be chosen. */
export async function taskOfCandidate(
  connection: NatsConnection,
  campaign: string,
  candidate: number,
): Promise<CandidateTask | null> {
  let found: CandidateTask | null = null;
  const telling = [
    ['submitter', 'task.created'],
    ['resource-ledger', 'slots.granted'],
    ['result-processor', 'result.recorded'],
  ] as const;
  // Of a hundred thousand tasks only what may be about this one is read.
  const mayTell = (data: Buffer): boolean =>
    data.includes(`"candidate":${candidate}`) || (found !== null && data.includes(`"${found.task}"`));
  await readEvents(connection, campaign, telling, mayTell, ({ event: said }) => {
    const event = said as unknown as Says<'submitter' | 'resource-ledger' | 'result-processor'>;
    if (event.type === 'task.created' && event.task.candidate === candidate) {
      found = { task: event.task.id, isWaiting: event.task.grant === null };
    } else if (found !== null && 'task' in event && event.task === found.task) {
      found = event.type === 'result.recorded' && event.withdrawn === true ? null : { ...found, isWaiting: false };
    }
  });
  return found;
}

/** Read the stored facts of these sources and events, all or those that may tell something; what is no fact of ours is passed over. */
async function readEvents(
  connection: NatsConnection,
  campaign: string,
  wanted: readonly (readonly [source: string, event: string])[],
  mayTell: ((data: Buffer) => boolean) | null,
  onFact: (fact: StoredFact) => void,
): Promise<void> {
  const onMessage = (message: StoredMessage): void => {
    const { buffer, byteOffset, length } = message.data;
    if (mayTell !== null && !mayTell(Buffer.from(buffer, byteOffset, length))) return;
    let fact: StoredFact;
    try {
      fact = toStoredFact(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return;
    }
    onFact(fact);
  };
  const filters = wanted.map(([source, event]) => subjects.log(campaign, source, event));
  await readStored(connection, { stream: streams.log(campaign), filters, from: 1, onMessage });
}
