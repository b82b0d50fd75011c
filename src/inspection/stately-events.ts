/**
 * Stately's inspection protocol, as `@statelyai/inspect` 0.7 speaks it: an actor is told once, with its machine's definition, and then
 * each event that reaches it and the snapshot after it. A session is an actor of a campaign; the campaign itself is the root of all.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { ActorDefinition } from '../protocol/actor.ts';

const version = '0.7.2';

interface Base {
  /** The session that all others hang from. */
  readonly rootId: string | undefined;
  readonly sessionId: string;
  /** ms since 1970, as text. */
  readonly createdAt: string;
  readonly id: string;
  readonly _version: string;
}

interface Snapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value?: unknown;
  readonly context?: unknown;
}

export interface ActorEvent extends Base {
  readonly type: '@xstate.actor';
  readonly name: string;
  readonly snapshot: Snapshot;
  /** The machine's configuration as JSON. */
  readonly definition: string | undefined;
  readonly parentId: string | undefined;
}
export interface EventEvent extends Base {
  readonly type: '@xstate.event';
  readonly event: { readonly type: string };
  /** The session that said it. */
  readonly sourceId: string | undefined;
}
export interface SnapshotEvent extends Base {
  readonly type: '@xstate.snapshot';
  readonly event: { readonly type: string };
  readonly snapshot: Snapshot;
}
export type StatelyEvent = ActorEvent | EventEvent | SnapshotEvent;

/** The session of an actor, or of an outsider such as `worker`, in a campaign. */
const sessionOf = (campaign: string, source: string): string => `${campaign}/${source}`;

const base = (campaign: string, session: string, at: number, id: string): Base => ({
  rootId: campaign,
  sessionId: session,
  createdAt: String(Math.round(at)),
  id,
  _version: version,
});

/** The campaign, the root of its actors; and outsiders, of whom there is no machine. */
export function outsiderEvent(campaign: string, source: string | null, at: number): ActorEvent {
  const session = source === null ? campaign : sessionOf(campaign, source);
  const name = source ?? campaign;
  return {
    type: '@xstate.actor',
    name,
    snapshot: { status: 'active' },
    definition: JSON.stringify({ id: name }),
    parentId: source === null ? undefined : campaign,
    ...base(campaign, session, at, `${session}/actor`),
  };
}

/** An actor with its definition, and its state as of an event of the log. */
export function actorEvent(
  campaign: string,
  { name, machine }: ActorDefinition,
  snapshot: AnyMachineSnapshot,
  at: number,
): ActorEvent {
  const session = sessionOf(campaign, name);
  return {
    type: '@xstate.actor',
    name,
    snapshot: shown(snapshot),
    definition: JSON.stringify(machine.config, (_, value: unknown) =>
      typeof value === 'function' ? { type: value.name } : value,
    ),
    parentId: campaign,
    ...base(campaign, session, at, `${session}/actor`),
  };
}

/** What happened to an actor on one event: the event as it reached it, and its state after. */
export function transitionEvents(
  campaign: string,
  step: {
    readonly actor: string;
    readonly source: string;
    readonly sequence: number;
    readonly at: number;
    readonly event: { readonly type: string };
    readonly snapshot: AnyMachineSnapshot;
  },
): [EventEvent, SnapshotEvent] {
  const session = sessionOf(campaign, step.actor);
  const event = trimmed(step.event) as { type: string };
  const id = `${session}/${step.sequence}`;
  return [
    {
      type: '@xstate.event',
      event,
      sourceId: sessionOf(campaign, step.source),
      ...base(campaign, session, step.at, `${id}/event`),
    },
    {
      type: '@xstate.snapshot',
      event,
      snapshot: shown(step.snapshot),
      ...base(campaign, session, step.at, `${id}/snapshot`),
    },
  ];
}

function shown(snapshot: AnyMachineSnapshot): Snapshot {
  const { status, value, context } = snapshot as { status: Snapshot['status']; value: unknown; context: unknown };
  return { status, value, context: trimmed(context) };
}

const mostItems = 60;
const mostText = 400;

/** A value as JSON with what is long cut short: a ranking of a thousand candidates says no more than its first sixty. */
function trimmed(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.length <= mostText ? value : `${value.slice(0, mostText)}… ${value.length - mostText} more`;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const first = value.slice(0, mostItems).map(trimmed);
    return value.length <= mostItems ? first : [...first, `… ${value.length - mostItems} more`];
  }
  const entries = Object.entries(value);
  const first = entries.slice(0, mostItems).map(([key, inner]) => [key, trimmed(inner)]);
  const rest = entries.length - mostItems;
  return Object.fromEntries(rest > 0 ? [...first, ['…', `${rest} more`]] : first);
}
