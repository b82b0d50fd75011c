/** Where a campaign stands: what its actors answer, else what their snapshots say; who runs them, and who computes for it. */
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import type { ActorStatus } from '../campaign/answers.ts';
import type { RunRecord } from '../campaign/run-folder.ts';
import { nameOf, type Owner } from '../nats/session.ts';
import { openLapsing, openSnapshots } from '../nats/streams.ts';
import { eventSchemas } from '../protocol/events.ts';
import type { Registration } from '../protocol/registration.ts';
import { subjects, taskClass } from '../protocol/subjects.ts';

/** One campaign as `cox status` shows it. */
export interface CampaignStatus {
  readonly id: string;
  readonly state: string;
  readonly succeeded: number | null;
  readonly failed: number | null;
  readonly total: number | null;
  readonly pools: Readonly<Record<string, { allocated: number; free: number }>> | null;
  /** State of each actor that answers, or has left a snapshot. */
  readonly actors: Readonly<Record<string, unknown>>;
  /** Which process runs each of them; null when none does. */
  readonly runBy: Readonly<Record<string, string | null>>;
  /** The workers that live and have its methods. */
  readonly workers: readonly Pick<Registration, 'id' | 'host' | 'pid' | 'slots' | 'draining'>[];
}

const outsiders = ['operator', 'host', 'worker'];
const actorNames = Object.keys(eventSchemas).filter((source) => !outsiders.includes(source));
const answerMs = 1_000;

/** What is known of one actor. */
interface ActorView {
  readonly name: string;
  readonly state: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly runBy: string | null;
  /** Whether it said so itself, now. */
  readonly isLive: boolean;
}

/** Where a campaign of this server stands, given the workers that live. */
export async function statusOf(
  connection: NatsConnection,
  record: Pick<RunRecord, 'id' | 'settings' | 'campaign' | 'methods'>,
  living: readonly Registration[],
): Promise<CampaignStatus> {
  const { id, settings, campaign, methods } = record;
  const views = await viewsOf(connection, id);
  const byName = new Map(views.map((view) => [view.name, view]));
  const counts = byName.get('result-processor')?.context as { successes?: number; failures?: number } | undefined;
  const books = byName.get('resource-ledger')?.context as { pools?: CampaignStatus['pools'] } | undefined;
  const wanted = taskClass(campaign, methods);
  return {
    id,
    state: stateOf(byName.get('campaign')),
    succeeded: counts?.successes ?? null,
    failed: counts?.failures ?? null,
    total: totalOf({ settings }),
    pools: books?.pools ?? null,
    actors: Object.fromEntries(views.map(({ name, state }) => [name, state])),
    runBy: Object.fromEntries(views.map(({ name, runBy }) => [name, runBy])),
    workers: living
      .filter(({ classes }) => Object.hasOwn(classes, wanted))
      .map(({ id: worker, host, pid, slots, draining }) => ({ id: worker, host, pid, slots, draining })),
  };
}

/** How many successes a campaign is to reach; null where its settings do not say. */
export const totalOf = ({ settings }: Pick<RunRecord, 'settings'>): number | null =>
  typeof settings['total'] === 'number' ? settings['total'] : null;

/** A state value as people write it: `draining.toEnd`. */
export function stateText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([state, inner]) => `${state}.${stateText(inner)}`)
    .join(' ');
}

/** The campaign's own state, and what is unusual about where that is known from. */
function stateOf(campaign: ActorView | undefined): string {
  if (campaign === undefined) return 'created; no process has run its actors yet';
  const state = stateText(campaign.state);
  if (campaign.isLive || state === 'ended') return state;
  return campaign.runBy === null
    ? `${state} when last seen; no process runs its actors`
    : `${state} when last seen; ${campaign.runBy} does not answer`;
}

async function viewsOf(connection: NatsConnection, id: string): Promise<ActorView[]> {
  const [snapshots, leases, sessions] = await Promise.all([
    openSnapshots(connection),
    openLapsing(connection, 'leases'),
    openLapsing(connection, 'sessions'),
  ]);
  const views = await Promise.all(
    actorNames.map(async (name): Promise<ActorView[]> => {
      const key = `${id}.${name}`;
      const [answer, runBy] = await Promise.all([ask(connection, id, name), ownerOf(key, leases, sessions)]);
      if (answer !== null) {
        const context = answer.context as ActorView['context'];
        return [{ name, state: answer.state, context, runBy, isLive: true }];
      }
      const machine = await machineOf(key, snapshots);
      if (machine === null) return [];
      return [{ name, state: machine.value, context: machine.context ?? {}, runBy, isLive: false }];
    }),
  );
  return views.flat();
}

async function ask(connection: NatsConnection, id: string, actor: string): Promise<ActorStatus | null> {
  const question = subjects.ask(id, actor, 'status');
  const answer = await connection.request(question, '', { timeout: answerMs }).catch(() => null);
  return answer?.json<ActorStatus>() ?? null;
}

/** Who has claimed an actor, if that process still lives. */
async function ownerOf(key: string, leases: KV, sessions: KV): Promise<string | null> {
  const entry = await leases.get(key);
  if (entry?.operation !== 'PUT') return null;
  const owner = entry.json<Owner>();
  const session = await sessions.get(owner.session);
  return session?.operation === 'PUT' ? nameOf(owner) : null;
}

async function machineOf(
  key: string,
  snapshots: KV,
): Promise<{ value: unknown; context?: Record<string, unknown> } | null> {
  const entry = await snapshots.get(key);
  if (entry?.operation !== 'PUT') return null;
  return entry.json<{ machine: { value: unknown; context?: Record<string, unknown> } }>().machine;
}
