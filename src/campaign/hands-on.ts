/**
 * Steering by hand: what the page's forms and the commands ask for, checked, and said to the campaign as an event with who and why.
 * The log is the only authority here: what is checked is what it says, and the actors make of the event what their order allows.
 */
import { jetstreamManager } from '@nats-io/jetstream';
import { z } from 'zod';
import type { SteerAnswer, SteerRequest } from '../dashboard/api.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import { ConfigError } from '../protocol/errors.ts';
import { mostAdded, type Says } from '../protocol/events.ts';
import { decode, factSchema } from '../protocol/fact.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import { tokenSchema } from '../protocol/task.ts';
import { addCandidates } from './added-candidates.ts';
import { candidateCalled, type Hands } from './candidate-names.ts';
import { readCandidateWishes, taskOfCandidate } from './candidate-wishes.ts';
import { endTask } from './end-task.ts';
import { sayAsOperator, thisPerson } from './operator.ts';
import { wishOfCampaign } from './run-wishes.ts';

const reason = z.string().trim().max(1_000, 'a reason has at most 1,000 characters').optional();
const label = z.string().trim().min(1).max(1_000);
const candidate = z.union([z.int().nonnegative(), label]);
const slots = z.union([z.int().positive(), z.literal('all')]);

/** A {@link SteerRequest} that came from outside: a body of the page, flags of a command. */
export const steerRequestSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.enum(['pause', 'resume', 'stop']), reason }),
  z.strictObject({ action: z.enum(['pin', 'unpin', 'veto', 'allow']), candidate, reason }),
  z.strictObject({ action: z.literal('add'), candidates: z.array(label).min(1).max(mostAdded), reason }),
  z.strictObject({ action: z.literal('move'), from: tokenSchema, to: tokenSchema, slots, reason }),
  z.strictObject({ action: z.literal('cancel'), task: z.string().min(1).max(128), reason }),
]);

/** More pins than these would make a list of what is to be simulated out of a few exceptions. */
const mostPins = 256;

/**
 * Do what a person asks of a campaign.
 * @param asked a {@link SteerRequest} as it came from outside
 * @param by who asks, as `user@host`
 * @throws ConfigError that says what is wrong, and then nothing was said to the campaign: a request that is none, a candidate, a pool or
 * a task that is not there, more slots than there are, what is so already, a campaign that has ended.
 */
export async function handsOn(hands: Hands, asked: unknown, by = thisPerson()): Promise<SteerAnswer> {
  const request = requestIn(asked);
  const state = await stateOf(hands);
  const { id } = hands.record;
  if (state === 'ended') throw new ConfigError(`campaign ${id} has ended: nothing of it can be steered any more`, over);
  const wisher = { by: by.slice(0, 200), reason: request.reason ?? '' };
  switch (request.action) {
    case 'pause':
    case 'resume':
    case 'stop':
      return steerRun(hands, request.action, wisher.reason === '' ? { by: wisher.by } : wisher);
    case 'pin':
    case 'unpin':
    case 'veto':
    case 'allow':
      return steerCandidate(hands, request, wisher);
    case 'add':
      return addCandidates(hands, request.candidates, wisher);
    case 'move':
      return moveSlots(hands, request, wisher, state);
    case 'cancel': {
      const { sequence, told } = await endTask(hands.connection, { campaign: id, task: request.task, ...wisher });
      return { sequence, told: `${request.task} ${told}`, undo: null };
    }
  }
}

const over = { code: 'campaign.over' };

/** Who asks, and why: empty where nothing was said. */
interface Asking {
  readonly by: string;
  readonly reason: string;
}
type State = 'created' | 'running' | 'draining' | 'paused' | 'ended';

function requestIn(asked: unknown): SteerRequest {
  const parsed = steerRequestSchema.safeParse(asked);
  if (parsed.success) return parsed.data as SteerRequest;
  const what = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.')}${path.length > 0 ? ': ' : ''}${message}`,
  );
  throw new ConfigError(`this is nothing that a campaign can be asked for: ${what.join('; ')}`, {
    code: 'steer.invalid',
  });
}

const stateAfter: Readonly<Record<string, State>> = {
  'campaign.started': 'running',
  'campaign.resumed': 'running',
  'drain.started': 'draining',
  'campaign.paused': 'paused',
  'campaign.ended': 'ended',
};

/** The state that a campaign was in when it last said something. */
async function stateOf({ connection, record }: Hands): Promise<State> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  let last: { sequence: number; state: State } = { sequence: 0, state: 'created' };
  for (const [event, state] of Object.entries(stateAfter)) {
    const subject = subjects.log(record.id, 'campaign', event);
    const message = await manager.streams.getMessage(streams.log(record.id), { last_by_subj: subject });
    if (message !== null && message.seq > last.sequence) last = { sequence: message.seq, state };
  }
  return last.state;
}

async function steerRun(
  { connection, record }: Hands,
  action: 'pause' | 'resume' | 'stop',
  wisher: { by: string; reason?: string },
): Promise<SteerAnswer> {
  const answer = await wishOfCampaign(connection, record.id, action, wisher);
  await answer.close();
  const undo = { pause: 'resume', resume: 'pause', stop: null } as const;
  // What changed nothing, or was not heard by anybody yet, has nothing to take back.
  const back = answer.isHeard ? undo[action] : null;
  return {
    sequence: answer.sequence,
    told: `${record.id} ${answer.told}`,
    undo: back === null ? null : { action: back },
  };
}

type CandidateRequest = Extract<SteerRequest, { candidate: unknown }>;

const undoOf = { pin: 'unpin', unpin: 'pin', veto: 'allow', allow: 'veto' } as const;
const eventOf = {
  pin: 'candidate.pinned',
  unpin: 'candidate.unpinned',
  veto: 'candidate.vetoed',
  allow: 'candidate.allowed',
} as const;

async function steerCandidate(hands: Hands, request: CandidateRequest, wisher: Asking): Promise<SteerAnswer> {
  const { connection, record } = hands;
  const { action } = request;
  const wishes = await readCandidateWishes(connection, record.id, record.candidates.count);
  const { number, name } = await candidateCalled(hands, wishes, request.candidate);
  const refuse = (why: string, code: string): ConfigError => new ConfigError(`${name} ${why}`, { code });
  const isPinned = wishes.pinned.has(number);
  const isVetoed = wishes.vetoed.has(number);
  if (action === 'unpin' && !isPinned) throw refuse('is not pinned', 'candidate.not-pinned');
  if (action === 'allow' && !isVetoed) throw refuse('was not vetoed', 'candidate.not-vetoed');
  if (action === 'pin' && isVetoed) throw refuse('is vetoed; allow it first', 'candidate.vetoed');
  if (action === 'veto' && isVetoed) throw refuse('is vetoed already', 'candidate.vetoed');
  if (action !== 'allow') {
    const task = await taskOfCandidate(connection, record.id, number);
    const isTaken = task !== null && !(task.isWaiting && action !== 'pin');
    if (isTaken) throw refuse(`has been chosen already: see task ${task.task}`, 'candidate.taken');
  }
  if (action === 'pin' && isPinned) throw refuse('is pinned already', 'candidate.pinned');
  if (action === 'pin' && wishes.pinned.size >= mostPins) {
    const pending = await untaken(hands, wishes.pinned);
    if (pending >= mostPins) throw refuse(`cannot be pinned: ${mostPins} others are, which is the most`, 'pins.full');
  }
  const event = { type: eventOf[action], candidate: number, ...wisher } as Says<'operator'>;
  const sequence = await say(hands, event);
  const told = {
    pin: `${name} is simulated next, as soon as candidates are chosen again`,
    unpin: `${name} is chosen in its turn again`,
    veto: `${name} is never chosen`,
    allow: `${name} may be chosen again`,
  }[action];
  return { sequence, told, undo: { action: undoOf[action], candidate: number } };
}

/** How many of these have no task. */
async function untaken({ connection, record }: Hands, candidates: ReadonlySet<number>): Promise<number> {
  let count = 0;
  for (const number of candidates) if ((await taskOfCandidate(connection, record.id, number)) === null) count += 1;
  return count;
}

type MoveRequest = Extract<SteerRequest, { action: 'move' }>;

async function moveSlots(
  hands: Hands,
  { from, to, slots: wanted }: MoveRequest,
  wisher: Asking,
  state: State,
): Promise<SteerAnswer> {
  const { id } = hands.record;
  if (state !== 'running') {
    const how = state === 'draining' ? 'is draining' : state === 'paused' ? 'is paused' : 'has not begun';
    throw new ConfigError(`campaign ${id} ${how}: slots are moved while it runs`, { code: 'campaign.not-running' });
  }
  const books = await booksOf(hands);
  const names = Object.keys(books);
  for (const pool of [from, to]) {
    if (!Object.hasOwn(books, pool)) {
      throw new ConfigError(`campaign ${id} has no pool "${pool}"; it has ${names.join(', ')}`, {
        code: 'pool.unknown',
      });
    }
  }
  if (from === to) throw new ConfigError(`slots cannot be moved from pool ${from} to itself`, { code: 'pool.same' });
  const { allocated = 0, free = 0 } = books[from] ?? {};
  const there = allocated + free;
  const count = wanted === 'all' ? there : wanted;
  if (there === 0 || count > there) {
    throw new ConfigError(`pool ${from} has ${there} slot${there === 1 ? '' : 's'}, and not ${wanted}`, {
      code: 'pool.too-few',
    });
  }
  const sequence = await say(hands, { type: 'reallocation.requested', from, to, slots: wanted, ...wisher });
  const now = Math.min(count, free);
  const empties = count === there ? `; ${from} has none then, and computes nothing until slots are moved there` : '';
  const later = now === count ? '' : `; ${count - now} of them as ${from} ends what it computes`;
  return {
    sequence,
    told: `${count} slot${count === 1 ? '' : 's'} moved from ${from} to ${to}${later}${empties}`,
    undo: { action: 'move', from: to, to: from, slots: count },
  };
}

const count = z.int().nonnegative();
const booksSchema = z.object({ pools: z.record(z.string(), z.object({ allocated: count, free: count })) });

/** The pools of the ledger as it last told of them. @throws ConfigError before it has. */
async function booksOf({
  connection,
  record: { id },
}: Hands): Promise<Record<string, { allocated: number; free: number }>> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const subject = subjects.log(id, 'resource-ledger', 'slots.changed');
  const message = await manager.streams.getMessage(streams.log(id), { last_by_subj: subject });
  if (message === null)
    throw new ConfigError(`campaign ${id} has no slots yet: no worker has come`, { code: 'pool.none' });
  const { event } = decode(factSchema, message.data, subject);
  return booksSchema.parse(event).pools;
}

/** Say it, and nothing else, to the campaign; resolves with its place in the log. */
async function say({ connection, record }: Hands, event: Says<'operator'>): Promise<number> {
  const publisher = new StoredPublisher(connection);
  const { sequence } = await sayAsOperator(publisher, record.id, event).finally(() => publisher.close());
  return sequence;
}
