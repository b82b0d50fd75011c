/** Pause, resume and stop: what people ask of a campaign as a whole, and what it says to that. */
import type { NatsConnection } from '@nats-io/nats-core';
import { readLog } from '../nats/log-reader.ts';
import { StoredPublisher } from '../nats/publisher.ts';
import type { Says } from '../protocol/events.ts';
import { parseLogSubject, streams, subjects } from '../protocol/subjects.ts';
import { sayAsOperator, type Wisher } from './operator.ts';

interface RunWish {
  readonly event: (wisher: Wisher) => Says<'operator'>;
  /** What the campaign says once it has heard, as people read it, and once it is done. */
  readonly heard: Readonly<Record<string, string>>;
  readonly done: readonly string[];
}

export type RunWishName = 'pause' | 'resume' | 'stop';

const wishes: Readonly<Record<RunWishName, RunWish>> = {
  pause: {
    event: ({ reason = 'paused by hand', ...by }) => ({ type: 'drain.requested', reason, ...by }),
    heard: { 'drain.started': 'is draining', 'campaign.paused': 'is paused', 'campaign.ended': 'has ended' },
    done: ['campaign.paused', 'campaign.ended'],
  },
  resume: {
    event: (wisher) => ({ type: 'run.requested', ...wisher }),
    heard: { 'campaign.resumed': 'goes on', 'campaign.started': 'goes on', 'campaign.ended': 'has ended' },
    done: ['campaign.resumed', 'campaign.started', 'campaign.ended'],
  },
  stop: {
    event: ({ reason = 'stopped by hand', ...by }) => ({ type: 'stop.requested', reason, ...by }),
    heard: { 'drain.started': 'is draining, then it ends', 'campaign.ended': 'has ended' },
    done: ['campaign.ended'],
  },
};

/** What a campaign said to a wish. */
export interface RunWishAnswer {
  /** Where the wish is in the log. */
  readonly sequence: number;
  /** What comes of it, in words: "is draining". */
  readonly told: string;
  /** Whether it changed anything: not when the campaign said nothing to it, or was in that state already. */
  readonly isHeard: boolean;
  /** The same once nothing more comes of it; null when that is so already. */
  readonly finished: Promise<string> | null;
  close(): Promise<void>;
}

const answerMs = 3_000;

/** Say one of these to a campaign; resolves when it has heard, or has had nothing to say to it for three seconds. */
export async function wishOfCampaign(
  connection: NatsConnection,
  id: string,
  name: RunWishName,
  wisher: Wisher,
): Promise<RunWishAnswer> {
  const wish = wishes[name];
  const publisher = new StoredPublisher(connection);
  const { sequence } = await sayAsOperator(publisher, id, wish.event(wisher)).finally(() => publisher.close());
  let state = '';
  let hear: (event: string) => void = () => undefined;
  let finish: (told: string) => void = () => undefined;
  const heard = new Promise<string>((resolve) => (hear = resolve));
  const finished = new Promise<string>((resolve) => (finish = resolve));
  const reader = await readLog(connection, {
    stream: streams.log(id),
    filters: [subjects.log(id, 'campaign', '>')],
    from: 1,
    headersOnly: true,
    onMessage: ({ subject, sequence: at }) => {
      state = parseLogSubject(subject)?.event ?? '';
      if (at <= sequence && state !== 'campaign.ended') return;
      if (wish.heard[state] !== undefined) hear(state);
      if (wish.done.includes(state)) finish(wish.heard[state] ?? '');
    },
  });
  await reader.caughtUp;
  const answer = await Promise.race([heard, after(answerMs)]);
  // One that is paused, or has ended, has nothing to say to being asked for it once more.
  const event = answer ?? (name !== 'resume' && wish.done.includes(state) ? state : null);
  return {
    sequence,
    isHeard: answer !== null,
    told: event === null ? unheard(name, state) : (wish.heard[event] ?? ''),
    finished: event === null || !wish.done.includes(event) ? finished : null,
    close: () => reader.close(),
  };
}

const unheard = (name: string, state: string): string =>
  state === 'drain.started'
    ? `is draining, and has been told to ${name}: it says what comes of that when it has drained (cox status)`
    : `has been told to ${name}, and says nothing to that: it is in that state already, or its actors run nowhere (cox status)`;

const after = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), ms));
