/**
 * What the server tells as it happens, as signals. A connection that is lost is made again by itself, after 0.5 s, then less and less
 * often, up to 10 s; meanwhile everything stays shown, and {@link connection} says since when it is old.
 */
import { computed, signal, type Signal } from '@preact/signals';
import type { ActorLive, CampaignInfo, EventRow, LiveEvents } from '../src/dashboard/api.ts';
import type { Overview } from '../src/story/views.ts';
import { ApiError, get, seen } from './api.ts';

/** Whether this page hears its server. */
export interface Connection {
  readonly state: 'connecting' | 'there' | 'lost' | 'refused';
  /** Since when what is shown is old, ms since 1970 by the server's clock; null while it is not. */
  readonly oldSince: number | null;
  /** Why, where it is known. */
  readonly message: string;
}

export const connection = signal<Connection>({ state: 'connecting', oldSince: null, message: '' });
export const campaign = signal<CampaignInfo | null>(null);
export const reading = signal<LiveEvents['reading'] | null>(null);
export const overview = signal<Overview | null>(null);
export const actors = signal<readonly ActorLive[]>([]);
/** The server's own connection to NATS. */
export const link = signal<LiveEvents['link'] | null>(null);
/** Why the dashboard ended; null while it lives. */
export const ended = signal<string | null>(null);
/** The events that came while this page was open, oldest first, at most 2,000; `leftOut` were too many to be sent. */
export const events = signal<{ readonly rows: readonly EventRow[]; readonly leftOut: number }>({
  rows: [],
  leftOut: 0,
});
/** Now by the server's clock, ms since 1970; ticks once a second. */
export const clock = signal(Date.now());
/** The time up to which what is shown is known: now, but for what is old, or a log that is still being read. What lasts is measured up to there. */
export const shownAt = computed(() => {
  const { state, oldSince } = connection.value;
  if (state !== 'there') return oldSince ?? clock.value;
  if (link.value?.state === 'lost') return link.value.since;
  const { position = 0, end = 0 } = reading.value ?? {};
  return position < end ? (overview.value?.at ?? clock.value) : clock.value;
});

const keptEvents = 2_000;
const retryMs = { first: 500, most: 10_000 };
/** The server beats every 5 s: after three that were missed nothing is there any more. */
const silenceMs = 15_000;
/** What does not answer at all is asked anew: a request may have gone nowhere. */
const answerMs = 10_000;

let source: EventSource | null = null;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
/** When it was asked last to tell, ms since 1970, by this browser's clock. */
let openedAt = 0;
let failures = 0;
/** When the server was heard last, ms since 1970, by this browser's clock. */
let heardAt = 0;
/** The server's clock minus this browser's. */
let clockAhead = 0;

/** Begins to listen, for as long as the page is open. */
export function listen(): void {
  setInterval(tick, 1_000);
  addEventListener('online', retryNow);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) retryNow();
  });
  void connect();
}

/** Tries again at once what would be tried later. */
export function retryNow(): void {
  if (connection.peek().state === 'there' || source !== null) return;
  clearTimeout(retryTimer);
  void connect();
}

function tick(): void {
  clock.value = Date.now() + clockAhead;
  const isThere = connection.peek().state === 'there';
  if (isThere && Date.now() - heardAt > silenceMs) fail('The dashboard has fallen silent.');
  else if (!isThere && source !== null && Date.now() - openedAt > silenceMs) fail('The dashboard does not answer.');
}

async function connect(): Promise<void> {
  try {
    const info = await get<CampaignInfo>('/api/campaign', AbortSignal.timeout(answerMs));
    const before = campaign.peek();
    // Another dashboard at the same address: nothing that is shown belongs to it.
    if (before !== null && before.id !== info.id) {
      location.reload();
      return;
    }
    campaign.value = info;
    open();
  } catch (error) {
    if (error instanceof ApiError) fail(error.message, error.status);
    else fail('The dashboard does not answer. It is asked again by itself.');
  }
}

function open(): void {
  source?.close();
  const opened = new EventSource('/api/live');
  source = opened;
  openedAt = Date.now();
  const on = <K extends keyof LiveEvents>(name: K, take: (data: LiveEvents[K]) => void): void =>
    opened.addEventListener(name, (event: MessageEvent<string>) => {
      heard();
      take(JSON.parse(seen(event.data)) as LiveEvents[K]);
    });
  opened.onopen = heard;
  opened.onerror = () => {
    if (source === opened) fail('The connection to the dashboard is lost.');
  };
  on('reading', into(reading));
  on('overview', into(overview));
  on('actors', takeActors);
  on('link', into(link));
  on('events', takeEvents);
  on('beat', ({ at }) => (clockAhead = at - Date.now()));
  on('bye', ({ reason }) => {
    ended.value = reason;
    fail(reason);
  });
}

const into =
  <T>(target: Signal<T | null> | Signal<T>) =>
  (data: T): void => {
    target.value = data;
  };

/** Those that have changed, in the order of the campaign. */
function takeActors(changed: readonly ActorLive[]): void {
  const known = new Map([...actors.peek(), ...changed].map((one) => [one.actor, one]));
  const order = campaign.peek()?.actors ?? [];
  actors.value = [...known.values()].sort((a, b) => order.indexOf(a.actor) - order.indexOf(b.actor));
}

function takeEvents({ rows, leftOut }: LiveEvents['events']): void {
  const last = events.peek().rows.at(-1)?.sequence ?? 0;
  // After a reconnect the server may tell again what is known.
  const fresh = rows.filter(({ sequence }) => sequence > last);
  if (fresh.length === 0 && leftOut === 0) return;
  events.value = {
    rows: [...events.peek().rows, ...fresh].slice(-keptEvents),
    leftOut: events.peek().leftOut + leftOut,
  };
}

function heard(): void {
  failures = 0;
  heardAt = Date.now();
  if (connection.peek().state === 'there') return;
  ended.value = null;
  connection.value = { state: 'there', oldSince: null, message: '' };
}

function fail(message: string, status = 0): void {
  source?.close();
  source = null;
  clearTimeout(retryTimer);
  connection.value = {
    state: status === 401 ? 'refused' : 'lost',
    oldSince: heardAt === 0 ? null : heardAt + clockAhead,
    message: ended.peek() ?? message,
  };
  const wait = Math.min(retryMs.most, retryMs.first * 2 ** failures);
  failures += 1;
  // Spread out, so that many pages do not come back at once.
  retryTimer = setTimeout(() => void connect(), wait * (0.8 + 0.4 * Math.random()));
}
