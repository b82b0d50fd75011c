import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { answerAsService, type Question } from '../nats/micro-service.ts';
import { TransportError } from '../protocol/errors.ts';
import { streams, subjects } from '../protocol/subjects.ts';
import type { Standby } from '../runtime/standby.ts';
import { packageVersion } from './load.ts';

/** What an actor answers when it is asked for its status. */
export interface ActorStatus {
  readonly campaign: string;
  readonly actor: string;
  /** The state that the machine is in. */
  readonly state: unknown;
  readonly context: unknown;
  /** Version of the actor's definition. */
  readonly version: number;
  /** Sequence of the last fact of the log that it took. */
  readonly position: number;
  /** Facts that are stored and that it has not taken; null when the server does not say. */
  readonly mailbox: number | null;
  /** What it will be told, and when, ms since 1970. */
  readonly timers: readonly { readonly event: string; readonly dueAt: number }[];
  /** Which process runs it. */
  readonly runBy: string | null;
}

export interface AnswerOptions {
  readonly connection: NatsConnection;
  readonly campaign: string;
  readonly actors: Standby;
  /** How people call the process that runs an actor. */
  readonly ownerOf: (actor: string) => string | null;
  /** Questions about the whole campaign, answered where its actor `campaign` runs. */
  readonly questions: readonly Question[];
}

/**
 * Answer `cox.ask.<campaign>.<actor>.status` for every actor that runs here, and with the actor `campaign` the questions about all
 * of it, as a NATS micro service: `nats micro ls` lists it, `nats req cox.ask.<campaign>.resource-ledger.status ''` asks it.
 */
export function answerQuestions(options: AnswerOptions): Promise<{ close(): Promise<unknown> }> {
  const { connection, campaign, actors, questions } = options;
  const { running } = actors;
  return answerAsService(
    connection,
    {
      name: 'cox-actors',
      version: packageVersion(),
      description: `actors of campaign ${campaign}`,
      metadata: { campaign },
    },
    [...running.map((actor) => statusQuestion(options, actor)), ...(running.includes('campaign') ? questions : [])],
  );
}

function statusQuestion(options: AnswerOptions, actor: string): Question {
  const { campaign } = options;
  return {
    name: `${actor}-status`,
    subject: subjects.ask(campaign, actor, 'status'),
    about: 'its state and context, place in the log, mailbox, timers, version, and who runs it',
    takes: 'nothing',
    answer: () => statusOf(options, actor),
  };
}

async function statusOf({ connection, campaign, actors, ownerOf }: AnswerOptions, actor: string): Promise<ActorStatus> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const stored = await manager.streams.info(streams.log(campaign)).then(
    ({ state }) => state.last_seq,
    () => null,
  );
  const view = actors.views[actor];
  if (view === undefined)
    throw new TransportError(`${actor} has just moved to another process; ask again`, { code: 'actor.moved' });
  const { value, context, version, position, early, timers } = view;
  const mailbox = stored === null ? null : Math.max(0, stored - position) + early;
  return { campaign, actor, state: value, context, version, position, mailbox, timers, runBy: ownerOf(actor) };
}
