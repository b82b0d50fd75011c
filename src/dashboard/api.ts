/**
 * What the dashboard's page and its server say to each other. Types only: both sides import them.
 *
 * Requests carry the session's cookie, which the link with the token sets. `GET` answers JSON unless it says otherwise; an error is
 * `{ error: string }` with 400 (what was asked cannot be), 401 (no token, or a wrong one), 403 (a watcher may not steer, or another
 * origin asks), 404, or 503 (not read that far yet).
 *
 * | request | answers |
 * | --- | --- |
 * | `/?token=T` | sets the cookie and goes to `/` |
 * | `/api/campaign` | {@link CampaignInfo} |
 * | `/api/live` | server-sent events, {@link LiveEvents} by name |
 * | `/api/timeline` | {@link Timeline} |
 * | `/api/ledger` | {@link LedgerView} |
 * | `/api/idle?from=&to=` | {@link IdleReport} |
 * | `/api/science` | `Science` of views.ts |
 * | `/api/tasks?sort=value\|recent&offset=&limit=&text=&state=&topic=` | {@link TaskPage} |
 * | `/api/task?id=` | {@link TaskStory} |
 * | `/api/artifact?task=&name=` | `text/plain`: a text that a result keeps as an object, such as a program's output |
 * | `/api/events?before=&limit=&source=&type=&text=` | {@link EventPage} |
 * | `/api/event?at=` | {@link EventDetail} |
 * | `/api/chart?actor=` | `image/svg+xml`: the statechart; its states and arrows carry `data-state` and `data-arrow` |
 * | `/api/system` | `image/svg+xml`: actors, queue and workers; `data-node` and `data-arrow` |
 * | `/api/past?at=` | {@link Past}: the actors, the books and the counts right after that event |
 * | `/api/drawing?label=&theme=` | `image/svg+xml`: a candidate |
 * | `POST /api/steer` | takes {@link SteerRequest}, answers {@link SteerAnswer} |
 */
import type { ActorHistory, PastActor } from '../replay/actor-history.ts';
import type { CampaignState, Overview, PoolRow, TaskRow } from '../story/views.ts';

export type { IdleReport, LedgerView, TaskRow, TaskStory, Timeline } from '../story/views.ts';

export interface CampaignInfo {
  readonly id: string;
  readonly campaign: string;
  readonly policy: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly candidates: number;
  readonly objective: {
    readonly topic: string;
    readonly label: string;
    readonly unit: string;
    readonly also: { readonly unit: string; readonly factor: number };
    readonly threshold: number;
    readonly seek: 'highest' | 'lowest';
  };
  /** Whether candidates can be drawn. */
  readonly draws: boolean;
  readonly actors: readonly string[];
  readonly pools: readonly string[];
  /** What the holder of this session's link may do. */
  readonly role: 'steer' | 'watch';
}

/** Server-sent events: name, and what its data is as JSON. All of them are whole: a page that missed some misses nothing but motion. */
export interface LiveEvents {
  /** How far the log has been read; sent until `position` is `end`. `history` is the replay of the actors behind it. */
  readonly reading: { readonly position: number; readonly end: number; readonly history: number };
  readonly overview: Overview;
  /** Those that have changed; at first all of them, one by one. */
  readonly actors: readonly ActorLive[];
  /** New events, oldest first; of very many the last 200, with how many were left out. */
  readonly events: { readonly rows: readonly EventRow[]; readonly leftOut: number };
  /** Whether the server hears the campaign's NATS; with `lost`, everything shown is as old as `since`. */
  readonly link: { readonly state: 'there' | 'lost'; readonly since: number };
  /** Each 5 s, so that silence is noticed. */
  readonly beat: { readonly at: number };
  /** The dashboard ends: say why, and keep what is shown. */
  readonly bye: { readonly reason: string };
}

/** An actor as it is now: what the replay of the log knows of it, and who runs it. */
export interface ActorLive extends ActorHistory {
  /** Who runs it; null when nobody does. */
  readonly runBy: string | null;
  readonly host: string | null;
}

export interface EventRow {
  readonly sequence: number;
  readonly at: number;
  readonly source: string;
  readonly type: string;
  /** One line, as `cox watch` prints it. */
  readonly text: string;
  readonly cause: number | null;
}

export interface EventPage {
  /** Newest first. */
  readonly rows: readonly EventRow[];
  /** Ask with this as `before` for those that came earlier; null when there are none. */
  readonly before: number | null;
}

export interface EventDetail extends EventRow {
  /** The fact as it is stored. */
  readonly fact: unknown;
  /** What led to it, nearest first, and what it led to at once. */
  readonly causes: readonly EventRow[];
  readonly consequences: readonly EventRow[];
}

export interface TaskPage {
  readonly rows: readonly TaskRow[];
  readonly total: number;
}

/** A campaign at a past event. */
export interface Past {
  readonly sequence: number;
  readonly at: number;
  readonly event: EventRow;
  readonly state: CampaignState;
  readonly actors: readonly PastActor[];
  readonly capacity: number;
  readonly pools: readonly PoolRow[];
  readonly counts: Overview['counts'];
  readonly found: number;
}

/** What people may do by hand. Every one is an event of the log with who and why. */
export type SteerRequest = { readonly reason?: string } & (
  | { readonly action: 'pause' | 'resume' | 'stop' }
  /** Simulate a candidate before all others; never simulate it; and neither any more. By number, or by its label. */
  | { readonly action: 'pin' | 'unpin' | 'veto' | 'allow'; readonly candidate: number | string }
  | { readonly action: 'add'; readonly candidates: readonly string[] }
  | { readonly action: 'move'; readonly from: string; readonly to: string; readonly slots: number | 'all' }
  | { readonly action: 'cancel'; readonly task: string }
);

export interface SteerAnswer {
  /** Where it is in the log. */
  readonly sequence: number;
  /** What comes of it, in words. */
  readonly told: string;
  /** What takes it back, where that makes sense. */
  readonly undo: SteerRequest | null;
}
